/** How far the refill of holes in the postings store is. */
export interface RefillProgress {
  /** Events that the store lacked when the refill began. */
  readonly missing: number
  readonly refilled: number
  readonly done: boolean
}

/** What the index reports: to the log and to metrics. Nothing depends on what a listener does. */
export interface HistoryEvents {
  /** A step failed and is tried again after a pause, for ever; `attempt` counts from 1. */
  failed?(step: string, error: unknown, attempt: number): void
  /** An entry's envelope cannot be read; the entry stays in the journal but cannot be looked up. */
  unreadable?(stream: string, sequence: number, error: unknown): void
  refill?(progress: RefillProgress): void
  /** After a refill the store still holds another number of events than were indexed; its number counts from now on. */
  countDiffers?(stream: string, day: number, indexed: number, stored: number): void
}
