/**
 * A bucket's lifecycle as far as it is kept: expiration. The S3 front reads it from the document `lifecycle` and refuses what
 * is not here (transitions). Ages are counted as S3 does: from the creation, in whole days, up to the next midnight UTC.
 */
export interface LifecycleRule {
  readonly id?: string
  readonly isEnabled: boolean
  readonly filter: LifecycleFilter
  /** Of the current version: in a bucket with versions a delete marker comes in front of it, else it is removed. */
  readonly expiration?:
    | { readonly kind: 'days'; readonly days: number }
    /** Milliseconds since the epoch; S3 takes only midnights. */
    | { readonly kind: 'date'; readonly date: number }
    /** `ExpiredObjectDeleteMarker`: a delete marker without versions behind it is removed. */
    | { readonly kind: 'expired-markers' }
  readonly noncurrentExpiration?: {
    readonly days: number
    /** `NewerNoncurrentVersions`: so many of the newest ones stay. */
    readonly newestKept?: number
  }
  /** `AbortIncompleteMultipartUpload`. Only with a filter of a prefix, or none. */
  readonly abortUploadsAfterDays?: number
}
/** All of it has to hold. */
export interface LifecycleFilter {
  readonly prefix?: string
  readonly tags?: Readonly<Record<string, string>>
  /** `ObjectSizeGreaterThan` */
  readonly sizeAbove?: number
  /** `ObjectSizeLessThan` */
  readonly sizeBelow?: number
}
export interface LifecycleRules {
  readonly rules: readonly LifecycleRule[]
}

/** One version, as the rules see it. */
export interface VersionAge {
  readonly key: string
  readonly size: number
  readonly tags?: Readonly<Record<string, string>>
  readonly isDeleteMarker: boolean
  /** Milliseconds since the epoch, as all times here. */
  readonly createdAt: number
  /** When the next version came in front of it; absent: it is the latest. */
  readonly noncurrentSince?: number
  /** How many noncurrent versions are newer. */
  readonly newerNoncurrent: number
  /** There is no other version of the key. */
  readonly isOnly: boolean
}

const dayMs = 24 * 60 * 60 * 1_000

/** When something is so many days old, as S3 counts. */
export const expiresAt = (since: number, days: number): number => Math.ceil((since + days * dayMs) / dayMs) * dayMs

/**
 * What becomes of a version: `expire` is a deletion without a version id, `remove` one of this version for good. Object Lock is
 * not looked at here.
 */
export function lifecycleActionOn(
  version: VersionAge,
  { rules }: LifecycleRules,
  now: number,
): 'expire' | 'remove' | undefined {
  for (const rule of rules) {
    if (!rule.isEnabled || !matches(rule.filter, version)) continue
    const action =
      version.noncurrentSince === undefined ? latestAction(version, rule, now) : noncurrentAction(version, rule, now)
    if (action) return action
  }
  return undefined
}

function latestAction(
  { createdAt, isDeleteMarker, isOnly }: VersionAge,
  { expiration }: LifecycleRule,
  now: number,
): 'expire' | 'remove' | undefined {
  if (!expiration) return undefined
  if (isDeleteMarker && !isOnly) return undefined
  if (expiration.kind === 'expired-markers') return isDeleteMarker ? 'remove' : undefined
  const at = expiration.kind === 'days' ? expiresAt(createdAt, expiration.days) : expiration.date
  if (now < at) return undefined
  return isDeleteMarker ? 'remove' : 'expire'
}

function noncurrentAction(
  { noncurrentSince, newerNoncurrent }: VersionAge,
  { noncurrentExpiration }: LifecycleRule,
  now: number,
): 'remove' | undefined {
  if (!noncurrentExpiration || noncurrentSince === undefined) return undefined
  const { days, newestKept = 0 } = noncurrentExpiration
  return newerNoncurrent >= newestKept && now >= expiresAt(noncurrentSince, days) ? 'remove' : undefined
}

function matches({ prefix = '', tags = {}, sizeAbove, sizeBelow }: LifecycleFilter, version: VersionAge): boolean {
  if (!version.key.startsWith(prefix)) return false
  if (!Object.entries(tags).every(([name, value]) => version.tags?.[name] === value)) return false
  // A delete marker has no size.
  if (version.isDeleteMarker) return true
  return (sizeAbove === undefined || version.size > sizeAbove) && (sizeBelow === undefined || version.size < sizeBelow)
}

/** Whether an upload that began then is to be aborted. */
export function isUploadExpired(
  { key, initiated }: { readonly key: string; readonly initiated: number },
  { rules }: LifecycleRules,
  now: number,
): boolean {
  return rules.some(
    ({ isEnabled, filter, abortUploadsAfterDays: days }) =>
      isEnabled && days !== undefined && key.startsWith(filter.prefix ?? '') && now >= expiresAt(initiated, days),
  )
}
