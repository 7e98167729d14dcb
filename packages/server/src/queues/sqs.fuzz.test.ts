import assert from 'node:assert/strict'
import { test } from 'vitest'
import { fuzzRun, rareOutcomes } from '../http/front-fuzz.testing.ts'
import { fuzzSqs } from './sqs-fuzz.testing.ts'

const run = fuzzRun()

test(`${run.inputs} requests are answered, each in the form of its protocol`, { timeout: run.timeout }, async () => {
  const { outcomes } = await fuzzSqs(run)
  const wanted = [
    'ok',
    'InvalidParameterValue',
    'MissingParameter',
    'ReceiptHandleIsInvalid',
    'InvalidAttributeValue',
    'Serialization',
    'AWS.SimpleQueueService.NonExistentQueue',
  ]
  assert.deepEqual(rareOutcomes(outcomes, run, wanted), [])
})
