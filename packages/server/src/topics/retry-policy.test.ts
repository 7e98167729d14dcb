import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import {
  backoffFunctions,
  defaultHttpPolicy,
  pauseAfterFailures,
  queuePolicy,
  readRetryPolicy,
  totalSeconds,
} from './retry-policy.ts'

const pauses = (policy: typeof defaultHttpPolicy, count: number) =>
  Array.from({ length: count }, (_, index) => pauseAfterFailures(policy, index + 1))

test('SNS’s own policies: three pauses of 20 s for HTTP, 23 days for queues', () => {
  assert.deepEqual(pauses(defaultHttpPolicy, 4), [20_000, 20_000, 20_000, undefined])
  assert.deepEqual(
    pauses(queuePolicy, 16),
    [0, 0, 0, 1_000, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000, 20_000, 20_000, 20_000, 20_000, 20_000],
  )
  assert.equal(pauseAfterFailures(queuePolicy, 100_015), 20_000)
  assert.equal(pauseAfterFailures(queuePolicy, 100_016), undefined)
})

test('each function grows from the shortest to the longest pause', () => {
  const policy = { ...defaultHttpPolicy, numRetries: 5, minDelayTarget: 1, maxDelayTarget: 16 }
  const seconds = (backoffFunction: (typeof backoffFunctions)[number]) =>
    pauses({ ...policy, backoffFunction }, 5).map((pause) => Math.round(pause! / 1_000))
  assert.deepEqual(seconds('linear'), [4, 7, 10, 13, 16])
  assert.deepEqual(seconds('arithmetic'), [2, 4, 7, 11, 16])
  assert.deepEqual(seconds('geometric'), [2, 3, 5, 9, 16])
  assert.deepEqual(seconds('exponential'), [2, 4, 8, 16, 16])
})

test('a policy that is taken has bounded pauses within its limits, and as many as it says', () => {
  const count = fc.integer({ min: 0, max: 12 })
  const delay = fc.integer({ min: 1, max: 600 })
  const policies = fc.record({
    numRetries: fc.integer({ min: 0, max: 110 }),
    numNoDelayRetries: count,
    numMinDelayRetries: count,
    numMaxDelayRetries: count,
    minDelayTarget: delay,
    maxDelayTarget: delay,
    backoffFunction: fc.constantFrom(...backoffFunctions),
  })
  fc.assert(
    fc.property(policies, (given) => {
      const policy = readRetryPolicy(given)
      if (typeof policy === 'string') return
      assert.ok(totalSeconds(policy) <= 3_600)
      const all = pauses(policy, policy.numRetries)
      for (const pause of all)
        assert.ok(
          pause === 0 || (pause! >= policy.minDelayTarget * 1_000 - 1 && pause! <= policy.maxDelayTarget * 1_000 + 1),
        )
      for (const [index, pause] of all.entries()) assert.ok(index === 0 || pause! >= all[index - 1]!)
      assert.equal(pauseAfterFailures(policy, policy.numRetries + 1), undefined)
    }),
  )
})

test('what is no policy is refused', () => {
  for (const given of [
    null,
    [],
    'x',
    { numRetries: -1 },
    { numRetries: 1.5 },
    { numRetries: '3' },
    { minDelayTarget: 0 },
    { maxDelayTarget: 3_601 },
    { minDelayTarget: 30, maxDelayTarget: 20 },
    { numRetries: 1, numNoDelayRetries: 2 },
    { numRetries: 100, maxDelayTarget: 3_600 },
    { backoffFunction: 'random' },
    { maxReceivesPerSecond: 1 },
  ])
    assert.equal(typeof readRetryPolicy(given), 'string', JSON.stringify(given))
})
