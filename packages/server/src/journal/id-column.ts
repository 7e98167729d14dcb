import { entryFields, type Sequence } from '@opentrail/core/event'
import type { EncodedEntries } from './block-codec.ts'
import type { RecentIds } from './journal.ts'
import { createVarintReader, createVarintWriter } from './varint.ts'

/**
 * The ids of consecutive entries, one part per run that was sealed together, back to back:
 *
 *     0 u32 entries   4 u32 length of the times   8 times as varints of their change, ms rounded up   16 bytes per id
 */
const prefixBytes = 8
const idKeyBytes = 16
/** Times are kept within this, so that differences stay exact; they only decide how long an id is remembered. */
const timeMax = 2 ** 51

const wholeTime = (time: number): number =>
  // A time that is none counts as latest: an id must not be forgotten early.
  Number.isNaN(time) ? timeMax : Math.min(timeMax, Math.max(-timeMax, Math.ceil(time)))

/** The ids of encoded entries, read without looking at anything else. */
export function idsOf({ bytes, offsets }: EncodedEntries, first: Sequence): RecentIds {
  const idKeys = Buffer.allocUnsafeSlow(offsets.length * idKeyBytes)
  const admittedAt = new Float64Array(offsets.length)
  for (let index = 0; index < offsets.length; index++) {
    const idKey = offsets[index]! + entryFields.idKey
    bytes.copy(idKeys, index * idKeyBytes, idKey, idKey + idKeyBytes)
    admittedAt[index] = wholeTime(bytes.readDoubleLE(offsets[index]! + entryFields.admittedAt))
  }
  return { first, idKeys, admittedAt }
}

/** One part of the column. */
export function encodeIds({ idKeys, admittedAt }: RecentIds): Buffer {
  const times = createVarintWriter()
  let previous = 0
  for (const time of admittedAt) {
    times.signed(time - previous)
    previous = time
  }
  const timeBytes = times.finish()
  const prefix = Buffer.alloc(prefixBytes)
  prefix.writeUInt32LE(admittedAt.length, 0)
  prefix.writeUInt32LE(timeBytes.length, 4)
  return Buffer.concat([prefix, timeBytes, idKeys])
}

/** All parts of a column whose first entry is `first`. @throws {RangeError} it does not hold `count` entries. */
export function decodeIds(column: Buffer, first: Sequence, count: number): RecentIds[] {
  const parts: RecentIds[] = []
  let at = 0
  let next: number = first
  while (at < column.length) {
    const admittedAt = new Float64Array(Math.min(column.readUInt32LE(at), column.length))
    const timesEnd = at + prefixBytes + column.readUInt32LE(at + 4)
    const times = createVarintReader(column, at + prefixBytes)
    let time = 0
    for (let index = 0; index < admittedAt.length; index++) admittedAt[index] = time += times.signed()
    at = timesEnd + admittedAt.length * idKeyBytes
    if (times.position !== timesEnd || at > column.length) throw new RangeError('ids and times do not match')
    parts.push({ first: next as Sequence, idKeys: column.subarray(timesEnd, at), admittedAt })
    next += admittedAt.length
  }
  if (next !== first + count) throw new RangeError(`${next - first} ids, not ${count}`)
  return parts
}

/** The part of `ids` from `from` to `to`; undefined where it is empty. */
export function idsBetween(ids: RecentIds, from: number, to: number): RecentIds | undefined {
  const start = Math.max(0, from - ids.first)
  const end = Math.min(ids.admittedAt.length, to + 1 - ids.first)
  if (end <= start) return undefined
  return {
    first: (ids.first + start) as Sequence,
    idKeys: ids.idKeys.subarray(start * idKeyBytes, end * idKeyBytes),
    admittedAt: ids.admittedAt.subarray(start, end),
  }
}
