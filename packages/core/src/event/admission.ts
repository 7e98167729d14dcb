import type { NewEntry, Origin } from './envelope.ts'
import type { AccountId, Region, StreamId } from './identifiers.ts'

/** Everything admission has to know beside the record's own bytes. Plain data, so that it crosses threads. */
export interface AdmissionContext {
  readonly origin: Origin
  /** ARN of the principal that brings the record. */
  readonly principal: string
  readonly configVersion: number
  /** The configuration version that the recorded call begins. */
  readonly changesConfig?: number
  /** Recipient of a record that names none; other recipients are refused unless the origin is `import`. */
  readonly account: AccountId
  /** Region of a record that names none. */
  readonly region: Region
  /** Configured accounts and Regions: others are refused, so that streams are bounded. */
  readonly accounts: ReadonlySet<string>
  readonly regions: ReadonlySet<string>
  /** Domain time, ms. */
  readonly now: number
}

/** A record's id where it brings none: random, or made from an Idempotency-Key and the record's place in the request. */
export interface GivenId {
  readonly id: string
  readonly fromKey: boolean
}

export interface Refusal {
  /** For example `InvalidJson`, `DuplicateKey`, `InvalidEventId`, `EventTimeInFuture`, `ForeignAccount`, `UnknownRegion`. */
  readonly code: string
  readonly message: string
  readonly eventId?: string
}

export type Admission =
  | { readonly ok: true; readonly stream: StreamId; readonly entry: NewEntry }
  | { readonly ok: false; readonly refusal: Refusal }
