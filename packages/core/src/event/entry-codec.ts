import type { NewEntry, StoredEntry } from './envelope.ts'
import type { Sequence, StreamId } from './identifiers.ts'

/**
 * The binary form of an entry, used in journal segments and between threads. Little endian:
 *
 *     0  u32  length of the envelope        4  u32  length of the record
 *     8  u64  sequence (0 = not given yet) 16  f64  admittedAt, ms
 *    24  16 bytes idKey                    40  32 bytes recordHash
 *    72  envelope (UTF-8 JSON), then the record
 */
export const entryHeaderBytes = 72
/** Where the header's fields begin, for readers that need only some of them. */
export const entryFields = { envelopeLength: 0, recordLength: 4, admittedAt: 16, idKey: 24, recordHash: 40 } as const

export const encodedLength = (entry: NewEntry): number => entryHeaderBytes + entry.envelope.length + entry.record.length

/** Writes one entry at `offset` and returns the offset behind it. The caller has made room. */
export function encodeEntry(target: Buffer, offset: number, entry: NewEntry, sequence: Sequence | 0): number {
  target.writeUInt32LE(entry.envelope.length, offset)
  target.writeUInt32LE(entry.record.length, offset + 4)
  target.writeUInt32LE(sequence % 0x1_0000_0000, offset + 8)
  target.writeUInt32LE(Math.floor(sequence / 0x1_0000_0000), offset + 12)
  target.writeDoubleLE(entry.admittedAt, offset + 16)
  target.set(entry.idKey, offset + 24)
  target.set(entry.recordHash, offset + 40)
  target.set(entry.envelope, offset + entryHeaderBytes)
  target.set(entry.record, offset + entryHeaderBytes + entry.envelope.length)
  return offset + encodedLength(entry)
}

/** Where the entry at `offset` ends. @throws {RangeError} when `source` ends inside it. */
export function entryEnd(source: Buffer, offset: number): number {
  const end = offset + entryHeaderBytes + source.readUInt32LE(offset) + source.readUInt32LE(offset + 4)
  if (end > source.length)
    throw new RangeError(`entry at ${offset} ends at ${end}, behind the ${source.length} bytes there are`)
  return end
}

/** Reads the entry at `offset`; its arrays are views of `source`. @throws {RangeError} when `source` ends inside it. */
export function decodeEntry(source: Buffer, offset: number, stream: StreamId): { entry: StoredEntry; end: number } {
  const envelopeStart = offset + entryHeaderBytes
  const recordStart = envelopeStart + source.readUInt32LE(offset)
  const end = entryEnd(source, offset)
  const sequence = source.readUInt32LE(offset + 8) + source.readUInt32LE(offset + 12) * 0x1_0000_0000
  const entry: StoredEntry = {
    stream,
    sequence: sequence as Sequence,
    admittedAt: source.readDoubleLE(offset + 16),
    idKey: source.subarray(offset + 24, offset + 40),
    recordHash: source.subarray(offset + 40, envelopeStart),
    envelope: source.subarray(envelopeStart, recordStart),
    record: source.subarray(recordStart, end),
  }
  return { entry, end }
}
