import type { Sequence } from '@opentrail/core/event'

/** Entries (after, to] of a stream, by the stream's number. */
export interface PlannedRange {
  readonly stream: number
  readonly after: Sequence | 0
  readonly to: Sequence
}

/** How many events of one stream and admission day were indexed, and within which sequences they lie. */
export interface BucketCount {
  readonly day: number
  readonly stream: number
  readonly events: number
  readonly first: Sequence
  readonly last: Sequence
}

/**
 * What is about to be inserted, written down first: after a crash the same entries are inserted again under the same
 * token, so that it makes no difference whether the first attempt took effect.
 */
export interface BatchPlan {
  /** Also the insert's token. */
  readonly id: string
  readonly ranges: readonly PlannedRange[]
  readonly counts: readonly BucketCount[]
}
