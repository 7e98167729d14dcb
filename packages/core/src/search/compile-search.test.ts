import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { describe, test } from 'vitest'
import { compileSearch, matchesSearch } from './compile-search.ts'
import { naiveMatch } from './naive-search.testing.ts'
import { parseSearch } from './parse-search.ts'
import { eventOf, randomEvents, randomSearches } from './search.testing.ts'
import { searchedEvent } from './searched-event.ts'

const found = (search: string, record: object | string): boolean => {
  const expression = parseSearch(search)
  assert.ok(expression)
  return matchesSearch(expression, eventOf(record))
}

test('any search finds what the plainest reading of the reference finds', () => {
  fc.assert(
    fc.property(randomSearches, randomEvents, (search, event) => {
      assert.equal(matchesSearch(search, event), naiveMatch(search, event))
    }),
    { numRuns: 3_000 },
  )
})

test('events may be judged in turns: what is kept of one does not leak into another', () => {
  fc.assert(
    fc.property(
      fc.array(randomSearches, { minLength: 2, maxLength: 4 }),
      fc.tuple(randomEvents, randomEvents),
      (all, pair) => {
        for (const search of all) {
          const holds = compileSearch(search)
          for (const event of pair) assert.equal(holds(event), naiveMatch(search, event))
        }
      },
    ),
  )
})

describe('paths', () => {
  const record = {
    requestParameters: {
      items: [
        { id: 'i-1', port: 443 },
        { id: 'i-2', port: null },
      ],
      'a.b': 'dotted',
      big: 1,
      nested: [['deep']],
    },
  }
  const cases: [string, boolean][] = [
    ['requestParameters.items[*].id = i-2', true],
    ['requestParameters.items.id = i-2', true],
    ['requestParameters.items[0].id = i-2', false],
    ['requestParameters.items[1].id = i-2', true],
    ['requestParameters.items[2].id exists', false],
    ['requestParameters.items[*].port >= 80', true],
    ['requestParameters.items[1].port exists', false],
    ['requestParameters.items exists', true],
    ['requestParameters["a.b"] = dotted', true],
    ['requestParameters.a.b = dotted', false],
    ['requestParameters.nested = deep', true],
    ['requestParameters.items = i-1', false],
    ['requestParameters ~ I-2', true],
    ['requestParameters.items ~ PORT', true],
    ['requestParameters.items.id != i-1', false],
    ['requestParameters.absent != i-1', true],
    ['requestParameters.absent = null', false],
    ['eventTime >= 2026-03-04T09 and eventTime < 2026-03-04T11', true],
    ['requestParameters.__proto__ exists', false],
    ['requestParameters.items.length exists', false],
  ]
  test.each(cases)('%s: %s', (search, expected) => {
    assert.equal(found(search, record), expected)
  })
})

describe('numbers', () => {
  const number = (written: string) =>
    `{"eventTime":"2026-03-04T10:00:00Z","eventID":"e-1","requestParameters":{"n":${written}}}`
  const cases: [string, string, boolean][] = [
    ['n > 9', '10', true],
    ['n > 9', '"10"', false],
    ['n = 10', '10.0', true],
    ['n = 1e1', '10', true],
    ['n = 010', '10', false],
    ['n = 10', '"10"', true],
    ['n = 9007199254740993', '9007199254740993', true],
    ['n = 9007199254740992', '9007199254740993', false],
    ['n < 9007199254740993', '9007199254740992', true],
    ['n > 9007199254740992', '9007199254740993', true],
    ['n > 1', '1e999', true],
    ['n = -0', '0', true],
    ['n = true', 'true', true],
    ['n = null', 'null', false],
  ]
  test.each(cases)('%s in a record with %s: %s', (search, written, expected) => {
    assert.equal(found(`requestParameters.${search}`, number(written)), expected)
  })
  test('a million digits cost no more than reading them', () => {
    assert.equal(found('requestParameters.n > 1', number('9'.repeat(1_000_000))), true)
  })
})

describe('text', () => {
  const record = (written: string) =>
    `{"eventTime":"2026-03-04T10:00:00Z","eventID":"e-1","requestParameters":{"Key":"${written}","n":1200,"yes":true}}`
  const cases: [string, string, boolean][] = [
    ['ALICE', 'alice', true],
    ['alice', 'ALICE', true],
    ['requestparameters', 'x', true],
    ['120', 'x', true],
    ['true', 'x', true],
    ['"e,"', 'x', false],
    [`'"x"'`, 'x', false],
    [`'key":"x'`, 'x', false],
    [`'a"b'`, String.raw`a\"b`, true],
    [`'a"b'`, String.raw`a\u0022b`, true],
    ['a/b', String.raw`a\/b`, true],
    ['":1200,"', 'x', false],
    [':true', 'x', false],
    ['", e"', 'true, else', true],
    ['nx', String.raw`\nx`, false],
    ['x', String.raw`\nx`, true],
    ['nx', String.raw`\\nx`, true],
    [String.raw`"c:\\Users"`, String.raw`C:\\users`, true],
    ['alice', String.raw`\u0041lice`, true],
    ['0041', String.raw`\u0041lice`, false],
    ['ZOË', 'zoë', true],
    ['zoë', String.raw`ZO\u00cb`, true],
    ['σας', 'ΣΑΣ', true],
    ['ΟΔΟΣ', 'οδοσ', true],
  ]
  test.each(cases)('%s in a record with "%s": %s', (search, written, expected) => {
    assert.equal(found(search, record(written)), expected)
  })
})

test('`*` stands for any characters, none as well, and in order', () => {
  const user = (pattern: string, name: string) =>
    found(`user = ${pattern}`, { userIdentity: { type: 'IAMUser', userName: name } })
  for (const [pattern, name] of [
    ['a*', 'a'],
    ['*a', 'aa'],
    ['a*b*c', 'a-b-bc'],
    ['*', 'x'],
    ['**b**', 'abc'],
  ] as const)
    assert.ok(user(pattern, name), `${pattern} ${name}`)
  for (const [pattern, name] of [
    ['a*a', 'a'],
    ['a*b', 'ba'],
    ['a*b*b', 'ab'],
    ['A*', 'a'],
    ['"a*"', 'ab'],
  ] as const)
    assert.ok(!user(pattern, name), `${pattern} ${name}`)
})

test('whatever bytes a record has, no search throws', () => {
  const { fields } = eventOf({})
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .constantFrom(
        '',
        '[',
        '{',
        '{"a":',
        '{"a":"\\',
        '{"__proto__":{"a":1}}',
        '['.repeat(100_000),
        '{"a":'.repeat(100_000),
      )
      .map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(randomSearches, bytes, (search, record) => {
      assert.doesNotThrow(() => matchesSearch(search, searchedEvent(record, fields)))
    }),
  )
})
