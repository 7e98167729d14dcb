import type { AccountId, Region } from '@opentrail/core/event'
import type { Trail, TrailVersion } from '@opentrail/core/trail'
import type { ControlWrite } from '../control/index.ts'

/** What a mutating operation hands over to be written together with its own event. */
export interface Change {
  readonly writes: readonly ControlWrite[]
  /** The answer's members, as the event records them. */
  readonly output: Readonly<Record<string, unknown>>
  /** The configuration version that the change begins, where selection depends on it. */
  readonly configVersion?: number
  /** Called once the change stands, before its event goes to the journal. */
  readonly committed?: () => void
}

/** Resolves once the change and its event are durable. Rejects where nothing was changed, or where that is not known. */
export type Commit = (change: Change) => Promise<void>

/** Trails that exist, and the versions of what they select: kept in the control store, answered from memory. */
export interface TrailDirectory {
  /** Grows with each change that selection depends on; stamped on every entry of the journal. */
  configVersion(): number
  /** Trails of the account that act in the Region, shadow trails (homed elsewhere) included; by name. */
  inRegion(account: AccountId, region: Region): readonly Trail[]
  /** The trail homed there. */
  find(account: AccountId, homeRegion: Region, name: string): Trail | undefined
  /** All trails of the account, wherever homed; by home Region and name. */
  ofAccount(account: AccountId): readonly Trail[]
  /** Versions of a trail's selection that a cursor may still need, oldest first; of deleted trails too. */
  versions(trailId: string): readonly TrailVersion[]
  /** Runs `edit` while no other change of trails is under way: what it reads stays as it is until it has saved. */
  change<T>(edit: (save: SaveTrail) => Promise<T>): Promise<T>
}

/**
 * Replaces `before` (undefined: a new trail) by `after` (undefined: deleted) and commits that with `output` as the call's
 * response elements. At most once per change. @throws what `commit` throws.
 */
export type SaveTrail = (
  edit: {
    readonly before: Trail | undefined
    readonly after: Trail | undefined
    readonly output: Readonly<Record<string, unknown>>
  },
  commit: Commit,
) => Promise<void>
