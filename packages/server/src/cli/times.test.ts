import assert from 'node:assert/strict'
import { test } from 'vitest'
import fc from 'fast-check'
import { CommandError } from './command-error.ts'
import { formatTime, parseDuration, parseTime } from './times.ts'

const now = Date.UTC(2026, 2, 4, 12)

test('durations have units and may be put together', () => {
  assert.equal(parseDuration('90s'), 90_000)
  assert.equal(parseDuration('1h30m'), 5_400_000)
  assert.equal(parseDuration('1d'), 86_400_000)
  assert.equal(parseDuration('500ms'), 500)
  assert.equal(parseDuration('1.5h'), 5_400_000)
})

test('what is no duration is refused, whatever it is', () => {
  for (const text of ['', '1', 'h', '-1h', '1x', '1h ', '1h-30m', '99999d', '1e3s'])
    assert.throws(() => parseDuration(text), CommandError, text)
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        assert.ok(parseDuration(text) >= 0)
      } catch (error) {
        assert.ok(error instanceof CommandError)
      }
    }),
  )
})

test('a time is ISO (UTC unless it says otherwise), epoch seconds, now, or so long ago', () => {
  const ten = Date.UTC(2026, 2, 4, 10)
  for (const text of [
    '2026-03-04T10:00:00Z',
    '2026-03-04T10:00',
    '2026-03-04 10:00:00',
    '2026-03-04T11:00:00+01:00',
    '2h',
  ])
    assert.equal(parseTime(text, now), ten, text)
  assert.equal(parseTime(String(ten / 1_000), now), ten)
  assert.equal(parseTime('2026-03-04', now), Date.UTC(2026, 2, 4))
  assert.equal(parseTime('now', now), now)
  for (const text of ['', 'yesterday', '2026-13-01', '2026-03-04T25:00:00Z', '12', '04.03.2026'])
    assert.throws(() => parseTime(text, now), CommandError, text)
})

test('whole seconds are printed without milliseconds, and come back the same', () => {
  assert.equal(formatTime(now), '2026-03-04T12:00:00Z')
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), (time) => assert.equal(parseTime(formatTime(time), now), time)),
  )
})
