/** GET /api/v1/trails/{name}/files?region=&limit=&cursor=: newest first; the name or the trail's ARN, percent-encoded. */
export interface ApiLogFilePage {
  readonly files: readonly ApiLogFile[]
  readonly cursor?: string
}

export interface ApiLogFile {
  readonly account: string
  readonly region: string
  readonly bucket: string
  readonly key: string
  readonly sha256: string
  /** Before compression. */
  readonly bytes: number
  readonly events: number
  readonly oldest: string
  readonly newest: string
  readonly deliveredAt: string
}

/** GET /api/v1/trails/{name}/digests?region=&limit=&cursor=: newest first. */
export interface ApiDigestPage {
  readonly digests: readonly ApiDigest[]
  readonly cursor?: string
}

export interface ApiDigest {
  readonly account: string
  readonly region: string
  readonly bucket: string
  readonly key: string
  readonly start: string
  readonly end: string
  readonly files: number
  readonly previousKey?: string
  readonly fingerprint: string
  /** As found when asked: signature and link to the one before it, read from the bucket. */
  readonly state: 'valid' | 'invalid' | 'missing' | 'unknown'
  readonly why?: string
}

/** POST /api/v1/dry-run: what selectors would have taken of the last `days` (1 to 90); selectors as in PutEventSelectors. */
export interface ApiDryRunRequest {
  readonly eventSelectors?: readonly unknown[]
  readonly advancedEventSelectors?: readonly unknown[]
  readonly days?: number
  readonly regions?: readonly string[]
}

export interface ApiDryRun {
  /** Events that were looked at, and those that would have been taken. */
  readonly events: number
  readonly selected: number
  /** Of the selected records, uncompressed. */
  readonly selectedBytes: number
  readonly byEventSource: readonly { readonly value: string; readonly events: number; readonly selected: number }[]
  /** Where there were too many for one answer: a sample, evenly over the time; `events` says how many were looked at. */
  readonly sampleOf?: number
}
