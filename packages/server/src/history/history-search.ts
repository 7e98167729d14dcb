import type { Sequence, StoredEntry, StreamId } from '@opentrail/core/event'
import type { SearchAttribute, SearchExpression } from '@opentrail/core/search'

/** Newest first: by event time (whole seconds), then stream, then sequence, all falling. */
export interface SearchPlace {
  readonly time: number
  readonly stream: StreamId
  readonly sequence: Sequence
}

export interface SearchScope {
  readonly streams: readonly StreamId[]
  /** Absent: every event. */
  readonly expression?: SearchExpression
  /** Event time, whole seconds since the epoch, both inclusive. */
  readonly timeMin: number
  readonly timeMax: number
  /** Of a walk that goes on: what came later than these sequences stays out. Absent at its start. */
  readonly snapshots?: ReadonlyMap<StreamId, Sequence | 0>
  /** Nobody waits for the answer once it aborts: the search ends with its reason, wherever it is. */
  readonly signal?: AbortSignal
}

export interface SearchRequest extends SearchScope {
  readonly after?: SearchPlace
  /** 1 to 1,000. */
  readonly limit: number
  /** Records read at most for this answer where the index alone cannot tell. */
  readonly scanMax: number
}

export interface SearchPage {
  /** Newest first; may be fewer than the limit, even none, while `next` says that more may follow. */
  readonly entries: readonly StoredEntry[]
  readonly snapshots: ReadonlyMap<StreamId, Sequence | 0>
  /** Where to go on; absent at the end. Everything before it was looked at. */
  readonly next?: SearchPlace
}

/** Counts over event time. Counts are exact where `searchedTo` is absent; else of what is not older than it (seconds). */
export interface SearchCounts {
  readonly snapshots: ReadonlyMap<StreamId, Sequence | 0>
  readonly total: number
  /** Beginning of each bucket that is not empty, rising, whole seconds since the epoch; buckets are aligned to multiples of `bucketSeconds`. */
  readonly buckets: readonly { readonly start: number; readonly count: number }[]
  readonly searchedTo?: number
}

export interface SearchValues {
  /** Most frequent first, then newest. */
  readonly values: readonly { readonly value: string; readonly count: number }[]
  /** How many events the counts are of. */
  readonly total: number
  readonly searchedTo?: number
}

/** Any event of any category by any expression. What it answers is what `matchesSearch` says of the records. Reads your writes. */
export interface HistorySearch {
  /** @throws {PostingsUnavailableError} the index could not answer in time. */
  page(request: SearchRequest): Promise<SearchPage>
  /** @throws {PostingsUnavailableError} */
  counts(scope: SearchScope & { readonly bucketSeconds: number; readonly scanMax: number }): Promise<SearchCounts>
  /** The most frequent values of an attribute, at most 100. @throws {PostingsUnavailableError} */
  values(
    scope: SearchScope & { readonly attribute: SearchAttribute; readonly limit: number; readonly scanMax: number },
  ): Promise<SearchValues>
  /** Which of these event ids are in the index, each with its place: at most 5,000 ids. @throws {PostingsUnavailableError} */
  known(stream: StreamId, eventIds: readonly string[]): Promise<ReadonlyMap<string, Sequence>>
}
