import type { Sequence } from '@opentrail/core/event'
import type { Hash64 } from './sip-hash.ts'

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
  /** Never `everyEventAttribute`: an event's own row is one of `EventRows`. */
  readonly attribute: Uint8Array
  /** 64-bit hash of the attribute's value. */
  readonly value: BigUint64Array
  readonly time: Uint32Array
  readonly sequence: Float64Array
}

/**
 * The hashes of one search attribute, two halves each, low half first. One for each row (0: it has none), or, where there
 * is `ends`, any number of distinct ones: those of a row end before `ends` of it, counted in hashes.
 */
export interface SearchColumn {
  readonly values: Uint32Array
  readonly ends?: Uint32Array
}

/** One row for each event, of every category. Found as a posting of `everyEventAttribute` with the category as value. */
export interface EventRows {
  readonly length: number
  readonly day: Uint16Array
  readonly stream: Uint32Array
  readonly category: Uint8Array
  readonly time: Uint32Array
  readonly sequence: Float64Array
  /** By the place in `searchAttributes`. */
  readonly columns: readonly SearchColumn[]
}

/** What one insert takes. */
export interface PostingBatch {
  readonly postings: PostingRows
  readonly events: EventRows
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

/** The attribute that every event has, once each: with its category as value it lists the events of a stream, newest first. */
export const everyEventAttribute = 0

/** How many events of a stream and admission day are indexed. */
export interface IndexedCount {
  readonly day: number
  readonly stream: number
  readonly events: number
}

/** What the columns of an event must say. `has`: it has one of these values of an attribute (its place in `searchAttributes`). */
export type EventPredicate =
  | { readonly kind: 'and' | 'or'; readonly of: readonly EventPredicate[] }
  | { readonly kind: 'not'; readonly of: EventPredicate }
  | { readonly kind: 'has'; readonly attribute: number; readonly values: readonly Hash64[] }

/** Sequences of a stream, both inclusive. */
export interface StreamRange {
  readonly stream: number
  readonly sequenceMin: Sequence
  readonly sequenceMax: Sequence
}

/** Which events are asked for. All bounds are inclusive. */
export interface EventQuery {
  /** At least one, none twice. Of events of the same second those of a stream that stands earlier here come first. */
  readonly streams: readonly StreamRange[]
  /** Absent: every event. */
  readonly predicate?: EventPredicate
  readonly timeMin: number
  readonly timeMax: number
  /** Ends the question, with its reason. */
  readonly signal?: AbortSignal
}

/** Where an event stands. The order is: time falling, stream as the query lists them, sequence falling. */
export interface EventPlace extends Posting {
  readonly stream: number
}

/** Events that share a value. */
export interface ValueGroup {
  readonly value: Hash64
  /** Events, each counted once. */
  readonly count: number
  readonly newest: EventPlace
}

/** Non-empty buckets of event time, rising: `start` is a multiple of the bucket's width in seconds. */
export interface TimeBucket {
  readonly start: number
  readonly count: number
}

/**
 * Where postings and events live: chDB or a ClickHouse cluster. Derived data: what is lost here is refilled from the journal.
 * Streams are numbers here; the caller keeps the table of names. Every adapter passes `postingsStoreContract`.
 */
export interface PostingsStore {
  /**
   * Inserts all rows or none (per day; a day's postings before its events); the same `token` again is ignored.
   * @throws {PostingsUnavailableError}
   */
  insert(batch: PostingBatch, token: string): Promise<void>
  find(query: PostingQuery): Promise<Posting[]>
  /** The first `limit` events of the order, strictly after `after`. */
  search(query: EventQuery & { readonly after?: EventPlace; readonly limit: number }): Promise<EventPlace[]>
  histogram(query: EventQuery & { readonly bucketSeconds: number }): Promise<TimeBucket[]>
  /**
   * The most frequent values of an attribute (its place in `searchAttributes`), for equal counts the one of the newest event
   * first, of one event's the smaller hash. `among`: only these values.
   */
  topValues(
    query: EventQuery & { readonly attribute: number; readonly limit: number; readonly among?: readonly Hash64[] },
  ): Promise<ValueGroup[]>
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
