import assert from 'node:assert/strict'
import { test } from 'vitest'
import { fuzzRun, rareOutcomes } from '../http/front-fuzz.testing.ts'
import { fuzzSns } from './sns-fuzz.testing.ts'

const run = fuzzRun()

test(`${run.inputs} requests are answered, each in the protocol's form`, { timeout: run.timeout }, async () => {
  const { outcomes } = await fuzzSns(run)
  const wanted = ['ok', 'AuthorizationError', 'InvalidParameter', 'MalformedQueryString', 'NotFound', 'InvalidAction']
  assert.deepEqual(rareOutcomes(outcomes, run, wanted), [])
})
