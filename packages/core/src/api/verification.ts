/** What of a trail in one account and Region is: all sound; something is not; or not all of it could be read. */
export type ApiVerificationOutcome = 'valid' | 'invalid' | 'incomplete'

export interface ApiVerificationFinding {
  /** `log-file-hash-differs`; docs/guides/verifying.md has them all. */
  readonly kind: string
  /** `gap`, `notice`: told, and nothing that makes the outcome worse. */
  readonly severity: 'invalid' | 'gap' | 'notice'
  /** Bucket and key of what is concerned; of a chain as a whole, its folder. */
  readonly object: string
  readonly sentence: string
}

/** One chain of digests: a trail in one account and Region. */
export interface ApiVerifiedTrail {
  readonly arn: string
  readonly account: string
  readonly region: string
  readonly outcome: ApiVerificationOutcome
  /** Backfill digests among them. `unsigned`: this copy has lost their signatures, so nothing can be said of them. */
  readonly digests: { readonly valid: number; readonly invalid: number; readonly unsigned: number }
  /** `unsigned`: that only such digests list. */
  readonly logFiles: { readonly valid: number; readonly invalid: number; readonly unsigned: number }
  /** What is invalid first; the first hundred. */
  readonly findings: readonly ApiVerificationFinding[]
  readonly findingsLeftOut: number
}

/**
 * GET /api/v1/verification, of a server of `opentrail open`: digests and log files of the place, as `opentrail open --verify`
 * judges them. Begins with the first call and goes on between calls; there is one for as long as the server runs.
 */
export interface ApiVerification {
  readonly state: 'running' | 'done' | 'failed'
  /** Of one that failed: what stood in the way, and what to do. */
  readonly why?: string
  /** Of one that is done: the worst of all. */
  readonly outcome?: ApiVerificationOutcome
  /** So far, of all trails. */
  readonly checked: { readonly digests: number; readonly logFiles: number }
  /** Those that are finished, in the order of the place. */
  readonly trails: readonly ApiVerifiedTrail[]
  /** Accounts and Regions with log files and without any digest: nothing can be said of them. */
  readonly unproven: readonly { readonly account: string; readonly region: string }[]
  /** What this verification cannot tell at all, in sentences. */
  readonly notKnown: readonly string[]
}
