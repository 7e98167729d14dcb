import assert from 'node:assert/strict'
import { test } from 'vitest'
import fc from 'fast-check'
import { readTrailName } from './trail-name.ts'

const verdict = (name: string | undefined) => {
  const read = readTrailName(name)
  return read.ok ? 'ok' : read.message
}

test('a name has 3 to 128 letters, digits and single punctuation between them, and is no address', () => {
  for (const name of ['abc', 'a.b', 'A-b_c.9', '0x0', '1.2.3', '1.2.3.4.5', '1234.1.1.1', 'a'.repeat(128)])
    assert.equal(verdict(name), 'ok', name)
  const characters =
    'Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).'
  const short = (length: number) =>
    `Trail name too short. Minimum allowed length: 3 characters. Specified name length: ${length} characters.`
  const adjacent = 'Trail name must not have adjacent periods (.), hyphens (-), or underscores (_).'
  const refused: [string | undefined, string][] = [
    [undefined, 'Trail name cannot be blank!'],
    ['', short(0)],
    ['ab', short(2)],
    [
      'a'.repeat(129),
      'Trail name too long. Maximum allowed length: 128 characters. Specified name length: 129 characters.',
    ],
    ['-trail', 'Trail name must starts with a letter or number.'],
    ['trail.', 'Trail name must ends with a letter or number.'],
    ['my#trail', characters],
    ['my trail', characters],
    ['trail:x', characters],
    ['traïl', characters],
    ['tr\nail', characters],
    ['my-_trail', adjacent],
    ['my..trail', adjacent],
    ['192.168.5.4', 'Trail name must not be in IP address format.'],
  ]
  for (const [name, message] of refused) assert.equal(verdict(name), message, String(name))
})

test('whatever is accepted has the form that AWS documents', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'Z', '0', '9', '.', '_', '-', ':', '/', ' ', 'é'),
    maxLength: 12,
  })
  const documented = /^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/
  fc.assert(
    fc.property(text, (name) => {
      const isName = name.length >= 3 && documented.test(name) && !/^\d{1,3}(?:\.\d{1,3}){3}$/.test(name)
      assert.equal(readTrailName(name).ok, isName)
    }),
  )
})
