import type { Sequence, StoredEntry, StreamId } from '@opentrail/core/event'
import type { LookupCategory, LookupFilter } from '@opentrail/core/history'
import type { Posting } from './postings-store.ts'

/** One attribute and its exact value. */
export type HistoryFilter = LookupFilter

export interface HistoryRequest {
  readonly stream: StreamId
  readonly category: LookupCategory
  /** Absent: all events of the category. */
  readonly filter?: HistoryFilter
  /** Event time, whole seconds since the epoch, both inclusive. */
  readonly timeMin: number
  readonly timeMax: number
  /** Of a walk that goes on: what came later than this sequence stays out. Absent on the first page. */
  readonly snapshot?: Sequence | 0
  readonly after?: Posting
  /** 1 to 50. */
  readonly limit: number
}

export interface HistoryPage {
  /** Newest first; may be fewer than the limit, even none, while `next` says that more may follow. */
  readonly entries: readonly StoredEntry[]
  readonly snapshot: Sequence | 0
  /** Where to go on; absent at the end. */
  readonly next?: Posting
}

/** Management or Insights events by attribute, newest first, of one account and Region. Reads your writes. */
export interface HistoryReader {
  /** @throws {PostingsUnavailableError} the index could not answer in time. */
  page(request: HistoryRequest): Promise<HistoryPage>
}
