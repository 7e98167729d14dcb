import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import type { NewEntry, Sequence } from '@opentrail/core/event'
import { packBlock, unpackBlock, zstdSupported, type BlockCodec } from './block-codec.ts'
import { encodeEntries, entryOffsets } from './entry-run.ts'
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
})

/** As a frame of the log holds them. */
function encoded(entries: readonly NewEntry[]) {
  const { bytes } = encodeEntries(entries, stream(1), 1 as Sequence)
  return { bytes, offsets: entryOffsets(bytes, entries.length) }
}

describe('a block gives back what was put in', () => {
  const codecs: BlockCodec[] = zstdSupported ? ['deflate', 'zstd'] : ['deflate']
  for (const codec of codecs)
    test(`compressed with ${codec}`, () => {
      fc.assert(
        fc.property(blocks, ({ entries, first }) => {
          const half = Math.floor(entries.length / 2)
          for (const [from, to] of [
            [0, half],
            [half, entries.length],
          ] as const) {
            const place = { stream: stream(1), first: (first + from) as Sequence, count: to - from }
            const run = unpackBlock(packBlock(encoded(entries), from, to, codec), place)
            assert.equal(run.count, to - from)
            for (let index = 0; index < to - from; index++) {
              assertSame(run.at(index), entries[from + index]!, `entry ${from + index}`)
              assert.equal(run.at(index).sequence, first + from + index)
            }
          }
        }),
      )
    })

  test('what can be computed again takes no room, and a count that is wrong is refused', () => {
    const own = Array.from({ length: 20 }, (_, index) => entry(`e${index}`))
    const foreign = own.map((entry, index) => ({ ...entry, recordHash: Buffer.alloc(32, index + 1) }))
    const packed = packBlock(encoded(own), 0, 20)
    assert.ok(packed.length + 20 < packBlock(encoded(foreign), 0, 20).length)
    assert.throws(() => unpackBlock(packed, { stream: stream(1), first: 1 as Sequence, count: 19 }), RangeError)
  })
})
