import type { AccountId, Region } from '@opentrail/core/event'
import type { DigestLink } from './chain-document.ts'

/** Ledger entries numbered `after` + 1 to `to`. */
export interface OrdinalRange {
  readonly after: number
  readonly to: number
}

/**
 * What a chain that is over has covered: all that was delivered while it lived is in its digests. Written in the transaction
 * that ends the chain; what neither such a range nor a living chain covers is in no digest.
 */
export interface CoveredRange extends OrdinalRange {
  /** Of the chain, ms: its hours began at this minute and second. */
  readonly startedAt: number
}

export const coveredPrefix = 'digest/covered/'
export const coveredOf = (trailId: string, region: Region): string => `${coveredPrefix}${trailId}/${region}/`
/** So that keys sort like numbers. */
const ordinalDigits = 12
export const coveredKey = (trailId: string, region: Region, { after }: OrdinalRange): string =>
  `${coveredOf(trailId, region)}${String(after).padStart(ordinalDigits, '0')}`

/** The backfill digest that is about to be put: everything that its bytes, metadata and signature depend on, but the ledger. */
export interface BackfillPlan {
  /** Of its window, ms, whole seconds. */
  readonly end: number
  /** Signed with the key of this time, ms. */
  readonly generatedAt: number
  /** Of the ledger, in order. */
  readonly ranges: readonly OrdinalRange[]
  /** Log files in the ranges. */
  readonly files: number
  readonly bucket: string
  readonly key: string
  readonly trailArn: string
  readonly fingerprint: string
}

/** The backfill digests of one trail in one Region: a chain of their own. Written like a digest chain's document. */
export interface BackfillDocument {
  readonly trailId: string
  readonly trailName: string
  readonly account: AccountId
  readonly homeRegion: Region
  readonly region: Region
  /** Ledger entries up to here are in a digest, or hold no file. */
  readonly lastOrdinal: number
  /** Of the newest digest's window. */
  readonly lastEnd?: number
  readonly previous?: DigestLink
  readonly plan?: BackfillPlan
}

export const backfillPrefix = 'digest/backfill/'
export const backfillKey = (trailId: string, region: Region): string => `${backfillPrefix}${trailId}/${region}`
