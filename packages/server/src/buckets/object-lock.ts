import { BucketError } from './bucket-store.ts'
import type { BucketSettings, VersionMarks } from './object-store.ts'

const dayMs = 24 * 60 * 60 * 1_000

export interface LockQuestion {
  readonly now: number
  readonly bypassesGovernance?: boolean
}

const isRetained = ({ retention }: VersionMarks, now: number): boolean =>
  retention !== undefined && retention.until > now

/** Whether a version may be removed. @throws {BucketError} AccessDenied */
export function checkRemovable(marks: VersionMarks, { now, bypassesGovernance = false }: LockQuestion): void {
  if (marks.isLegallyHeld) throw locked('it is held for legal reasons')
  if (!isRetained(marks, now)) return
  const until = new Date(marks.retention!.until).toISOString()
  if (marks.retention!.mode === 'COMPLIANCE') throw locked(`it is retained until ${until}, in COMPLIANCE mode`)
  if (!bypassesGovernance) throw locked(`it is retained until ${until}, in GOVERNANCE mode`)
}

/** Whether a version's marks may become others. @throws {BucketError} AccessDenied, InvalidRequest, InvalidArgument */
export function checkMarks(
  before: VersionMarks,
  after: VersionMarks,
  { objectLock }: Pick<BucketSettings, 'objectLock'>,
  { now, bypassesGovernance = false }: LockQuestion,
): void {
  const isChanged = !isSameRetention(before, after)
  const hasLocks = after.retention !== undefined || after.isLegallyHeld === true
  if (hasLocks && !objectLock) throw new BucketError('InvalidRequest', 'Bucket is missing Object Lock Configuration')
  if (!isChanged) return
  if (after.retention && !(after.retention.until > now))
    throw new BucketError('InvalidArgument', 'The retain until date must be in the future!')
  if (!isRetained(before, now) || !before.retention) return
  const isLonger = after.retention !== undefined && after.retention.until >= before.retention.until
  if (before.retention.mode === 'COMPLIANCE') {
    if (!isLonger || after.retention.mode !== 'COMPLIANCE')
      throw locked('retention in COMPLIANCE mode can only be made longer')
  } else if (!bypassesGovernance && !(isLonger && after.retention.mode === 'GOVERNANCE'))
    throw locked('retention in GOVERNANCE mode can only be made longer without a permission to bypass it')
}

function isSameRetention({ retention: a }: VersionMarks, { retention: b }: VersionMarks): boolean {
  return a?.mode === b?.mode && a?.until === b?.until
}

/**
 * A new version's marks: what was asked for, or else the bucket's default retention. `askedAt` is earlier for an upload, whose
 * retention may have ended before it is completed.
 * @throws {BucketError}
 */
export function newMarks(
  marks: VersionMarks,
  settings: Pick<BucketSettings, 'objectLock'>,
  now: number,
  askedAt = now,
): VersionMarks {
  checkMarks({}, marks, settings, { now: askedAt })
  const { tags, retention: asked, isLegallyHeld } = marks
  const standard = settings.objectLock?.defaultRetention
  const retention = asked ?? (standard && { mode: standard.mode, until: now + standard.days * dayMs })
  return { ...(tags && { tags }), ...(retention && { retention }), ...(isLegallyHeld && { isLegallyHeld }) }
}

const locked = (why: string): BucketError =>
  new BucketError('AccessDenied', `Access Denied because object protected by object lock: ${why}`)
