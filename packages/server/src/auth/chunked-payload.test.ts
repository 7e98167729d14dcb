import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, test } from 'vitest'
import { emptySha256, sha256Hex } from './canonical-request.ts'
import { createChunkedPayload } from './chunked-payload.ts'
import { deriveSigningKey } from './signing-key.ts'
import type { ChunkSeed } from './sigv4.ts'

const scope = { day: '20130524', region: 'us-east-1', service: 's3' }
const seed = (kind: Partial<ChunkSeed> = {}): ChunkSeed => ({
  signed: true,
  trailer: false,
  signingKey: deriveSigningKey('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', scope),
  amzDate: '20130524T000000Z',
  scope: '20130524/us-east-1/s3/aws4_request',
  signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  ...kind,
})

/** Encodes as a client would; written from the specification, apart from the decoder. */
function encoded(chunks: readonly Buffer[], from: ChunkSeed, trailers: Record<string, string> = {}): Buffer {
  const hmac = (text: string) => createHmac('sha256', from.signingKey).update(text).digest('hex')
  let previous = from.signature
  const parts: Buffer[] = []
  for (const chunk of [...chunks, Buffer.alloc(0)]) {
    previous = hmac(
      `AWS4-HMAC-SHA256-PAYLOAD\n${from.amzDate}\n${from.scope}\n${previous}\n${emptySha256}\n${sha256Hex(chunk)}`,
    )
    const extension = from.signed ? `;chunk-signature=${previous}` : ''
    parts.push(Buffer.from(`${chunk.length.toString(16)}${extension}\r\n`), chunk)
    if (chunk.length > 0) parts.push(Buffer.from('\r\n'))
  }
  const lines = Object.entries(trailers).map(([name, value]) => `${name}:${value}`)
  parts.push(Buffer.from(lines.map((line) => `${line}\r\n`).join('')))
  if (from.signed && from.trailer) {
    const hash = sha256Hex(lines.map((line) => `${line}\n`).join(''))
    const seal = hmac(`AWS4-HMAC-SHA256-TRAILER\n${from.amzDate}\n${from.scope}\n${previous}\n${hash}`)
    parts.push(Buffer.from(`x-amz-trailer-signature:${seal}\r\n`))
  }
  return Buffer.concat([...parts, Buffer.from('\r\n')])
}

const pieces = (bytes: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))

async function decode(wire: Buffer, from: ChunkSeed, decodedBytes: number, size: number, trailerNames: string[] = []) {
  const decoder = createChunkedPayload({ seed: from, decodedBytes, trailerNames })
  const source = Readable.from(pieces(wire, size))
  const content = await buffer(source.pipe(decoder))
  return { content, trailers: Object.fromEntries(decoder.trailers) }
}

test("Amazon S3's documented example: 65 KB in two chunks", async () => {
  const content = Buffer.alloc(66_560, 'a')
  const wire = encoded([content.subarray(0, 65_536), content.subarray(65_536)], seed())
  // The chunk signatures published in the S3 API Reference.
  const text = wire.toString('latin1')
  assert.ok(
    text.startsWith('10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n'),
  )
  assert.ok(text.includes('400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n'))
  assert.ok(text.includes('0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n'))
  assert.deepEqual((await decode(wire, seed(), 66_560, 10_007)).content, content)
})

const kinds: [name: string, seed: ChunkSeed, checksum?: 'crc32' | 'sha256'][] = [
  ['signed', seed()],
  ['signed with trailer', seed({ trailer: true }), 'sha256'],
  ['unsigned with trailer', seed({ signed: false, trailer: true }), 'crc32'],
]
/** What a client sends for `content`. */
const trailersOf = (content: Buffer, checksum?: 'crc32' | 'sha256'): Record<string, string> => {
  if (checksum === undefined) return {}
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(content))
  const value = checksum === 'sha256' ? Buffer.from(sha256Hex(content), 'hex') : bytes
  return { [`x-amz-checksum-${checksum}`]: value.toString('base64') }
}

describe.each(kinds)('%s', (_, from, checksum) => {
  const names = checksum ? [`x-amz-checksum-${checksum}`] : []
  test('any chunks in any pieces come out as they went in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 400 }),
        async (chunks, size) => {
          const content = Buffer.concat(chunks)
          const trailers = trailersOf(content, checksum)
          const wire = encoded(
            chunks.map((chunk) => Buffer.from(chunk)),
            from,
            trailers,
          )
          const decoded = await decode(wire, from, content.length, size, names)
          assert.deepEqual(decoded.content, content)
          assert.deepEqual(decoded.trailers, trailers)
        },
      ),
      { numRuns: 60 },
    )
  })
  const content = Buffer.from('0123456789abcdef')
  const trailers = trailersOf(content, checksum)
  const wire = encoded([content.subarray(0, 9), content.subarray(9)], from, trailers)
  test('a body that stops early, goes on, or has another length is refused', async () => {
    for (let length = 0; length < wire.length - 2; length++) {
      await assert.rejects(decode(wire.subarray(0, length), from, 16, 7, names), `${length} bytes`)
    }
    await assert.rejects(decode(Buffer.concat([wire, Buffer.from('x')]), from, 16, 7, names), /after the last chunk/)
    await assert.rejects(decode(wire, from, 15, 7, names), /x-amz-decoded-content-length/)
    await assert.rejects(decode(wire, from, 17, 7, names), /x-amz-decoded-content-length/)
  })
  test.runIf(checksum)('a checksum that is not the one of the content is refused', async () => {
    const other = trailersOf(Buffer.from('0123456789abcdeF'), checksum)
    await assert.rejects(decode(encoded([content], from, other), from, 16, 7, names), { code: 'BadDigest' })
    const none = Object.fromEntries(Object.keys(other).map((name) => [name, 'no checksum']))
    await assert.rejects(decode(encoded([content], from, none), from, 16, 7, names), { code: 'ValidationException' })
  })
  test.runIf(from.signed)('no byte of data, length, signature or trailer can change', async () => {
    for (let at = 0; at < wire.length - 2; at++) {
      // A carriage return that is not there, or the case of a header name or a length, changes nothing in meaning.
      const character = wire.toString('latin1', at, at + 1)
      if (character === '\r') continue
      const changed = Buffer.from(wire)
      changed[at]! ^= 1
      await assert.rejects(decode(changed, from, 16, 1_000, names), `byte ${at} ${JSON.stringify(character)}`)
    }
  })
})

test('a line without end is not collected', async () => {
  await assert.rejects(decode(Buffer.alloc(100_000, '1'), seed(), 10, 1_000), /line is too long|does not start/)
})

test('a trailer that was not announced is refused', async () => {
  const from = seed({ trailer: true })
  await assert.rejects(decode(encoded([], from, { 'x-other': '1' }), from, 0, 10, []), /not announced/)
  await assert.rejects(decode(encoded([], from), from, 0, 10, ['x-amz-checksum-crc32']), /missing/)
})

test('a checksum of an unknown kind is refused before anything is read', () => {
  const trailerNames = ['x-amz-checksum-md5']
  assert.throws(() => createChunkedPayload({ seed: seed({ trailer: true }), decodedBytes: 0, trailerNames }), {
    code: 'ValidationException',
  })
})

test('an upload that is aborted ends in an error, not in silence', async () => {
  const source = new PassThrough()
  const reading = buffer(source.pipe(createChunkedPayload({ seed: seed(), decodedBytes: 10 })))
  source.write('a;chunk-sig')
  source.destroy()
  await assert.rejects(reading, { code: 'ERR_STREAM_PREMATURE_CLOSE' })
})
