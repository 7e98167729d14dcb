import { setImmediate } from 'node:timers/promises'
import { BucketError } from './bucket-store.ts'
import { readBucket } from './directory-buckets.ts'
import { listGarbage, type Garbage } from './directory-garbage.ts'
import { createDirectoryListings, versionsAfter, type VersionRecord } from './directory-listings.ts'
import { objectKey, positionOf, uploadKey, versionsPrefix, type ObjectRecord } from './directory-records.ts'
import { findVersion, removeVersion, versionIdOf, type ObjectPlace } from './directory-versions.ts'
import { isUploadExpired, lifecycleActionOn, type LifecycleRules, type VersionAge } from './lifecycle-rules.ts'
import type { IndexTransaction } from './object-index.ts'
import { checkRemovable } from './object-lock.ts'
import type { StoreContext } from './store-context.ts'
import { deleteVersion } from './version-acts.ts'
import { ownerAs } from './version-head.ts'

/** Looked at in one turn, and removed in one transaction. */
const pageSize = 200

export interface LifecycleSummary {
  /** Delete markers made, and objects removed from buckets without versions. */
  readonly expired: number
  /** Noncurrent versions, and delete markers that had nothing left behind them. */
  readonly removed: number
  readonly abortedUploads: number
  /** What Object Lock kept. */
  readonly kept: number
}

/** Applies rules to a bucket. */
export type ApplyLifecycle = (
  bucket: string,
  rules: LifecycleRules,
  options: { readonly signal: AbortSignal },
) => Promise<LifecycleSummary>

interface Decision {
  readonly place: ObjectPlace
  readonly record: ObjectRecord
  readonly action: 'expire' | 'remove'
}

/** Page by page, so that others get their turn. What was changed since its page was read is left to the next time. */
export function createDirectoryLifecycle(context: StoreContext): ApplyLifecycle {
  const { index, loose, now } = context
  const listings = createDirectoryListings(index)

  async function act(decisions: readonly Decision[]): Promise<{ expired: number; removed: number; kept: number }> {
    const counts = { expired: 0, removed: 0, kept: 0 }
    if (decisions.length === 0) return counts
    const garbage = await index.transact((transaction) =>
      decisions.flatMap((decision) => {
        const outcome = perform(transaction, decision, now())
        if (outcome === 'changed') return []
        counts[outcome === 'kept' ? 'kept' : decision.action === 'expire' ? 'expired' : 'removed'] += 1
        return outcome === 'kept' ? [] : outcome
      }),
    )
    await loose.discardAll(garbage)
    return counts
  }

  async function abortUploads(bucket: string, rules: LifecycleRules, signal: AbortSignal): Promise<number> {
    let aborted = 0
    for (let after: { after?: string; afterUpload?: string } = {}; !signal.aborted;) {
      const { uploads, isTruncated } = await listings.listUploads(bucket, { ...after, limit: pageSize })
      const ended = uploads.filter((upload) => isUploadExpired(upload, rules, now()))
      const garbage = await index.transact((transaction) =>
        ended.flatMap(({ key, uploadId }): Garbage[] => {
          if (!transaction.get(uploadKey(bucket, key, uploadId))) return []
          transaction.remove(uploadKey(bucket, key, uploadId))
          listGarbage(transaction, { kind: 'upload', id: uploadId })
          return [{ kind: 'upload', id: uploadId }]
        }),
      )
      await loose.discardAll(garbage)
      aborted += garbage.length
      const last = uploads.at(-1)
      if (!isTruncated || !last) break
      after = { after: last.key, afterUpload: last.uploadId }
    }
    return aborted
  }

  return async (bucket, rules, { signal }) => {
    const total = { expired: 0, removed: 0, kept: 0 }
    readBucket(index, bucket)
    const ages = createAges()
    for (let after: { after?: string; afterVersion?: string } = {}; !signal.aborted;) {
      // One more, because whether a version is its key's only one the next tells.
      const found = versionsAfter(index, bucket, { ...after, limit: pageSize }, pageSize + 1)
      const page = found.slice(0, pageSize)
      const decisions = page.flatMap((version, at): Decision[] => {
        const age = ages.next(version, found[at + 1])
        const action = age && lifecycleActionOn(age, rules, now())
        return action ? [{ place: { bucket, key: version.key }, record: version.record, action }] : []
      })
      const counts = await act(decisions)
      for (const name of ['expired', 'removed', 'kept'] as const) total[name] += counts[name]
      const last = page.at(-1)
      if (found.length <= pageSize || !last) break
      after = { after: last.key, afterVersion: versionIdOf(last.record) }
      await setImmediate()
    }
    return { ...total, abortedUploads: await abortUploads(bucket, rules, signal) }
  }
}

/** Tells of each version in a listing how it stands among its key's others. */
function createAges(): { next(version: VersionRecord, following: VersionRecord | undefined): VersionAge | undefined } {
  let before: { readonly key: string; readonly position: number; readonly noncurrent: number } | undefined
  return {
    next({ key, record, isLatest }, following) {
      const newer = isLatest || before?.key !== key ? undefined : before
      before = { key, position: positionOf(record), noncurrent: isLatest ? 0 : (newer?.noncurrent ?? 0) + 1 }
      // Its newer versions were removed between two pages: its turn comes next time.
      if (!isLatest && !newer) return undefined
      return {
        key,
        size: record.size,
        ...(record.tags && { tags: record.tags }),
        isDeleteMarker: record.isDeleteMarker ?? false,
        createdAt: record.lastModified,
        ...(newer && { noncurrentSince: newer.position / 1_000 }),
        newerNoncurrent: newer?.noncurrent ?? 0,
        isOnly: isLatest && following?.key !== key,
      }
    },
  }
}

function perform(
  transaction: IndexTransaction,
  { place, record, action }: Decision,
  now: number,
): Garbage[] | 'kept' | 'changed' {
  const bucket = readBucket(transaction, place.bucket)
  const found = findVersion(transaction, place, versionIdOf(record))
  const isSame = found && positionOf(found.record) === positionOf(record) && found.record.etag === record.etag
  if (!isSame || (action === 'expire' && !found.isCurrent)) return 'changed'
  if (record.isDeleteMarker && !isAlone(transaction, place)) return 'changed'
  try {
    if (action === 'expire') return deleteVersion(transaction, { ...place, user: ownerAs(bucket) }, now).garbage
    checkRemovable(found.record, { now })
  } catch (error) {
    if (error instanceof BucketError && error.code === 'AccessDenied') return 'kept'
    throw error
  }
  return removeVersion(transaction, place, found)
}

/** A delete marker with nothing behind it. */
function isAlone(transaction: IndexTransaction, { bucket, key }: ObjectPlace): boolean {
  const behind = transaction.range(versionsPrefix(bucket, key), undefined, 2)
  return behind.length === 1 && transaction.get(objectKey(bucket, key)) === undefined
}
