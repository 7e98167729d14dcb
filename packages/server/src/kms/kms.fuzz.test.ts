import assert from 'node:assert/strict'
import { test } from 'vitest'
import { fuzzRun, rareOutcomes } from '../http/front-fuzz.testing.ts'
import { fuzzKms } from './kms-fuzz.testing.ts'

const run = fuzzRun()

test(`${run.inputs} requests are answered, each in the protocol's form`, { timeout: run.timeout }, async () => {
  const { outcomes } = await fuzzKms(run)
  const wanted = [
    'ok',
    'AccessDeniedException',
    'ValidationException',
    'SerializationException',
    'NotFoundException',
    'InvalidCiphertextException',
  ]
  assert.deepEqual(rareOutcomes(outcomes, run, wanted), [])
})
