import assert from 'node:assert/strict'
import { test } from 'vitest'
import { fuzzSns } from './sns-fuzz.testing.ts'

/** `FUZZ_INPUTS=1000000` for the long run, `FUZZ_SEED` to see a failure again. */
const inputs = Number(process.env['FUZZ_INPUTS'] ?? 20_000)
const seed = Number(process.env['FUZZ_SEED'] ?? 1)
/** Far more than a slow machine needs for an input. */
const inputMsMax = 20

test(
  `${inputs} requests are answered, each in the protocol's form`,
  { timeout: 60_000 + inputs * inputMsMax },
  async () => {
    const { outcomes } = await fuzzSns({ seed, inputs })
    if (process.env['FUZZ_INPUTS'] !== undefined) console.log(outcomes)
    // Otherwise it would have looked at one check alone.
    for (const outcome of [
      'ok',
      'AuthorizationError',
      'InvalidParameter',
      'MalformedQueryString',
      'NotFound',
      'InvalidAction',
    ])
      assert.ok((outcomes[outcome] ?? 0) > inputs / 400, `${outcome}: ${outcomes[outcome]}`)
  },
)
