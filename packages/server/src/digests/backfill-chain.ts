import { digestKey } from '@opentrail/core/digest'
import { streamId, type Region } from '@opentrail/core/event'
import { trailArn, type Trail } from '@opentrail/core/trail'
import { BucketError, type BucketStore } from '../buckets/index.ts'
import { listAll, type ControlStore } from '../control/index.ts'
import { encryptedUnder, readLedger } from '../delivery/index.ts'
import type { SigningKeys } from '../signing-keys/index.ts'
import {
  backfillKey,
  coveredOf,
  type BackfillDocument,
  type BackfillPlan,
  type CoveredRange,
  type OrdinalRange,
} from './backfill-document.ts'
import { alignmentOf, holesIn, isFile, rangesOf, windowEnd } from './backfill-window.ts'
import { chainKey, type ChainDocument } from './chain-document.ts'
import { digestContent, type DeliveredFile } from './digest-content.ts'
import type { DigestLimits } from './digest-limits.ts'
import type { Gzip } from './gzip.ts'
import { putSigned } from './put-signed.ts'
import { signingKeyOf } from './signing-key-of.ts'

export interface BackfillParts {
  readonly control: ControlStore
  readonly buckets: BucketStore
  readonly keys: SigningKeys
  readonly gzip: Gzip
  readonly limits: Pick<DigestLimits, 'delayMs'>
  readonly now: () => number
  /** Of the newest entry in the ledger; 0: there is none. */
  readonly newestOrdinal: (trailId: string, region: Region) => number
  readonly delivered: (digest: { readonly bucket: string; readonly key: string; readonly files: number }) => void
}

/** `made`: there may be more. `waiting`: there are files, of an hour that is not over. `done`: every file is in a digest. */
export type BackfillStep = { readonly kind: 'made'; readonly files: number } | { readonly kind: 'waiting' | 'done' }

/**
 * Makes the next backfill digest of a trail in a Region, oldest hour first: the plan is written down, the digest is put, and
 * then it is the chain's newest. What was cut off is made again from its plan, under the same key. One call at a time.
 * @throws {BucketError} and what the stores throw; to be tried again.
 */
export async function makeNextBackfill(parts: BackfillParts, trail: Trail, region: Region): Promise<BackfillStep> {
  const { control } = parts
  const key = backfillKey(trail.id, region)
  const stream = streamId(trail.account, region)
  let document: BackfillDocument = {
    trailId: trail.id,
    trailName: trail.name,
    account: trail.account,
    homeRegion: trail.homeRegion,
    region,
    lastOrdinal: 0,
  }
  let version = 0
  const read = async (): Promise<void> => {
    const found = await control.get<BackfillDocument>(key)
    if (found) [document, version] = [found.value, found.version]
  }
  /** By compare-and-set, so that two processes cannot cross. */
  async function write(next: BackfillDocument): Promise<void> {
    await control.transact([{ key, value: next, ifVersion: version }])
    await read()
  }
  const filesIn = async (ranges: readonly OrdinalRange[]): Promise<DeliveredFile[]> => {
    const files: DeliveredFile[] = []
    for (const { after, to } of ranges)
      files.push(...(await readLedger(control, trail.id, stream, after, ({ ordinal }) => ordinal <= to)).filter(isFile))
    return files
  }

  async function plan(): Promise<'planned' | 'waiting' | 'done'> {
    const { holes, alignment } = await openHoles(parts, trail.id, region, document.lastOrdinal)
    let end: number | undefined
    const files: DeliveredFile[] = []
    for (const { after, to } of holes) {
      const entries = await readLedger(control, trail.id, stream, after, (entry) => {
        if (entry.ordinal > to || !isFile(entry)) return entry.ordinal <= to
        end ??= windowEnd(entry.deliveredAt, alignment, document.lastEnd)
        return entry.deliveredAt < end
      })
      files.push(...entries.filter(isFile))
    }
    if (end === undefined) return 'done'
    // Later deliveries belong to the same window, or are not in the ledger yet.
    if (end + parts.limits.delayMs > parts.now()) return 'waiting'
    await write({ ...document, plan: await planOf(parts, trail, region, { end, files }) })
    return 'planned'
  }

  /** What is left is planned anew. */
  async function dropPlan(): Promise<undefined> {
    const { plan: _gone, ...rest } = document
    await write(rest)
    return undefined
  }

  async function put(planned: BackfillPlan): Promise<number | undefined> {
    const { bucket, key: digest, end, generatedAt, trailArn: arn } = planned
    const files = await filesIn(planned.ranges)
    const signingKey = await signingKeyOf(parts.keys, region, planned.fingerprint)
    // The ledger's entries, or the private key, are gone since.
    if (!signingKey || files.length !== planned.files) return dropPlan()
    const { bytes, textToSign, hash } = digestContent(document, planned, files)
    const signature = signingKey.sign(textToSign)
    const caller = { kind: 'delivery' as const, trailArn: arn, account: trail.account }
    try {
      await putSigned(parts.buckets, parts.gzip, {
        bucket,
        key: digest,
        bytes,
        signature,
        caller,
        generatedAt,
        ...encryptedUnder(trail.settings.encryptionKey),
      })
    } catch (error) {
      // The trail has left a bucket that refuses. Where it may have taken the digest, there must not be another one.
      if (error instanceof BucketError && !error.isOutcomeUnknown && trail.settings.bucket !== bucket) return dropPlan()
      throw error
    }
    const { plan: _done, ...rest } = document
    const previous = { bucket, key: digest, hash, signature }
    await write({ ...rest, previous, lastEnd: end, lastOrdinal: planned.ranges.at(-1)!.to })
    parts.delivered({ bucket, key: digest, files: files.length })
    return files.length
  }

  await read()
  for (;;) {
    if (document.plan) {
      const files = await put(document.plan)
      if (files !== undefined) return { kind: 'made', files }
    }
    const planned = await plan()
    if (planned !== 'planned') return { kind: planned }
  }
}

/** The ledger's ranges that no chain has covered, behind `lastOrdinal`. */
async function openHoles(
  { control, newestOrdinal }: BackfillParts,
  trailId: string,
  region: Region,
  lastOrdinal: number,
): Promise<{ readonly holes: OrdinalRange[]; readonly alignment: number }> {
  // In this order: a chain that begins meanwhile begins behind the newest, and one that ends meanwhile is seen at least once.
  const newest = newestOrdinal(trailId, region)
  const living = await control.get<ChainDocument>(chainKey(trailId, region))
  const over = (await listAll<CoveredRange>(control, coveredOf(trailId, region))).map(({ value }) => value)
  const to = Math.min(newest, living?.value.afterOrdinal ?? newest)
  return {
    holes: holesIn([{ after: 0, to: lastOrdinal }, ...over], to),
    alignment: alignmentOf(living ? [living.value] : over),
  }
}

async function planOf(
  { keys, now }: BackfillParts,
  { account, homeRegion, name, settings }: Trail,
  region: Region,
  { end, files }: { readonly end: number; readonly files: readonly DeliveredFile[] },
): Promise<BackfillPlan> {
  const { bucket, keyPrefix } = settings
  const generatedAt = now()
  const { fingerprint } = await keys.at(region, generatedAt)
  return {
    end,
    generatedAt,
    ranges: rangesOf(files),
    files: files.length,
    bucket,
    key: digestKey({
      ...(keyPrefix !== undefined && { keyPrefix }),
      account,
      sourceRegion: region,
      trailName: name,
      homeRegion,
      endTime: end,
      isBackfill: true,
    }),
    trailArn: trailArn({ account, homeRegion, name }),
    fingerprint,
  }
}
