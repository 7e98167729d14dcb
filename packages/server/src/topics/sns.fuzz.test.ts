import { test } from 'vitest'
import { assertMet, fuzzRun } from '../http/front-fuzz.testing.ts'
import { fuzzSns } from './sns-fuzz.testing.ts'

const run = fuzzRun()

test(`${run.inputs} requests are answered, each in the protocol's form`, { timeout: run.timeout }, async () => {
  const { outcomes } = await fuzzSns(run)
  assertMet(outcomes, run, [
    'ok',
    'AuthorizationError',
    'InvalidParameter',
    'MalformedQueryString',
    'NotFound',
    'InvalidAction',
  ])
})
