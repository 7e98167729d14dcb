import assert from 'node:assert/strict'
import { test } from 'vitest'
import { bounds, pickerValue, rangeChoices, rangeOf } from './time-range.ts'

test('a range is the same in the address and in the picker', () => {
  for (const range of [
    { from: '-24h' },
    { from: '-90d' },
    { from: '2026-11-20T08:00:00Z', to: '2026-11-21T00:00:00Z' },
  ])
    assert.deepEqual(rangeOf(pickerValue(range)), range)
  for (const choice of rangeChoices) assert.deepEqual(pickerValue({ from: choice.key }), choice)
})

test('what has no length, or ends before it begins, is no range', () => {
  assert.equal(rangeOf({ type: 'relative', amount: 1, unit: 'month' }), undefined)
  assert.equal(rangeOf({ type: 'absolute', startDate: '2026-11-21', endDate: '2026-11-20' }), undefined)
  assert.equal(rangeOf({ type: 'absolute', startDate: 'soon', endDate: '2026-11-20' }), undefined)
})

test('its bounds are those of the clock of the events', () => {
  const now = Date.UTC(2026, 10, 21)
  assert.deepEqual(bounds({ from: '-1h' }, now), { from: now - 3_600_000, to: now })
  assert.deepEqual(bounds({ from: '2026-11-20T00:00:00Z', to: '2026-11-20T12:00:00Z' }, now), {
    from: now - 86_400_000,
    to: now - 43_200_000,
  })
})
