import type { ApiEvent } from './event.ts'

/**
 * What a search is about, as query parameters. `where`: the search language (`docs/reference/search.md`). `from`, `to`: event time, ISO
 * 8601 or relative (`-90d`, `-1h`), inclusive. `accounts`, `regions`: comma-separated; absent: the caller's account, all Regions.
 */
export interface ApiScopeParameters {
  readonly where?: string
  readonly from?: string
  readonly to?: string
  readonly accounts?: string
  readonly regions?: string
}

/** GET /api/v1/events?limit=&cursor=: newest first. A page may be short, even empty, while `cursor` says that more may follow. */
export interface ApiEventPage {
  readonly events: readonly ApiEvent[]
  readonly cursor?: string
  /** How far back this answer has looked, where it is not the end. */
  readonly searchedTo?: string
}

/** GET /api/v1/events/histogram?bucket=: seconds of a bucket; absent, some 60 buckets of a round length are made. */
export interface ApiCounts {
  readonly total: number
  readonly bucketSeconds: number
  /** Those with events only, oldest first. */
  readonly buckets: readonly { readonly start: string; readonly count: number }[]
  /** Absent: the counts are of everything. Else of what is not older. */
  readonly searchedTo?: string
}

/** GET /api/v1/events/values?attribute=&limit=: the most frequent values first. */
export interface ApiTopValues {
  readonly attribute: string
  readonly total: number
  readonly values: readonly { readonly value: string; readonly count: number }[]
  readonly searchedTo?: string
}
