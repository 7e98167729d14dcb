import type { StoredEntry, StreamId } from '@opentrail/core/event'
import type { Posting } from './postings-store.ts'
import type { Sequence } from '@opentrail/core/event'

/** One attribute and its exact value, or all events of the stream. */
export interface HistoryFilter {
  readonly attribute:
    'EventId' | 'EventName' | 'ReadOnly' | 'Username' | 'ResourceType' | 'ResourceName' | 'EventSource' | 'AccessKeyId'
  readonly value: string
}

export interface HistoryRequest {
  readonly stream: StreamId
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
  /** Newest first. */
  readonly entries: readonly StoredEntry[]
  readonly snapshot: Sequence | 0
  /** Where to go on; absent at the end. */
  readonly next?: Posting
}

/** Management events by attribute, newest first, of one account and Region. Reads your writes. */
export interface HistoryReader {
  /** @throws {PostingsUnavailableError} the index could not answer in time. */
  page(request: HistoryRequest): Promise<HistoryPage>
}
