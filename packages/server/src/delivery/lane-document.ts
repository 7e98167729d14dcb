import type { Sequence, StreamId } from '@opentrail/core/event'
import type { LogFileKind } from '@opentrail/core/delivery'

/** One object that a plan will put. Everything about it is decided before the first attempt. */
export interface PlannedFile {
  readonly kind: LogFileKind
  readonly key: string
  /** Of the uncompressed JSON, hexadecimal. */
  readonly sha256: string
  /** Uncompressed. */
  readonly bytes: number
  readonly count: number
  /** Event times, ms. */
  readonly oldest: number
  readonly newest: number
}

/** What is about to be delivered, written down before anything is put. */
export interface Plan {
  /** The entries in (from, to]; those of them that the trail selects are in `files`. */
  readonly from: Sequence | 0
  readonly to: Sequence
  readonly bucket: string
  readonly keyPrefix?: string
  readonly plannedAt: number
  /** When the last of its entries was admitted: delivery gives up 30 days later. */
  readonly queuedAt: number
  readonly files: readonly PlannedFile[]
  /** The files' bytes are kept in the spool: the journal may let go of the entries. */
  readonly isSpooled?: true
}

/**
 * A lane: one trail's way through one stream. Written by compare-and-set before and after each delivery, so it says at any
 * moment what is certain to be in the bucket (the ledger), what may be (the plans), and what is yet to be looked at.
 */
export interface LaneDocument {
  readonly trailId: string
  readonly stream: StreamId
  /** Every entry up to here is in the ledger, in a plan, or was not selected. */
  readonly cursor: Sequence | 0
  /** Of the newest ledger entry; 0: none yet. */
  readonly ordinal: number
  /** Oldest first. More than one only while files are spooled. */
  readonly plans: readonly Plan[]
  readonly latestDeliveryAt?: number
  readonly latestAttemptAt?: number
  readonly latestError?: string
}

/** What happened to a range, for good. `deliveredAt` never falls within a lane. */
export type LedgerEntry =
  | ({
      readonly ordinal: number
      readonly from: Sequence | 0
      readonly to: Sequence
      readonly bucket: string
      readonly deliveredAt: number
      /** Where the file is to be announced: the trail's topic when it was delivered. */
      readonly topicArn?: string
    } & PlannedFile)
  | {
      readonly ordinal: number
      readonly from: Sequence | 0
      readonly to: Sequence
      readonly abandonedAt: number
      readonly reason: AbandonReason
      /** Events that the trail selects; where they cannot be read any more, the entries that are gone. */
      readonly count: number
    }

/** `expired`: 30 days of failures. `backlog`: more than the spool takes. `removed`: retention was ahead of delivery. */
export type AbandonReason = 'expired' | 'backlog' | 'removed'

const lanesPrefix = 'delivery/lane/'
export const lanesOf = (trailId: string): string => `${lanesPrefix}${trailId}/`
export const laneKey = (trailId: string, stream: StreamId): string => `${lanesOf(trailId)}${stream}`
export const allLanes = lanesPrefix

/** Lanes of deleted trails, as long as their ledgers are kept. */
export const goneLanes = 'delivery/gone/'
export const goneKey = (trailId: string, stream: StreamId): string => `${goneLanes}${trailId}/${stream}`

/** So that keys sort like numbers. */
const ordinalDigits = 12
export const ledgersPrefix = 'delivery/ledger/'
export const ledgerOf = (trailId: string, stream: StreamId): string => `${ledgersPrefix}${trailId}/${stream}/`
export const ledgerKey = (trailId: string, stream: StreamId, ordinal: number): string =>
  `${ledgerOf(trailId, stream)}${String(ordinal).padStart(ordinalDigits, '0')}`

export const newLane = (trailId: string, stream: StreamId, cursor: Sequence | 0): LaneDocument => ({
  trailId,
  stream,
  cursor,
  ordinal: 0,
  plans: [],
})
