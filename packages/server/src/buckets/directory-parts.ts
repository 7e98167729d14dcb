import { decodePart, partPrefix, type PartRecord } from './directory-records.ts'
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
