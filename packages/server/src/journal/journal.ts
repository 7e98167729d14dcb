import type { NewEntry, Sequence, StoredEntry, StreamId } from '@opentrail/core/event'
import type { MerkleFrontier } from '@opentrail/core/merkle'

/** Entries of one stream in order; `last` is the sequence to read on from (the last of `entries`, or `after` if none). */
export interface JournalPage {
  readonly entries: readonly StoredEntry[]
  readonly last: Sequence
}

/** Ids of consecutive entries of a stream, without their records. */
export interface RecentIds {
  readonly first: Sequence
  /** 16 bytes each, in order. */
  readonly idKeys: Uint8Array
  /** Of each entry, rounded up to whole ms. */
  readonly admittedAt: Float64Array
}

/** Where a stream stands, durable entries only. */
export interface StreamState {
  readonly stream: StreamId
  /** Oldest entry still kept (retention removes from the front); `last + 1` when none is. */
  readonly first: Sequence
  readonly last: Sequence
  /** RFC 6962 frontier over all entries from the first ever, leaf = H(0 ‖ recordHash). */
  readonly frontier: MerkleFrontier
}

/** A node of a stream's Merkle tree. `index` counts from 0 within the level; leaves are level 0. */
export interface TreeNode {
  readonly level: number
  readonly index: number
  readonly hash: Uint8Array
}

/** What entries did to their stream's tree. Nothing of it is memory that is used again. */
export interface TreeGrowth {
  /** The tree that ends with them. */
  readonly frontier: MerkleFrontier
  /** Nodes of the levels 8, 16, 24, ... that they completed, children before their parent. */
  readonly rows: readonly TreeNode[]
}

/** Told of consecutive entries of one stream. `entries` may be memory that is used again afterwards. */
export type DurableListener = (stream: StreamId, entries: readonly StoredEntry[], growth: TreeGrowth) => void

/**
 * The append-only record of accepted events, in streams (one per account and Region), and the only source of truth:
 * history, log files and the lake are derived from it and can be rebuilt.
 * Sequences are dense per stream: 1, 2, 3, ... Every adapter passes `journalContract`. Methods may be called concurrently.
 */
export interface Journal {
  /**
   * Appends all entries to one stream, in order and without gaps, or none. Resolves to the last one's sequence once they
   * would survive a power cut. `reserve: true` may use the space kept back for the service's own audit events.
   * @throws {JournalFullError} nothing was stored; the caller may try again later.
   * @throws {JournalUnavailableError} the disk failed; whether the entries were stored is known only after recovery.
   * @throws {JournalFencedError} another writer has taken over; stop writing.
   */
  append(stream: StreamId, entries: readonly NewEntry[], options?: { readonly reserve?: boolean }): Promise<Sequence>
  /**
   * Entries after `after`, oldest first, at most `limit` (at least one if there is one); none that a power cut could
   * still remove. @throws {JournalUnavailableError} the disk cannot be read.
   */
  read(stream: StreamId, after: Sequence | 0, limit: number): Promise<JournalPage>
  /**
   * The entries at `sequences` in that order; undefined where retention has removed one or it is not durable.
   * @throws {JournalUnavailableError} the disk cannot be read.
   */
  get(stream: StreamId, sequences: readonly Sequence[]): Promise<(StoredEntry | undefined)[]>
  /**
   * The ids of the durable entries after `after`, oldest first, far cheaper than reading them. May begin later where everything
   * before was admitted earlier than `admittedFrom` (ms); the newest entries, and a few old ones between younger, are given
   * all the same. Left out: what retention has removed, and what cannot be decrypted.
   */
  recentIds(stream: StreamId, after: Sequence | 0, admittedFrom: number): AsyncIterable<RecentIds>
  /** All streams that ever had an entry. */
  streams(): readonly StreamState[]
  /** The durable mark of a stream; 0 for an unknown one. */
  durable(stream: StreamId): Sequence | 0
  /**
   * Calls `listener` after entries of a stream became durable, in order, once per entry; entries may be reused memory,
   * so a listener that keeps them copies. Returns the function that stops it.
   */
  subscribe(listener: DurableListener): () => void
  /**
   * Frees what is older than `admittedBefore` (ms) and not after any of `cursors` of its stream (a stream that is absent
   * from `cursors` is not held back). Returns how many bytes were freed on disk.
   */
  retain(admittedBefore: number, cursors: ReadonlyMap<StreamId, Sequence | 0>): Promise<number>
  stats(): JournalStats
  close(): Promise<void>
}

export interface JournalStats {
  readonly bytes: number
  readonly bytesMax: number
  readonly segments: number
  readonly unsealedSegments: number
}

export class JournalFullError extends Error {
  override readonly name = 'JournalFullError'
}
export class JournalUnavailableError extends Error {
  override readonly name = 'JournalUnavailableError'
}
export class JournalFencedError extends Error {
  override readonly name = 'JournalFencedError'
}
