import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib'

export type Member = 'not-gzip' | 'cut-short' | 'too-large' | { readonly hasTrailingData: boolean }

const fixedHeaderBytes = 10
const trailerBytes = 8
/** Flags of a gzip header (RFC 1952, section 2.3.1). */
const flags = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 }
/** Of the parts that are decompressed one by one: each costs a round through the event loop, and stays in the caches. */
const partBytes = 256 * 1024

/**
 * Decompresses the first gzip member of `body`, part by part, up to `bytesMax`. Node's own gunzip goes on with the members
 * that follow as if they were one, so it cannot tell what was appended.
 */
export async function inflateFirstMember(
  body: Uint8Array,
  { bytesMax, onBytes }: { readonly bytesMax: number; readonly onBytes: (bytes: Uint8Array) => void },
): Promise<Member> {
  const bytes = bufferOf(body)
  const start = headerLength(bytes)
  if (typeof start !== 'number') return start
  const inflate = createInflateRaw({ chunkSize: partBytes })
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
    return faultOf(error)
  } finally {
    inflate.destroy()
  }
  return memberThatEnds(bytes, start + inflate.bytesWritten, { checksum, length })
}

/**
 * As `inflateFirstMember`, in one piece: much faster, and meanwhile the thread does nothing else. `content` is empty where
 * the member is no whole one. Undefined: it has more than `bytesMax` bytes.
 */
export function inflateAtOnce(
  body: Uint8Array,
  bytesMax: number,
): { readonly member: Member; readonly content: Uint8Array } | undefined {
  const bytes = bufferOf(body)
  const start = headerLength(bytes)
  if (typeof start !== 'number') return { member: start, content: nothing }
  // What the trailer says is right where nothing follows it.
  const toldBytes = bytes.readUInt32LE(bytes.length - 4)
  if (toldBytes > bytesMax) return undefined
  try {
    const { buffer: content, consumed } = inflateRaw(bytes.subarray(start), toldBytes, bytesMax)
    const end = { checksum: crc32(content), length: content.length }
    const member = memberThatEnds(bytes, start + consumed, end)
    return { member, content: typeof member === 'string' ? nothing : content }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return undefined
    return { member: faultOf(error), content: nothing }
  }
}

const nothing = new Uint8Array()
/** Where the trailer tells less than there is. */
const atOncePartBytes = 16 * 1024

/** With `info`, zlib tells where it stopped; its types do not. */
function inflateRaw(bytes: Buffer, toldBytes: number, bytesMax: number): { buffer: Buffer; consumed: number } {
  const answer: unknown = inflateRawSync(bytes, {
    // With one byte more than there are, zlib sees the end in its first round.
    chunkSize: Math.max(toldBytes + 1, atOncePartBytes),
    maxOutputLength: bytesMax,
    info: true,
  })
  const { buffer, engine } = answer as { buffer: Buffer; engine: { bytesWritten: number } }
  return { buffer, consumed: engine.bytesWritten }
}

const bufferOf = ({ buffer, byteOffset, length }: Uint8Array): Buffer => Buffer.from(buffer, byteOffset, length)

const faultOf = (error: unknown): Member =>
  error instanceof Error && /unexpected end/.test(error.message) ? 'cut-short' : 'not-gzip'

function memberThatEnds(bytes: Buffer, end: number, about: { checksum: number; length: number }): Member {
  if (bytes.length < end + trailerBytes) return 'cut-short'
  if (bytes.readUInt32LE(end) !== about.checksum || bytes.readUInt32LE(end + 4) !== about.length % 2 ** 32)
    return 'not-gzip'
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
