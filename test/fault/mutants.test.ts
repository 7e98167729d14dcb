import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { mutants } from './mutants.ts'
import { runWorker } from './run-worker.ts'

/** Most are caught by the first few. */
const seedsMax = 150
const timeoutMs = 300_000

describe('the checker catches a product that', () => {
  test.for(mutants)('$breaks ($name)', { timeout: timeoutMs }, async ({ name }) => {
    const caught = await runWorker<{ seed?: number }>('run-mutant.ts', [name, seedsMax], timeoutMs)
    assert.ok(caught.seed !== undefined, `not caught by ${seedsMax} seeds`)
  })
})
