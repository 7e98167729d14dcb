import type { Region } from '@opentrail/core/event'
import type { Clocks } from '../clock/index.ts'
import type { Principal, Role } from '../accounts/index.ts'
import type { CheckDestination } from '../buckets/index.ts'
import type { DeliveryReader } from '../delivery/index.ts'
import type { HistoryReader } from '../history/index.ts'
import type { SigningKeys } from '../signing-keys/index.ts'
import type { TopicPublisher } from '../topics/index.ts'
import type { ResolveKeyOptions } from './resolve-key.ts'
import type { Commit, TrailDirectory } from '../trails/index.ts'

/** What a handler is given beside its input. Grows with the service; handlers take what they need by name. */
export interface OperationContext {
  readonly caller: Principal
  /** From the signature's scope. */
  readonly region: Region
  readonly clocks: Clocks
  readonly history: HistoryReader
  readonly trails: TrailDirectory
  readonly delivery: DeliveryReader
  readonly signingKeys: Pick<SigningKeys, 'current' | 'list'>
  readonly checkDestination: CheckDestination
  readonly keys: ResolveKeyOptions['keys']
  readonly bucketRegion: ResolveKeyOptions['bucketRegion']
  readonly topics: TopicPublisher
  /** Regions that exist. */
  readonly regions: readonly Region[]
  /** The Region whose stream gets the events of global services. */
  readonly leadingRegion: Region
  /**
   * Changes something together with the record of this call; the caller then does not record it once more. A handler that
   * changes nothing does not call it.
   */
  readonly commit: Commit
}

/** One API operation under its wire name. `handle` gets the parsed JSON object and returns the answer's members. */
export interface Operation {
  readonly name: string
  /** The IAM action, for example `cloudtrail:LookupEvents`. */
  readonly action: string
  readonly readOnly: boolean
  readonly roles: readonly Role[]
  handle(input: Readonly<Record<string, unknown>>, context: OperationContext): Promise<Record<string, unknown>>
}
