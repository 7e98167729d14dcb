import { decodePart, layoutKey, partPrefix, type PartRecord } from './directory-records.ts'
import type { IndexReader } from './object-index.ts'
import { partNumberMax } from './object-limits.ts'

export interface NumberedPart extends PartRecord {
  readonly number: number
}

/** The parts of an upload in the order of their numbers, those after `after`. */
export function partsOf(reader: IndexReader, uploadId: string, after = 0, limit = partNumberMax): NumberedPart[] {
  const prefix = partPrefix(uploadId)
  const start = Buffer.concat([prefix, Buffer.from([after >> 8, after & 0xff])])
  return reader
    .range(prefix, start, limit)
    .map(({ key, value }) => ({ number: key.readUInt16BE(prefix.length), ...decodePart(value) }))
}

/** One content of a completed upload. */
export interface PlacedPart {
  readonly number: number
  readonly id: string
  readonly size: number
}

const idBytes = 16
const sizeBytes = 6
const entryBytes = 2 + idBytes + sizeBytes

/** All contents of a completed upload as one value: each read of a range asks for it, of 10,000 parts, too. */
export function encodeLayout(parts: readonly PlacedPart[]): Buffer {
  const layout = Buffer.alloc(parts.length * entryBytes)
  for (const [at, { number, id, size }] of parts.entries()) {
    layout.writeUInt16BE(number, at * entryBytes)
    layout.write(id, at * entryBytes + 2, 'hex')
    layout.writeUIntBE(size, at * entryBytes + 2 + idBytes, sizeBytes)
  }
  return layout
}

export function layoutOf(reader: IndexReader, uploadId: string): PlacedPart[] {
  const layout = reader.get(layoutKey(uploadId)) ?? Buffer.alloc(0)
  return Array.from({ length: layout.length / entryBytes }, (_, index) => {
    const at = index * entryBytes
    return {
      number: layout.readUInt16BE(at),
      id: layout.toString('hex', at + 2, at + 2 + idBytes),
      size: layout.readUIntBE(at + 2 + idBytes, sizeBytes),
    }
  })
}
