import assert from 'node:assert/strict'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { inflateAtOnce, inflateFirstMember, type Member } from './gzip-member.ts'

type Inflate = (body: Uint8Array, bytesMax?: number) => Promise<{ member: Member; content: Buffer }>

const inParts: Inflate = async (body, bytesMax = 2 ** 20) => {
  const parts: Uint8Array[] = []
  const member = await inflateFirstMember(body, { bytesMax, onBytes: (bytes) => parts.push(Buffer.from(bytes)) })
  return { member, content: Buffer.concat(parts) }
}
/** As those do who want it fast: what is not for doing at once is done in parts. */
const atOnce: Inflate = async (body, bytesMax = 2 ** 20) => {
  const whole = inflateAtOnce(body, bytesMax)
  return whole ? { member: whole.member, content: Buffer.from(whole.content) } : inParts(body, bytesMax)
}
const content = Buffer.from('{"Records":[]}'.repeat(5_000))
const whole = gzipSync(content)

describe.each([
  ['in parts', inParts],
  ['at once', atOnce],
])('the first gzip member, %s', (_, inflate) => {
  test('is the content, and nothing follows', async () => {
    assert.deepEqual(await inflate(whole), { member: { hasTrailingData: false }, content })
  })

  test('what follows is told and not decompressed', async () => {
    // It may look like a trailer that tells of gigabytes, or of next to nothing.
    for (const more of [gzipSync('more'), Buffer.from('junk'), Buffer.from([1, 0, 0, 0]), Buffer.alloc(1)])
      assert.deepEqual(await inflate(Buffer.concat([whole, more])), { member: { hasTrailingData: true }, content })
  })

  test('a header with name, comment and extra field is read', async () => {
    const header = Buffer.from(whole.subarray(0, 10))
    header[3] = 4 | 8 | 16
    const fields = Buffer.from([3, 0, 1, 2, 3, ...Buffer.from('name\0comment\0')])
    const named = Buffer.concat([header, fields, whole.subarray(10)])
    assert.deepEqual(gunzipSync(named), content)
    assert.deepEqual(await inflate(named), { member: { hasTrailingData: false }, content })
  })

  test('wherever it is cut, it is cut short', async () => {
    for (let length = 0; length < whole.length; length++)
      assert.equal((await inflate(whole.subarray(0, length))).member, 'cut-short', String(length))
  })

  test('a wrong checksum, or what is no gzip, is said', async () => {
    const altered = Buffer.from(whole)
    altered[altered.length - 8]! ^= 1
    assert.equal((await inflate(altered)).member, 'not-gzip')
    assert.equal((await inflate(Buffer.from('no gzip at all'))).member, 'not-gzip')
  })

  test('it ends at the bound, however much there is', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 2 ** 20))
    const { member, content: got } = await inflate(bomb, 2 ** 20)
    assert.equal(member, 'too-large')
    assert.ok(got.length <= 2 ** 20)
  })

  test('any bytes have an answer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
        const { content: got } = await inflate(Buffer.concat([whole.subarray(0, 10), bytes]), 2 ** 10)
        assert.ok(got.length <= 2 ** 10)
        assert.equal((await inflate(bytes)).content.length === 0 || bytes.length > 18, true)
      }),
      { numRuns: 300 },
    )
  })
})
