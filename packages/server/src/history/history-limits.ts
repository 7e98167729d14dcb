/** The bounds of the index; tests make them small. */
export interface HistoryLimits {
  /** A batch is inserted this long after its first event at the latest: a second of events lost costs a second to redo. */
  readonly flushIntervalMs: number
  /** Events, rows and control documents of one insert. ClickHouse likes large inserts; these stay below 10 MiB. */
  readonly batchEventsMax: number
  readonly batchRowsMax: number
  readonly batchPartsMax: number
  /** The tail's bounds: some seconds of a full load, at most about 130 MiB. When full, events wait in the journal. */
  readonly tailEventsMax: number
  readonly tailRowsMax: number
  /** Entries read from the journal at once when catching up. */
  readonly catchUpPage: number
  /** Sequences of one stream that are compared, and refilled, in one step. */
  readonly refillStep: number
  /** How long a lookup waits for the index to reach the durable mark. */
  readonly lookupWaitMs: number
  /**
   * What a search that reads records does at a stretch: two run at a time, and with the records that arrive meanwhile the
   * event loop stands still for some 10 ms at most. Giving way costs microseconds.
   */
  readonly searchTurnMs: number
  /** The first pause after a failure, doubled up to the longest: an engine that restarts is back within seconds. */
  readonly pauseFirstMs: number
  readonly pauseMaxMs: number
}

export const defaultHistoryLimits: HistoryLimits = {
  flushIntervalMs: 1_000,
  batchEventsMax: 25_000,
  batchRowsMax: 350_000,
  batchPartsMax: 4_000,
  tailEventsMax: 150_000,
  tailRowsMax: 1_500_000,
  catchUpPage: 1_000,
  refillStep: 5_000,
  lookupWaitMs: 1_000,
  searchTurnMs: 4,
  pauseFirstMs: 100,
  pauseMaxMs: 10_000,
}
