import type { AccountId, Region } from '@opentrail/core/event'
import type { ControlWrite } from '../control/index.ts'
import type { Principal } from '../accounts/index.ts'

/**
 * What the caller is known by: a user of ours, an access key nobody knows, nothing at all, the machine's owner, or the
 * service itself. `account` of who is nobody's is whose resource was asked for.
 */
export type CallIdentity =
  | { readonly kind: 'user'; readonly principal: Principal }
  | { readonly kind: 'unknown-key'; readonly accessKeyId: string; readonly account: AccountId }
  | { readonly kind: 'anonymous'; readonly account: AccountId }
  | { readonly kind: 'machine-owner'; readonly account: AccountId }
  | { readonly kind: 'service'; readonly account: AccountId; readonly invokedBy: string }

/** One finished API call, as much as the CloudTrail event about it needs. */
export interface ApiCall {
  readonly identity: CallIdentity
  readonly region: Region
  /** For example `cloudtrail.amazonaws.com`, `iam.amazonaws.com`. */
  readonly eventSource: string
  readonly eventName: string
  readonly readOnly: boolean
  /** `AwsApiCall`, or `AwsServiceEvent` of the service's own, unless said otherwise. */
  readonly eventType?: 'AwsConsoleSignIn'
  /** The same id as the answer's `x-amzn-RequestId`. */
  readonly requestId: string
  readonly sourceIPAddress: string
  readonly userAgent: string
  /** As sent, in the wire's own upper camel case; turned into CloudTrail's lower camel case when recorded. */
  readonly requestParameters?: unknown
  /** Parameters and response elements are recorded under the names they have: of protocols that have no upper camel case. */
  readonly keepsParameterNames?: boolean
  /** Of calls that change something and succeeded. */
  readonly responseElements?: unknown
  readonly errorCode?: string
  readonly errorMessage?: string
  readonly additionalEventData?: unknown
  readonly tls?: {
    readonly tlsVersion?: string
    readonly cipherSuite?: string
    readonly clientProvidedHostHeader?: string
  }
  /** `Management` unless said otherwise. */
  readonly category?: 'Management' | 'Data'
  readonly resources?: readonly CalledResource[]
  /** Of events of the service's own, that no call caused. */
  readonly serviceEventDetails?: unknown
  /** The other account whose resource was used: it gets a record of its own, with the caller's `sharedEventId`. */
  readonly recipient?: AccountId
  /** The same in all records of one call. */
  readonly sharedEventId?: string
}

/** `ARNPrefix`: all whose ARN begins so, as of a listing. */
export type CalledResource = { readonly accountId?: string; readonly type: string } & (
  { readonly ARN: string } | { readonly ARNPrefix: string }
)

/** OpenTrail's own audit trail: each authenticated call and each administrative act becomes an event in the journal. */
export interface SelfTrail {
  /** Resolves once the event is durable. @throws {JournalFullError} not even the reserve had room. */
  record(call: ApiCall): Promise<void>
  /**
   * Changes the control store and records the call that did it in one transaction (an outbox, relayed to the journal):
   * there is no change without its event, whatever crashes. Resolves once both are durable.
   * @throws {JournalFullError} when the journal takes nothing, before anything was changed.
   * @throws {ControlConflictError} nothing was changed.
   */
  commit(writes: readonly ControlWrite[], call: ApiCall, options?: CommitOptions): Promise<void>
}

export interface CommitOptions {
  /** The configuration version that this change begins; its event is selected by that one and the one before. */
  readonly configVersion?: number
  /** The change frees the journal: it is made even where its event has to wait for room. */
  readonly waitsForRoom?: boolean
  /** Called once the change stands, before its event goes to the journal: what is appended from then on is after it. */
  readonly committed?: () => void
}
