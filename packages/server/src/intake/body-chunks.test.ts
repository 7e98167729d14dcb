import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { BodyError, bodyChunks, BodyTooLongError, chunkBytes } from './body-chunks.ts'
import { bodyOf } from './intake.testing.ts'

async function collect(body: AsyncIterable<Uint8Array>, encoding: 'identity' | 'gzip' = 'identity', bytesMax = 1e9) {
  const chunks: Uint8Array[] = []
  const lasts: boolean[] = []
  for await (const { chunk, last } of bodyChunks(body, encoding, bytesMax)) {
    chunks.push(chunk)
    lasts.push(last)
  }
  return { bytes: Buffer.concat(chunks), chunks, lasts }
}
/** Cut into pieces of `length`, as a network does it. */
const cut = (bytes: Uint8Array, length: number) =>
  bodyOf(
    ...Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) => bytes.subarray(i * length, (i + 1) * length)),
  )

describe('plain', () => {
  test('pieces of about a MiB, one of them the last', async () => {
    const body = randomBytes(3 * chunkBytes + 17)
    const { bytes, chunks, lasts } = await collect(cut(body, 64 * 1024))
    assert.ok(bytes.equals(body))
    assert.deepEqual(lasts, [false, false, false, true])
    // Chunks are moved to other threads: each must own its memory.
    for (const chunk of chunks) assert.equal(chunk.buffer.byteLength, chunk.length)
  })
  test('nothing is one empty last piece', async () => {
    assert.deepEqual((await collect(bodyOf())).lasts, [true])
  })
  test('what the body throws is thrown on', async () => {
    const failure = Object.assign(new Error('aborted'), { code: 'Whatever' })
    async function* aborted() {
      yield Buffer.from('abc')
      throw failure
    }
    await assert.rejects(collect(aborted()), (error) => error === failure)
    await assert.rejects(collect(aborted(), 'gzip'), (error) => error === failure)
  })
  test('too long', async () => {
    await assert.rejects(collect(bodyOf('12345', '6'), 'identity', 5), BodyTooLongError)
    assert.equal((await collect(bodyOf('12345'), 'identity', 5)).bytes.length, 5)
  })
})

describe('gzip', () => {
  test('any number of members, cut anywhere', async () => {
    const members = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(members, fc.integer({ min: 1, max: 100 }), async (parts, length) => {
        const packed = Buffer.concat(parts.map((part) => gzipSync(part)))
        assert.ok((await collect(cut(packed, length), 'gzip')).bytes.equals(Buffer.concat(parts)))
      }),
      { numRuns: 50 },
    )
  })
  test('truncated anywhere, broken, or followed by something: an error, never less data', async () => {
    const packed = gzipSync(Buffer.from('{"a":1}\n'.repeat(100)))
    for (let length = 1; length < packed.length; length++)
      await assert.rejects(collect(bodyOf(packed.subarray(0, length)), 'gzip'), BodyError, `${length} bytes`)
    const wrong = Buffer.from(packed)
    wrong[wrong.length - 5]! ^= 1
    for (const body of [
      [wrong],
      [packed, 'garbage'],
      [packed, Buffer.alloc(1), packed],
      [Buffer.concat([packed, Buffer.alloc(1), packed])],
      [Buffer.concat([packed, Buffer.alloc(300_000)]), packed],
      ['not gzip'],
    ])
      await assert.rejects(collect(bodyOf(...body), 'gzip'), BodyError)
  })
  test('a bomb is stopped at the limit, not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
    assert.ok(bomb.length < 100_000)
    let seen = 0
    await assert.rejects(async () => {
      for await (const { chunk } of bodyChunks(bodyOf(bomb), 'gzip', 5_000_000)) seen += chunk.length
    }, BodyTooLongError)
    assert.ok(seen <= 5_000_000)
  })
  test('leaving early leaves the body too', async () => {
    let leave: (how: string) => void
    const left = new Promise<string>((resolve) => (leave = resolve))
    async function* endless() {
      try {
        for (;;) yield gzipSync(randomBytes(200_000))
      } finally {
        leave('left')
      }
    }
    for await (const { chunk } of bodyChunks(endless(), 'gzip', 1e9)) if (chunk.length > 0) break
    assert.equal(await left, 'left')
  })
})
