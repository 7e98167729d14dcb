import type { Sequence } from '@opentrail/core/event'

/** A posting: "the event at this place has this attribute value". `value` is a 64-bit hash; the reader checks the record. */
export interface Posting {
  /** Event time, whole seconds since the epoch. */
  readonly time: number
  readonly sequence: Sequence
}

/** Rows of one insert, in columns; all arrays are of equal length. `day` = admission day, whole days since the epoch. */
export interface PostingRows {
  readonly length: number
  readonly day: Uint16Array
  readonly stream: Uint32Array
  readonly attribute: Uint8Array
  /** 64-bit hash of the attribute's value. */
  readonly value: BigUint64Array
  readonly time: Uint32Array
  readonly sequence: Float64Array
}

/** Newest first: by time, then by sequence, both falling. All bounds are inclusive. */
export interface PostingQuery {
  readonly stream: number
  readonly attribute: number
  readonly value: bigint
  readonly timeMin: number
  readonly timeMax: number
  readonly sequenceMax: Sequence
  /** Only postings that come after this one in the order (strictly). */
  readonly after?: Posting
  readonly limit: number
}

/** The attribute that every event has, once each: with one fixed value it lists all events of a stream, newest first. */
export const everyEventAttribute = 0

/** How many events of a stream and admission day are indexed (rows of the attribute that every event has, once each). */
export interface IndexedCount {
  readonly day: number
  readonly stream: number
  readonly events: number
}

/**
 * Where postings live: chDB or a ClickHouse cluster. Derived data: what is lost here is refilled from the journal.
 * Streams are numbers here; the caller keeps the table of names. Every adapter passes `postingsStoreContract`.
 */
export interface PostingsStore {
  /** Inserts all rows or none (per day); the same `token` again is ignored. @throws {PostingsUnavailableError} */
  insert(rows: PostingRows, token: string): Promise<void>
  find(query: PostingQuery): Promise<Posting[]>
  counts(): Promise<IndexedCount[]>
  /** Sequences in [from, to] of a stream that are indexed, rising. */
  indexed(stream: number, from: Sequence, to: Sequence): Promise<Sequence[]>
  /** Forgets all admission days before `day`. */
  dropBefore(day: number): Promise<void>
  close(): Promise<void>
}

/** The engine does not answer, is restarting, or refused; nothing is known about the effect. Try again. */
export class PostingsUnavailableError extends Error {
  override readonly name = 'PostingsUnavailableError'
}
