import { hash } from 'node:crypto'
import * as zlib from 'node:zlib'
import { entryEnd, entryFields, entryHeaderBytes, type Sequence, type StreamId } from '@opentrail/core/event'
import type { EntryRun } from './entry-run.ts'
import { createVarintReader, createVarintWriter } from './varint.ts'

/**
 * A block of a sealed segment: consecutive entries of one stream, small fields in columns, then envelopes and records.
 * What can be computed again is left out: the sequence, the record's hash, and the id key where the envelope spells it.
 *
 *     0 u8 codec   1 u32 raw length   5 compressed: u32 length of the columns, columns, envelope and record of each entry
 *     columns of varints: flags, envelope lengths, record lengths, place of the id in the envelope, change of admittedAt;
 *     then, as flagged: 32 bytes recordHash, 16 bytes idKey, 8 bytes admittedAt
 */
const codecs = { deflate: 1, zstd: 2 } as const
export type BlockCodec = keyof typeof codecs
const blockPrefixBytes = 5
const hashStored = 1
const idKeyStored = 2
const timeStored = 4

/** Zstandard came to node:zlib in 22.15: older ones write deflate and cannot read zstd. */
export const zstdSupported = typeof zlib.zstdCompressSync === 'function'

/**
 * Level 3 saves 1 % of the bytes. A dictionary of 32 KiB per stream and segment would save 15 %, but its loading for each
 * block costs more than half of the time again. Deflate 6 is zlib's own balance.
 */
const zstdLevel = 1
const deflateLevel = 6

const codecAtHand = (): BlockCodec => (zstdSupported ? 'zstd' : 'deflate')

/** Encoded entries, back to back, and where each begins. */
export interface EncodedEntries {
  readonly bytes: Buffer
  readonly offsets: Uint32Array
}

/** Packs the entries from index `from` up to, not including, `to`. */
export function packBlock(entries: EncodedEntries, from: number, to: number, codec = codecAtHand()): Buffer {
  const raw = encodeBlock(entries, from, to)
  const prefix = Buffer.alloc(blockPrefixBytes)
  prefix[0] = codecs[codec]
  prefix.writeUInt32LE(raw.length, 1)
  return Buffer.concat([prefix, compress(raw, codec)])
}

/** @throws {Error} the bytes are damaged, or compressed by a codec this Node.js lacks, or not `count` entries. */
export const unpackBlock = (
  block: Buffer,
  place: { readonly stream: StreamId; readonly first: Sequence; readonly count: number },
): EntryRun => decodeBlock(decompress(block[0]!, block.subarray(blockPrefixBytes), block.readUInt32LE(1)), place)

function compress(raw: Uint8Array, codec: BlockCodec): Buffer {
  if (codec === 'deflate') return zlib.deflateRawSync(raw, { level: deflateLevel })
  const params = { [zlib.constants.ZSTD_c_compressionLevel]: zstdLevel, [zlib.constants.ZSTD_c_contentSizeFlag]: 0 }
  return zlib.zstdCompressSync(raw, { params })
}

function decompress(codec: number, packed: Uint8Array, rawLength: number): Buffer {
  // Room for one byte more than there is: the end is then seen without a second chunk.
  const options = { maxOutputLength: Math.max(1, rawLength), chunkSize: Math.max(chunkBytesMin, rawLength + 1) }
  if (codec === codecs.deflate) return zlib.inflateRawSync(packed, options)
  if (codec !== codecs.zstd) throw new Error(`unknown block codec ${codec}`)
  if (!zstdSupported) throw new Error('this block is compressed with Zstandard: use Node.js 22.15 or newer')
  return zlib.zstdDecompressSync(packed, options)
}
/** The least that node:zlib takes. */
const chunkBytesMin = 64

/** Reads each entry where it lies: this runs for every record, so no object is made of it. */
export function encodeBlock({ bytes, offsets }: EncodedEntries, from: number, to: number): Buffer {
  const count = to - from
  const flags = new Uint8Array(count)
  const idPlaces = new Uint32Array(count)
  let bodyBytes = 0
  let fieldBytes = 0
  // Envelopes of one principal spell the id in the same place.
  let idPlace = 0
  for (let index = 0; index < count; index++) {
    const offset = offsets[from + index]!
    const envelope = offset + entryHeaderBytes
    const record = envelope + bytes.readUInt32LE(offset + entryFields.envelopeLength)
    const end = record + bytes.readUInt32LE(offset + entryFields.recordLength)
    idPlace = placeOfId(bytes, offset + entryFields.idKey, envelope, record, idPlace)
    idPlaces[index] = Math.max(0, idPlace)
    const computed = hash('sha256', bytes.subarray(record, end), 'buffer')
    const stored = offset + entryFields.recordHash
    const sameHash = bytes.compare(computed, 0, hashBytes, stored, stored + hashBytes) === 0
    const fits = fitsColumn(bytes.readDoubleLE(offset + entryFields.admittedAt))
    const flag = (sameHash ? 0 : hashStored) | (idPlace >= 0 ? 0 : idKeyStored) | (fits ? 0 : timeStored)
    flags[index] = flag
    fieldBytes += storedBytes(flag)
    bodyBytes += end - envelope
  }
  const columns = encodeColumns({ bytes, offsets }, from, flags, idPlaces)
  const raw = Buffer.allocUnsafe(4 + columns.length + fieldBytes + bodyBytes)
  raw.writeUInt32LE(columns.length + fieldBytes)
  let at = 4 + columns.copy(raw, 4)
  const put = (start: number, end: number): void => void (at += bytes.copy(raw, at, start, end))
  for (let index = 0; index < count; index++) {
    const flag = flags[index]!
    if (flag === 0) continue
    const offset = offsets[from + index]!
    const { recordHash, idKey, admittedAt } = entryFields
    if (flag & hashStored) put(offset + recordHash, offset + recordHash + hashBytes)
    if (flag & idKeyStored) put(offset + idKey, offset + idKey + idKeyBytes)
    if (flag & timeStored) put(offset + admittedAt, offset + admittedAt + timeBytes)
  }
  for (let index = from; index < to; index++) put(offsets[index]! + entryHeaderBytes, entryEnd(bytes, offsets[index]!))
  return raw
}

function encodeColumns({ bytes, offsets }: EncodedEntries, from: number, flags: Uint8Array, idPlaces: Uint32Array) {
  const columns = createVarintWriter()
  const header = (index: number, field: number): number => offsets[from + index]! + field
  for (const flag of flags) columns.unsigned(flag)
  for (const index of flags.keys()) columns.unsigned(bytes.readUInt32LE(header(index, entryFields.envelopeLength)))
  for (const index of flags.keys()) columns.unsigned(bytes.readUInt32LE(header(index, entryFields.recordLength)))
  for (const place of idPlaces) columns.unsigned(place)
  let previous = 0
  for (const [index, flag] of flags.entries()) {
    if (flag & timeStored) continue
    const time = bytes.readDoubleLE(header(index, entryFields.admittedAt))
    columns.signed(time - previous)
    previous = time
  }
  return columns.finish()
}

const hashBytes = 32
const idKeyBytes = 16
const timeBytes = 8
const storedBytes = (flag: number): number =>
  (flag & hashStored ? hashBytes : 0) + (flag & idKeyStored ? idKeyBytes : 0) + (flag & timeStored ? timeBytes : 0)

/** Whole milliseconds whose differences stay exact; and not -0, which a difference cannot tell from 0. */
const fitsColumn = (time: number): boolean => Number.isInteger(time) && Math.abs(time) < 2 ** 52 && !Object.is(time, -0)

const uuidLength = 36

/** Where the envelope spells the id as a UUID, looking at `likely` first; -1 where it does not. */
function placeOfId(bytes: Buffer, idKey: number, envelope: number, end: number, likely: number): number {
  if (likely >= 0 && spellsId(bytes, idKey, envelope + likely, end)) return likely
  return bytes.subarray(envelope, end).indexOf(uuidText(bytes.subarray(idKey, idKey + idKeyBytes)), 0, 'latin1')
}

function spellsId(bytes: Buffer, idKey: number, place: number, end: number): boolean {
  if (place + uuidLength > end) return false
  let at = place
  for (let index = 0; index < idKeyBytes; index++) {
    if (index === 4 || index === 6 || index === 8 || index === 10) if (bytes[at++] !== dash) return false
    const byte = bytes[idKey + index]!
    if (bytes[at++] !== hexDigits[byte >> 4] || bytes[at++] !== hexDigits[byte & 15]) return false
  }
  return true
}
const dash = 0x2d
const hexDigits = Buffer.from('0123456789abcdef', 'latin1')

export function decodeBlock(
  raw: Buffer,
  { stream, first, count }: { readonly stream: StreamId; readonly first: Sequence; readonly count: number },
): EntryRun {
  const columnsEnd = 4 + raw.readUInt32LE(0)
  const columns = createVarintReader(raw, 4)
  const column = (): number[] => Array.from({ length: count }, () => columns.unsigned())
  const [flags, envelopeLengths, recordLengths, idPlaces] = [column(), column(), column(), column()]
  let time = 0
  const times = flags.map((flag) => (flag & timeStored ? Number.NaN : (time += columns.signed())))
  let field = columns.position
  const fieldOffsets = flags.map((flag) => {
    const offset = field
    field += storedBytes(flag)
    return offset
  })
  let body = columnsEnd
  const bodies = envelopeLengths.map((length, index) => {
    const offset = body
    body += length + recordLengths[index]!
    return offset
  })
  if (field !== columnsEnd || body !== raw.length) throw new RangeError('the block does not hold what its columns say')
  return {
    first,
    count,
    bytes: raw.length + count * 64,
    at(index) {
      const flag = flags[index]!
      const recordOffset = bodies[index]! + envelopeLengths[index]!
      const envelope = raw.subarray(bodies[index], recordOffset)
      const record = raw.subarray(recordOffset, recordOffset + recordLengths[index]!)
      let at = fieldOffsets[index]!
      const take = (length: number): Buffer => raw.subarray(at, (at += length))
      let recordHash = flag & hashStored ? take(32) : undefined
      const idKey = flag & idKeyStored ? take(16) : uuidBytes(envelope, idPlaces[index]!)
      const admittedAt = flag & timeStored ? take(8).readDoubleLE() : times[index]!
      return {
        stream,
        sequence: (first + index) as Sequence,
        admittedAt,
        idKey,
        // When it is asked for: a search reads thousands of records and no hash.
        get recordHash() {
          return (recordHash ??= hash('sha256', record, 'buffer'))
        },
        envelope,
        record,
      }
    },
  }
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function uuidText(key: Uint8Array): string {
  const hex = asBuffer(key).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const uuidBytes = (envelope: Buffer, place: number): Buffer =>
  Buffer.from(envelope.toString('latin1', place, place + 36).replaceAll('-', ''), 'hex')
