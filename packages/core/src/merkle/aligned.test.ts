import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { alignedSpans, createSubtreeStack } from './aligned.ts'
import { appendLeaves, appendSubtrees, emptyFrontier, leafHash, rootHash } from './index.ts'

const records = Array.from({ length: 300 }, (_, index) => hash('sha256', String(index), 'buffer'))
const frontierOf = (size: number) => appendLeaves(emptyFrontier, records.slice(0, size))
const cuts = fc
  .array(fc.nat(records.length), { minLength: 2, maxLength: 8 })
  .map((all) => all.toSorted((a, b) => a - b))

function subtrees(begin: number, end: number): Uint8Array[] {
  const stack = createSubtreeStack(begin)
  for (const record of records.slice(begin, end)) stack.push(1, leafHash(record))
  return stack.hashes()
}

describe('aligned subtrees', () => {
  test('they cover the leaves, each at its place and none larger than that allows', () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.nat(1e6), (begin, count) => {
        const spans = [...alignedSpans({ begin, end: begin + count })]
        let at = begin
        for (const span of spans) {
          const width = span.end - span.begin
          assert.equal(span.begin, at)
          assert.ok(Number.isInteger(Math.log2(width)) && at % width === 0)
          assert.ok(at % (2 * width) !== 0 || at + 2 * width > begin + count)
          at = span.end
        }
        assert.equal(at, begin + count)
      }),
    )
  })

  test('folded piece by piece, the leaves give the same tree', () => {
    fc.assert(
      fc.property(cuts, ([first = 0, ...rest]) => {
        let frontier = frontierOf(first)
        for (const end of rest) frontier = appendSubtrees(frontier, end, subtrees(frontier.size, end))
        assert.deepEqual(frontier, frontierOf(frontier.size))
        assert.deepEqual(rootHash(frontier), rootHash(frontierOf(frontier.size)))
      }),
    )
  })

  test('subtrees in the place of leaves give the same', () => {
    fc.assert(
      fc.property(cuts, (all) => {
        const [begin, end] = [all[0]!, all.at(-1)!]
        const stack = createSubtreeStack(begin)
        for (let at = 0; at + 1 < all.length; at++) {
          const [from, to] = [all[at]!, all[at + 1]!]
          const hashes = subtrees(from, to)
          for (const [index, span] of [...alignedSpans({ begin: from, end: to })].entries())
            stack.push(span.end - span.begin, hashes[index]!)
        }
        assert.deepEqual(stack.hashes(), subtrees(begin, end))
      }),
    )
  })

  test('what does not fit its place is refused', () => {
    assert.throws(() => createSubtreeStack(1).push(2, records[0]!), RangeError)
    assert.throws(() => appendSubtrees(frontierOf(3), 5, subtrees(3, 4)), RangeError)
  })
})
