import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, test } from 'vitest'
import { examineLogFile } from './examine-log-file.ts'

const bytesMax = 2 ** 30
const small = Buffer.from('{"Records":[]}'.repeat(2_000))
/** Beyond what is decompressed in one piece. */
const large = Buffer.alloc(20 * 2 ** 20, '{"Records":[]}')
/** A trailer that tells of less, as it is where something follows. */
const withTrailerOf = (bytes: number): Buffer => {
  const trailer = Buffer.alloc(4)
  trailer.writeUInt32LE(bytes)
  return trailer
}

describe('a log file', () => {
  test.each([
    ['small', small],
    ['large', large],
  ])('that is %s is hashed whole', async (_, content) => {
    const body = gzipSync(content, { level: 1 })
    const expected = { member: { hasTrailingData: false }, sha256: hash('sha256', content) }
    assert.deepEqual(await examineLogFile(body, { bytesMax }), expected)
  })

  test.each([0, 5, 2 ** 31])('with %d in its last bytes, that follow its end, is hashed all the same', async (told) => {
    for (const content of [small, large]) {
      const body = Buffer.concat([gzipSync(content, { level: 1 }), withTrailerOf(told)])
      const expected = { member: { hasTrailingData: true }, sha256: hash('sha256', content) }
      assert.deepEqual(await examineLogFile(body, { bytesMax }), expected)
    }
  })

  test('that is cut, altered or too large says so, whatever its size', async () => {
    for (const content of [small, large]) {
      const body = gzipSync(content, { level: 1 })
      const memberOf = async (bytes: Buffer, most = bytesMax) =>
        (await examineLogFile(bytes, { bytesMax: most })).member
      assert.equal(await memberOf(body.subarray(0, -9)), 'cut-short')
      const altered = Buffer.from(body)
      altered[altered.length - 8]! ^= 1
      assert.equal(await memberOf(altered), 'not-gzip')
      assert.equal(await memberOf(body, content.length - 1), 'too-large')
      assert.deepEqual(await memberOf(body, content.length), { hasTrailingData: false })
    }
  })
})
