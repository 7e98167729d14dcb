import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'vitest'
import { matchesSearch } from './compile-search.ts'
import { narrowed, type SearchCondition } from './narrowed.ts'
import { parseSearch } from './parse-search.ts'
import { randomEvents, randomSearches } from './search.testing.ts'

test('what the index can tell loses no match, and is all of it where it says so', () => {
  let exactOnes = 0
  fc.assert(
    fc.property(randomSearches, randomEvents, (search, event) => {
      const { condition, exact } = narrowed(search)
      const isFound = matchesSearch(search, event)
      const isCandidate = condition === undefined || matchesSearch(condition, event)
      if (exact) assert.equal(isCandidate, isFound)
      else assert.ok(isCandidate || !isFound)
      if (exact && condition) exactOnes++
    }),
    { numRuns: 2_000 },
  )
  assert.ok(exactOnes > 0)
})

test('conditions name values only, and negate single conditions only', () => {
  const check = (condition: SearchCondition): void => {
    if (condition.kind === 'and' || condition.kind === 'or') condition.of.forEach(check)
    else {
      const leaf = condition.kind === 'not' ? condition.of : condition
      assert.equal(leaf.kind, 'attribute')
      assert.ok(leaf.values.length > 0 && leaf.values.every((value) => value !== '' && value.length <= 2_000))
    }
  }
  fc.assert(
    fc.property(randomSearches, (search) => {
      const { condition } = narrowed(search)
      if (condition) check(condition)
    }),
  )
})

const leaf = (attribute: string, ...values: string[]) => ({ kind: 'attribute', attribute, values })
const cases: [string, unknown, boolean][] = [
  ['user = a', leaf('username', 'a'), true],
  ['user = a and b', leaf('username', 'a'), false],
  ['user = a or b', undefined, false],
  ['not (user = a or b)', { kind: 'not', of: leaf('username', 'a') }, false],
  ['not (user = a and b)', undefined, false],
  [
    'not (user = a and ip in (x, y))',
    {
      kind: 'or',
      of: [
        { kind: 'not', of: leaf('username', 'a') },
        { kind: 'not', of: leaf('sourceIPAddress', 'x', 'y') },
      ],
    },
    true,
  ],
  ['not not user = a', leaf('username', 'a'), true],
  ['user = a*', undefined, false],
  ['user = ""', { kind: 'or', of: [] }, true],
  ['user != ""', undefined, true],
]
test.each(cases)('%s', (search, condition, exact) => {
  const expression = parseSearch(search)
  assert.ok(expression)
  assert.deepEqual(narrowed(expression), { condition, exact })
})
