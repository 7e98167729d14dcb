import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'vitest'
import { matchesSearch } from './compile-search.ts'
import type { SearchExpression } from './expression.ts'
import { formatSearch } from './format-search.ts'
import { parseSearch } from './parse-search.ts'
import { eventOf, randomSearches } from './search.testing.ts'

test('a search that is written as text is read as the same search', () => {
  fc.assert(
    fc.property(randomSearches, (search) => {
      const text = formatSearch(search)
      fc.pre(text.length <= 4_096)
      assert.deepEqual(parseSearch(text), search, text)
    }),
    { numRuns: 2_000 },
  )
})

const cases: [string, string][] = [
  [
    'EventName=RunInstances   AND(user=alice or user="bob")',
    'eventName = RunInstances and (username = alice or username = bob)',
  ],
  ['not error = x y', 'errorCode != x and y'],
  ['a.b["c d"][*] in (x, "y z")', 'a.b["c d"][*] in (x, "y z")'],
  ['["user"] = x', '["user"] = x'],
  [String.raw`agent = a\ b*`, String.raw`agent = a\ b*`],
  ['agent = "a*"', 'agent = "a*"'],
  ['"and" or "" or "a=b"', '"and" or "" or "a=b"'],
  ['["x = y"] != 1', '["x = y"] != 1'],
]
test.each(cases)('%s is written as %s', (text, expected) => {
  const expression = parseSearch(text)
  assert.ok(expression)
  assert.equal(formatSearch(expression), expected)
})

test('what no text can say is written as something that finds the same', () => {
  const event = eventOf({ requestParameters: { n: 5 } })
  const n = (comparison: '=' | '<', ...values: string[]): SearchExpression => ({
    kind: 'path',
    path: ['requestParameters', 'n'],
    comparison,
    values,
    wildcards: false,
  })
  const odd: SearchExpression[] = [
    { kind: 'and', of: [] },
    { kind: 'or', of: [] },
    { kind: 'or', of: [n('=', '5.0')] },
    { kind: 'and', of: [n('<', '1', '9'), n('=', '5')] },
    { kind: 'not', of: n('<', '1', '9') },
    n('='),
    n('<'),
    { kind: 'not', of: { kind: 'attribute', attribute: 'username', values: [] } },
    { ...n('=', '5.0'), wildcards: true } as SearchExpression,
  ]
  for (const search of odd) {
    const read = parseSearch(formatSearch(search))
    assert.ok(read)
    assert.equal(matchesSearch(read, event), matchesSearch(search, event), formatSearch(search))
  }
})
