import assert from 'node:assert/strict'
import { test } from 'vitest'
import { barsOf } from './histogram-scale.ts'

const hour = 3_600_000
const at = (hours: number) => new Date(hours * hour).toISOString()

test('every event is in one bar, and time without events has bars, too', () => {
  const buckets = [
    { start: at(1), count: 5 },
    { start: at(4), count: 7 },
  ]
  assert.deepEqual(
    barsOf({ bucketSeconds: 3_600, buckets }, 0.5 * hour, 6 * hour).map(({ count }) => count),
    [0, 5, 0, 0, 7, 0],
  )
})

test('there are never more bars than can be pointed at', () => {
  const buckets = Array.from({ length: 2_000 }, (_, i) => ({ start: at(i), count: 1 }))
  const bars = barsOf({ bucketSeconds: 3_600, buckets }, 0, 2_000 * hour)
  assert.ok(bars.length <= 401)
  assert.equal(
    bars.reduce((sum, { count }) => sum + count, 0),
    2_000,
  )
})
