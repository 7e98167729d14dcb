import { decodeEntry, encodedLength, encodeEntry, entryEnd } from '@opentrail/core/event'
import type { NewEntry, Sequence, StoredEntry, StreamId } from '@opentrail/core/event'

/** Consecutive entries of one stream in memory, made into objects only when asked for. */
export interface EntryRun {
  readonly first: Sequence
  readonly count: number
  /** Roughly what it occupies, for caches. */
  readonly bytes: number
  /** `index` from 0. */
  at(index: number): StoredEntry
}

/** Encodes new entries into memory of their own, numbered from `first`. */
export function encodeEntries(
  entries: readonly NewEntry[],
  stream: StreamId,
  first: Sequence,
): { readonly bytes: Buffer; readonly run: EntryRun } {
  let length = 0
  for (const entry of entries) length += encodedLength(entry)
  const bytes = Buffer.allocUnsafeSlow(length)
  const offsets = new Uint32Array(entries.length)
  let offset = 0
  for (let index = 0; index < entries.length; index++) {
    offsets[index] = offset
    offset = encodeEntry(bytes, offset, entries[index]!, (first + index) as Sequence)
  }
  return { bytes, run: runOver(bytes, offsets, stream, first) }
}

/** A run over encoded entries. @throws {RangeError} when `bytes` is not exactly `count` entries. */
export const encodedRun = (bytes: Buffer, stream: StreamId, first: Sequence, count: number): EntryRun =>
  runOver(bytes, entryOffsets(bytes, count), stream, first)

/** Where each of the encoded entries begins. @throws {RangeError} when `bytes` is not exactly `count` entries. */
export function entryOffsets(bytes: Buffer, count: number): Uint32Array {
  const offsets = new Uint32Array(count)
  let offset = 0
  for (let index = 0; index < count; index++) {
    offsets[index] = offset
    offset = entryEnd(bytes, offset)
  }
  if (offset !== bytes.length) throw new RangeError(`${bytes.length - offset} bytes behind the last entry`)
  return offsets
}

function runOver(bytes: Buffer, offsets: Uint32Array, stream: StreamId, first: Sequence): EntryRun {
  const at = (index: number): StoredEntry => decodeEntry(bytes, offsets[index]!, stream).entry
  return { first, count: offsets.length, bytes: bytes.length + offsets.byteLength, at }
}
