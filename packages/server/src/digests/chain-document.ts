import type { AccountId, Region, Sequence } from '@opentrail/core/event'

/** The digest before, as the next one names it. */
export interface DigestLink {
  readonly bucket: string
  readonly key: string
  /** SHA-256 of its uncompressed JSON, hexadecimal. */
  readonly hash: string
  readonly signature: string
}

/** The digest that is about to be put: everything that its bytes and its signature depend on, but the ledger. */
export interface DigestPlan {
  /** Of its window, ms, whole seconds. */
  readonly end: number
  /** Ledger entries behind the chain's `lastOrdinal` up to here are in it. */
  readonly toOrdinal: number
  readonly bucket: string
  readonly key: string
  readonly trailArn: string
  readonly fingerprint: string
  readonly manifest: ManifestPlan
}

/** The manifest beside a digest: it says of the entries in (from, to] where each is. */
export interface ManifestPlan {
  readonly from: Sequence | 0
  readonly to: Sequence | 0
  /** When it was planned: of later versions of the trail it says nothing. */
  readonly configVersion: number
}

/**
 * A digest chain: of one trail in one Region. Written by compare-and-set before and after each digest, so that the same
 * digest is made again under the same key whatever was cut off.
 */
export interface ChainDocument {
  readonly trailId: string
  readonly trailName: string
  readonly account: AccountId
  readonly homeRegion: Region
  /** Whose log files it covers. */
  readonly region: Region
  /** When logging with validation began, ms, whole seconds: the end of the starting digest. */
  readonly startedAt: number
  /** The end of the next window. */
  readonly nextEnd: number
  /** Of the newest ledger entry when the chain began: up to there its digests list nothing. */
  readonly afterOrdinal: number
  /** Of the last ledger entry that is in a digest, or was delivered before the chain began. */
  readonly lastOrdinal: number
  /** Absent: the next one is the starting digest. */
  readonly previous?: DigestLink
  /** Where the last manifest ended. Absent: there is none yet. */
  readonly provenTo?: Sequence | 0
  readonly plan?: DigestPlan
  /** When logging, or validation, ended: the chain ends with the hour, once all that was logged is delivered. */
  readonly endedAt?: number
  readonly latestDeliveryAt?: number
  /** S3's code, while the latest attempt has failed. */
  readonly latestError?: string
}

export const chainsPrefix = 'digest/chain/'
export const chainKey = (trailId: string, region: Region): string => `${chainsPrefix}${trailId}/${region}`

export const hourMs = 3_600_000
export const wholeSecond = (time: number): number => Math.floor(time / 1_000) * 1_000

export const newChain = (
  trail: Pick<ChainDocument, 'trailId' | 'trailName' | 'account' | 'homeRegion'>,
  region: Region,
  startedAt: number,
  lastOrdinal: number,
): ChainDocument => ({
  ...trail,
  region,
  startedAt: wholeSecond(startedAt),
  nextEnd: wholeSecond(startedAt),
  afterOrdinal: lastOrdinal,
  lastOrdinal,
})
