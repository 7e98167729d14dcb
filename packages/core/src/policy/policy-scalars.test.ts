import assert from 'node:assert/strict'
import { test } from 'vitest'
import { parsePolicyBinary, parsePolicyDate, parsePolicyNumber } from './policy-scalars.ts'

test('dates in the forms of the W3C, and seconds since the epoch', () => {
  const time = Date.UTC(2026, 2, 4, 10, 12, 31)
  for (const text of [
    '2026-03-04T10:12:31Z',
    '2026-03-04T12:12:31+02:00',
    '2026-03-04T04:42:31-05:30',
    String(time / 1_000),
  ])
    assert.equal(parsePolicyDate(text), time, text)
  assert.equal(parsePolicyDate('2026-03-04T10:12:31.250Z'), time + 250)
  assert.equal(parsePolicyDate('2026'), Date.UTC(2026, 0, 1))
  assert.equal(parsePolicyDate('2026-03'), Date.UTC(2026, 2, 1))
  assert.equal(parsePolicyDate('-1'), -1_000)
})

test('dates that do not exist are none', () => {
  for (const text of [
    '2026-02-29',
    '2026-13',
    '2026-00',
    '2026-04-31',
    '2026-01-01T24:00Z',
    '2026-01-01T00:60Z',
    '2026-01-01T00:00',
  ])
    assert.equal(parsePolicyDate(text), undefined, text)
  for (const text of ['', 'now', '2026-3-4', '2026-01-01T00:00+24:00', '0001-01-01x', '1.5', '9'.repeat(13)])
    assert.equal(parsePolicyDate(text), undefined, text)
})

test('numbers that a double cannot tell apart are none', () => {
  assert.equal(parsePolicyNumber('123456789012345'), 123456789012345)
  for (const text of [
    '1234567890123456',
    '9007199254740993',
    '',
    '.5',
    '5.',
    '1e3',
    'NaN',
    'Infinity',
    ' 1',
    '1 ',
    '--1',
  ])
    assert.equal(parsePolicyNumber(text), undefined, text)
})

test('base64 by its bytes', () => {
  assert.equal(parsePolicyBinary('QQ=='), parsePolicyBinary('QR=='))
  for (const text of ['Q', 'QQ', 'QQ=', 'Q===', 'QQ-_']) assert.equal(parsePolicyBinary(text), undefined, text)
})
