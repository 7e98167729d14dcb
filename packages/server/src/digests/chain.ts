import { digestKey } from '@opentrail/core/digest'
import { streamId } from '@opentrail/core/event'
import { trailArn } from '@opentrail/core/trail'
import { BucketError, type BucketStore } from '../buckets/index.ts'
import type { ControlStore } from '../control/index.ts'
import { encryptedUnder, readLedger, type LaneDocument, type LedgerEntry } from '../delivery/index.ts'
import { createMutex } from '../process/index.ts'
import type { SigningKeys } from '../signing-keys/index.ts'
import { chainKey, hourMs, wholeSecond, type ChainDocument, type DigestPlan } from './chain-document.ts'
import { digestContent, type DeliveredFile } from './digest-content.ts'
import type { DigestLimits } from './digest-limits.ts'
import type { Gzip } from './gzip.ts'
import { manifestObjects, type ManifestOptions } from './manifests.ts'
import { putSigned } from './put-signed.ts'
import { settledRange } from './settled-range.ts'
import { signingKeyOf } from './signing-key-of.ts'

interface Destination {
  readonly bucket: string
  readonly keyPrefix?: string
  /** ARN of the key that encrypts what is put from now on. */
  readonly encryptionKey?: string
}

export interface ChainParts {
  readonly control: ControlStore
  readonly buckets: BucketStore
  readonly keys: SigningKeys
  readonly now: () => number
  readonly limits: DigestLimits
  readonly gzip: Gzip
  readonly manifests: ManifestOptions
  /** Of the configuration: the newest. */
  readonly configVersion: () => number
  /** The trail's way through the Region's stream; undefined: there is none yet, or no more. */
  readonly lane: (trailId: string, region: ChainDocument['region']) => LaneDocument | undefined
  /** Where the trail delivers now, or delivered when it was deleted. */
  readonly destination: (trailId: string) => Destination | undefined
  /** All that the trail has taken in the Region is delivered, and in the ledger up to `lastOrdinal`. */
  readonly isDrained: (trailId: string, region: ChainDocument['region'], lastOrdinal: number) => boolean
  readonly delivered: (digest: { readonly bucket: string; readonly key: string; readonly files: number }) => void
}

/** One digest chain. Not safe for concurrent `work`: who owns it sees to that. */
export interface Chain {
  document(): ChainDocument
  /** When the next digest is to be made; domain ms. */
  dueAt(): number
  /** The chain has ended with all its digests. */
  isOver(): boolean
  /** It has waited for another: its starting digest, which is not made yet, ends then (ms). */
  startAt(time: number): Promise<void>
  /** Logging with validation has ended, or goes on after all. */
  setEnded(endedAt: number | undefined): Promise<void>
  /** Makes the digests that are due. @throws {BucketError} and what the stores throw; to be tried again. */
  work(isClosed: () => boolean): Promise<void>
}

export function openChain(parts: ChainParts, found: ChainDocument, version: number): Chain {
  const { control, buckets, keys, now, limits, gzip, destination, isDrained } = parts
  const key = chainKey(found.trailId, found.region)
  const stream = streamId(found.account, found.region)
  let document = found
  /** Of the stored document; undefined: to be read before anything is written. */
  let stored: number | undefined = version

  async function current(): Promise<number> {
    if (stored !== undefined) return stored
    const read = await control.get<ChainDocument>(key)
    if (!read) throw new Error(`digest chain ${key} has no document`)
    document = read.value
    stored = read.version
    return stored
  }

  const oneAtATime = createMutex()
  /** By compare-and-set, so that two processes cannot cross; a trail's change and a digest's step do not cross either. */
  const write = (change: (document: ChainDocument) => ChainDocument): Promise<void> =>
    oneAtATime(async () => {
      const ifVersion = await current()
      const next = change(document)
      stored = undefined
      await control.transact([{ key, value: next, ifVersion }])
      document = next
      stored = (await control.get(key))?.version
    })

  /** The ledger's entries that the window takes: what was delivered before its end, and is in no digest yet. */
  async function entriesUntil(end: number): Promise<LedgerEntry[]> {
    const { trailId, lastOrdinal, previous } = document
    // What was delivered before the chain began is in no digest: the starting one is empty.
    if (!previous) return []
    return readLedger(control, trailId, stream, lastOrdinal, (entry) => timeOf(entry) < end)
  }

  async function seal(): Promise<void> {
    const { trailId, trailName, account, homeRegion, region, nextEnd: end, lastOrdinal } = document
    const place = destination(trailId)
    if (!place) throw new Error(`digest chain ${key}: nobody knows where the trail delivered`)
    const { bucket, keyPrefix } = place
    const { fingerprint } = await keys.at(region, end)
    const candidates = await entriesUntil(end)
    const lane = parts.lane(trailId, region)
    const { entries, to } = await settledRange(control, stream, lane, { after: lastOrdinal, candidates })
    // A chain that was begun without manifests has its first one beside a digest that takes files.
    const provenTo = document.provenTo ?? (Math.min(to, ...entries.map(({ from }) => from)) as typeof to)
    const plan: DigestPlan = {
      end,
      toOrdinal: entries.at(-1)?.ordinal ?? lastOrdinal,
      bucket,
      key: digestKey({
        ...(keyPrefix !== undefined && { keyPrefix }),
        account,
        sourceRegion: region,
        trailName,
        homeRegion,
        endTime: end,
        isBackfill: false,
      }),
      trailArn: trailArn({ account, homeRegion, name: trailName }),
      fingerprint,
      manifest: { from: provenTo, to: Math.max(to, provenTo) as typeof to, configVersion: parts.configVersion() },
    }
    await write((before) => ({ ...before, plan }))
  }

  async function putPlanned(plan: DigestPlan): Promise<void> {
    const { region, account, previous } = document
    const entries = previous ? await entriesUpTo(plan.toOrdinal) : []
    const files = entries.filter((entry): entry is DeliveredFile => 'deliveredAt' in entry)
    const content = digestContent(document, plan, files)
    const signingKey = await signingKeyOf(keys, region, plan.fingerprint)
    // Its private half was destroyed while the bucket failed: the digest is planned anew, under a key that can sign.
    if (!signingKey) return write((before) => without(before, 'plan'))
    const { bucket, key: digest, trailArn: arn } = plan
    const caller = { kind: 'delivery' as const, trailArn: arn, account }
    const how = { caller, ...encryptedUnder(destination(document.trailId)?.encryptionKey) }
    // First, so that a digest that is there has its manifest.
    const objects = manifestObjects(parts.manifests, document, plan, { entries, digestHash: content.hash })
    for await (const { key: name, bytes, textToSign } of objects)
      await putSigned(buckets, gzip, { bucket, key: name, bytes, signature: signingKey.sign(textToSign), ...how })
    const signature = signingKey.sign(content.textToSign)
    await putSigned(buckets, gzip, { bucket, key: digest, bytes: content.bytes, signature, ...how })
    await write((before) => ({
      ...without(before, 'plan', 'latestError'),
      lastOrdinal: plan.toOrdinal,
      nextEnd: plan.end + hourMs,
      previous: { bucket, key: digest, hash: content.hash, signature },
      provenTo: plan.manifest.to,
      latestDeliveryAt: Math.max(now(), before.latestDeliveryAt ?? 0),
    }))
    parts.delivered({ bucket, key: digest, files: files.length })
  }

  /** Where a bucket refuses that the trail has left, the digest is planned anew for the other one. */
  const hasLeft = ({ bucket }: DigestPlan): boolean => (destination(document.trailId)?.bucket ?? bucket) !== bucket

  const entriesUpTo = (ordinal: number): Promise<LedgerEntry[]> =>
    readLedger(control, document.trailId, stream, document.lastOrdinal, (entry) => entry.ordinal <= ordinal)

  const isOver = (): boolean => {
    const { endedAt, nextEnd, plan, trailId, region, lastOrdinal } = document
    // The window that the end lies in is still made, and one for each hour in which something was left to deliver.
    return (
      endedAt !== undefined &&
      plan === undefined &&
      nextEnd - hourMs >= endedAt &&
      isDrained(trailId, region, lastOrdinal)
    )
  }

  const isDue = (): boolean => document.plan !== undefined || (!isOver() && document.nextEnd + limits.delayMs <= now())

  return {
    document: () => document,
    dueAt: () => (document.plan ? 0 : document.nextEnd + limits.delayMs),
    isOver,
    startAt: (time) => write((before) => ({ ...before, nextEnd: Math.max(before.nextEnd, wholeSecond(time)) })),
    setEnded: (endedAt) =>
      write((before) => ({ ...without(before, 'endedAt'), ...(endedAt !== undefined && { endedAt }) })),
    async work(isClosed) {
      await current()
      while (!isClosed() && isDue()) {
        const { plan } = document
        if (plan)
          await putPlanned(plan).catch(async (error: unknown) => {
            if (!(error instanceof BucketError) || stored === undefined || isClosed()) throw error
            if (hasLeft(plan) && !error.isOutcomeUnknown) return write((before) => without(before, 'plan'))
            await write((before) => ({ ...before, latestError: error.code }))
            throw error
          })
        else await seal()
      }
    },
  }
}

const timeOf = (entry: LedgerEntry): number => ('deliveredAt' in entry ? entry.deliveredAt : entry.abandonedAt)

type Passing = 'plan' | 'latestError' | 'endedAt'

/** What was there for a while only. */
const without = (document: ChainDocument, ...names: readonly Passing[]): ChainDocument => {
  const kept: ChainDocument = { ...document }
  for (const name of names) delete (kept as { [Name in Passing]?: unknown })[name]
  return kept
}
