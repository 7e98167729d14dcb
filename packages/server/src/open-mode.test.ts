import assert from 'node:assert/strict'
import { test } from 'vitest'
import { standingClocks } from './open-mode.ts'

test('for whoever looks something up, now is the newest event that was read, and never goes back', () => {
  const { clocks, standAt } = standingClocks({ domain: () => 1_000, wall: () => 2_000, monotonic: () => 3 })
  assert.equal(clocks.domain(), 1_000)
  standAt(700)
  standAt(500)
  assert.deepEqual([clocks.domain(), clocks.wall(), clocks.monotonic()], [700, 2_000, 3])
})
