import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import type { Sequence, StoredEntry } from '@opentrail/core/event'
import { packBlock, unpackBlock, zstdSupported, type BlockCodec } from './block-codec.ts'
import { assertSame, entry, stream } from './entries.testing.ts'

const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength })
const ordinary = fc
  .tuple(fc.string({ minLength: 1 }), fc.integer({ min: -(2 ** 45), max: 2 ** 45 }))
  .map(([id, admittedAt]) => entry(id, { admittedAt }))
const odd = fc.record({
  idKey: bytes(16, 16),
  recordHash: bytes(32, 32),
  admittedAt: fc.double({ noNaN: true }),
  envelope: bytes(0, 40),
  record: bytes(0, 300),
})
const blocks = fc.record({
  entries: fc.array(fc.oneof(ordinary, odd), { minLength: 1, maxLength: 30 }),
  first: fc.integer({ min: 1, max: 2 ** 50 }),
  dictionary: fc.option(bytes(8, 500), { nil: undefined }),
})

describe('a block gives back what was put in', () => {
  const codecs: BlockCodec[] = zstdSupported ? ['deflate', 'zstd'] : ['deflate']
  for (const codec of codecs)
    test(`compressed with ${codec}`, () => {
      fc.assert(
        fc.property(blocks, ({ entries, first, dictionary }) => {
          const stored = entries.map((entry, index): StoredEntry => {
            return { ...entry, stream: stream(1), sequence: (first + index) as Sequence }
          })
          const place = { stream: stream(1), first: first as Sequence, count: stored.length }
          const run = unpackBlock(packBlock(stored, dictionary, codec), dictionary, place)
          assert.equal(run.count, stored.length)
          for (const [index, entry] of stored.entries()) {
            assertSame(run.at(index), entry, `entry ${index}`)
            assert.equal(run.at(index).sequence, entry.sequence)
          }
        }),
      )
    })

  test('what can be computed again takes no room, and a count that is wrong is refused', () => {
    const stored = Array.from({ length: 20 }, (_, index): StoredEntry => {
      return { ...entry(`e${index}`), stream: stream(1), sequence: (index + 1) as Sequence }
    })
    const foreign = stored.map((entry) => ({ ...entry, recordHash: Buffer.alloc(32, entry.sequence) }))
    assert.ok(packBlock(stored, undefined).length + 20 < packBlock(foreign, undefined).length)
    const place = { stream: stream(1), first: 1 as Sequence, count: 19 }
    assert.throws(() => unpackBlock(packBlock(stored, undefined), undefined, place), RangeError)
  })
})
