import { chainDifference, digestKey, parseDigestKey, type Place } from '@opentrail/core/digest'
import { formatEventTime } from '@opentrail/core/event'
import type { ObjectSource } from './object-source.ts'
import { accountFolder, type TrailPlace } from './trail-place.ts'

/** Milliseconds, both included. */
export interface TimeRange {
  readonly from: number
  readonly to: number
}

/** Newest last. */
export interface DigestListing {
  readonly standard: readonly Place[]
  readonly backfill: readonly Place[]
}

/** What was delivered at the end of the range is in the digest of the hour after. */
const digestDelayMs = 3_600_000
const markerLeadMs = 60_000

/** The last stamp of a digest that belongs to a range. */
export const lastStamp = ({ to }: TimeRange): number => to + digestDelayMs

/** The part of a key that says its day. */
export const dayFolder = (time: number): string => formatEventTime(time).slice(0, 10).replaceAll('-', '/')

/** The digests of a range, as the AWS CLI lists them: one pass from the key that a digest before the range would have. */
export async function listDigests(
  source: ObjectSource,
  trail: TrailPlace,
  bucket: string,
  range: TimeRange,
): Promise<DigestListing> {
  const { chain, keyPrefix, organizationId } = trail
  const standard: Place[] = []
  const backfill: Place[] = []
  const folder = {
    account: chain.account,
    ...(keyPrefix !== undefined && { keyPrefix }),
    ...(organizationId !== undefined && { organizationId }),
  }
  const marker = digestKey({ ...folder, ...chain, isBackfill: false, endTime: range.from - markerLeadMs })
  const prefix = `${accountFolder(trail)}/CloudTrail-Digest/${chain.sourceRegion}/`
  for await (const key of source.list(bucket, prefix, marker)) {
    const name = parseDigestKey(key)
    if (!name || chainDifference(name, { ...chain, isBackfill: name.isBackfill }) !== undefined) continue
    if (name.endTime > lastStamp(range)) break
    if (name.endTime < range.from) continue
    ;(name.isBackfill ? backfill : standard).push({ bucket, key })
  }
  return { standard, backfill }
}
