import { crc32, createInflateRaw } from 'node:zlib'

export type Member = 'not-gzip' | 'cut-short' | 'too-large' | { readonly hasTrailingData: boolean }

const fixedHeaderBytes = 10
const trailerBytes = 8
/** Flags of a gzip header (RFC 1952, section 2.3.1). */
const flags = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 }

/**
 * Decompresses the first gzip member of `body`, part by part, up to `bytesMax`. Node's own gunzip goes on with the members
 * that follow as if they were one, so it cannot tell what was appended.
 */
export async function inflateFirstMember(
  body: Uint8Array,
  { bytesMax, onBytes }: { readonly bytesMax: number; readonly onBytes: (bytes: Uint8Array) => void },
): Promise<Member> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  const start = headerLength(bytes)
  if (typeof start !== 'number') return start
  const inflate = createInflateRaw()
  let [length, checksum] = [0, 0]
  try {
    inflate.end(bytes.subarray(start))
    for await (const part of inflate as AsyncIterable<Buffer>) {
      length += part.length
      if (length > bytesMax) return 'too-large'
      checksum = crc32(part, checksum)
      onBytes(part)
    }
  } catch (error) {
    return error instanceof Error && /unexpected end/.test(error.message) ? 'cut-short' : 'not-gzip'
  } finally {
    inflate.destroy()
  }
  const end = start + inflate.bytesWritten
  if (bytes.length < end + trailerBytes) return 'cut-short'
  if (bytes.readUInt32LE(end) !== checksum || bytes.readUInt32LE(end + 4) !== length % 2 ** 32) return 'not-gzip'
  return { hasTrailingData: bytes.length > end + trailerBytes }
}

/** Where the compressed data begin. */
function headerLength(bytes: Buffer): number | 'not-gzip' | 'cut-short' {
  if (bytes.length < 2) return bytes.length === 1 && bytes[0] !== 0x1f ? 'not-gzip' : 'cut-short'
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return 'not-gzip'
  if (bytes.length < fixedHeaderBytes) return 'cut-short'
  const flag = bytes[3]!
  if (bytes[2] !== 8 || (flag & flags.reserved) !== 0) return 'not-gzip'
  let at = fixedHeaderBytes
  if (flag & flags.extra) {
    if (bytes.length < at + 2) return 'cut-short'
    at += 2 + bytes.readUInt16LE(at)
  }
  for (const text of [flags.name, flags.comment]) {
    if ((flag & text) === 0) continue
    const zero = bytes.indexOf(0, at)
    if (zero === -1) return 'cut-short'
    at = zero + 1
  }
  if (flag & flags.headerCrc) at += 2
  return at < bytes.length ? at : 'cut-short'
}
