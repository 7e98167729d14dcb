import { streamId, streamParts, type Region, type Sequence, type StreamId } from '@opentrail/core/event'
import { coversRegion, type Trail } from '@opentrail/core/trail'
import { pauseAfter, systemTimers, waitAtMost, type DemandJob, type Timers } from '../clock/index.ts'
import { listAll, type ControlWrite } from '../control/index.ts'
import type { Delivery, DeliveryStatus } from '../delivery/index.ts'
import type { ControlTrailDirectory } from '../trails/index.ts'
import { coveredKey, type CoveredRange } from './backfill-document.ts'
import { chainKey, chainsPrefix, newChain, type ChainDocument } from './chain-document.ts'
import type { ManifestOptions } from './manifests.ts'
import { openChain, type Chain, type ChainParts } from './chain.ts'
import { pooledGzip, type Gzip } from './gzip.ts'
import { defaultDigestLimits, type DigestLimits } from './digest-limits.ts'

export interface DigestOptions
  extends Pick<ChainParts, 'control' | 'buckets' | 'keys' | 'now' | 'delivered'>, Omit<ManifestOptions, 'versions'> {
  readonly trails: ControlTrailDirectory
  readonly delivery: Pick<Delivery, 'lanes' | 'isDrained'>
  readonly regions: readonly Region[]
  readonly failed: (step: string, chain: string, error: unknown) => void
  readonly limits?: Partial<DigestLimits>
  /** In the thread pool where absent. */
  readonly gzip?: Gzip
  /** Real time where absent. */
  readonly timers?: Timers
}

/** How a trail's digests stand in one Region: a part of what delivery tells. */
export type DigestStatus = Pick<DeliveryStatus, 'latestDigestAt' | 'latestDigestError'>

/** A digest every hour, idle hours too, for each trail with validation and each Region where it logs. */
export interface Digests {
  /** For the schedule. */
  readonly job: DemandJob
  status(trailId: string, region: Region): DigestStatus
  /** Ledger entries after this one are still wanted; undefined: there is no chain. */
  wantedAfter(trailId: string, region: Region): number | undefined
  /** The trail has a digest to come. */
  isUnfinished(trailId: string): boolean
  /** Manifests to come tell by which versions entries after this one were selected; undefined: there is no chain. */
  judgesAfter(trailId: string, region: Region): Sequence | 0 | undefined
  /** What the journal has to keep for manifests, for `manifestsHeldMsMax`; a stream that nobody waits for is absent. */
  cursors(): ReadonlyMap<StreamId, Sequence | 0>
  /** Stops: waits for what is being put, but not long; what was cut off is repeated at the next start. */
  close(): Promise<void>
}

/**
 * The journal waits for a manifest this long beyond the time for which it keeps entries anyway: a bucket that fails, be it the
 * digests' or the log files', must not fill it. What is then gone is stated in the manifest as lost.
 */
export const manifestsHeldMsMax = 24 * 3_600_000
/** A put that does not come back within this time after the stop is left to the next start. */
const closeWaitMs = 5_000

interface OwnChain {
  readonly chain: Chain
  failures: number
  retryAt: number | undefined
  isWorking: boolean
}

const isValidating = (trail: Trail): boolean => trail.isLogging && trail.settings.validatesLogFiles

/** Opens the chains there are, and begins those that trails have got since. @throws {ControlUnavailableError} */
export async function openDigests(options: DigestOptions): Promise<Digests> {
  const { control, trails, delivery, regions, now, failed, timers = systemTimers, gzip = pooledGzip } = options
  const limits = { ...defaultDigestLimits, ...options.limits }
  const chains = new Map<string, OwnChain>()
  const running = new Set<Promise<void>>()
  let isSurveyDue = true
  let isSurveying = false
  let surveyAt = -Infinity
  let isClosed = false
  function destination(trailId: string) {
    return trails.byId(trailId)?.settings ?? trails.versions(trailId).at(-1)
  }

  const laneOf = (trailId: string, region: Region) =>
    delivery.lanes().find((lane) => lane.trailId === trailId && streamParts(lane.stream).region === region)

  /** A trail that goes on logging without validation has no last delivery to wait for. */
  const isDrained = (trailId: string, region: Region, lastOrdinal: number): boolean =>
    trails.byId(trailId)?.isLogging === true ||
    (delivery.isDrained(trailId, region) && (laneOf(trailId, region)?.ordinal ?? 0) <= lastOrdinal)

  const manifests = { ...options, versions: trails.versions }
  const { configVersion } = trails
  const parts: ChainParts = { ...options, limits, gzip, destination, isDrained, manifests, configVersion, lane: laneOf }

  const add = (document: ChainDocument, version: number): void => {
    const chain = openChain(parts, document, version)
    chains.set(chainKey(document.trailId, document.region), {
      chain,
      failures: 0,
      retryAt: undefined,
      isWorking: false,
    })
  }

  /** Chains begin and end with what trails say now. */
  async function survey(): Promise<void> {
    isSurveying = true
    isSurveyDue = false
    try {
      for (const trail of trails.all())
        if (isValidating(trail)) for (const region of regions) if (covers(trail, region)) await begin(trail, region)
      for (const own of chains.values()) await endOrGoOn(own)
    } catch (error) {
      isSurveyDue = true
      surveyAt = now() + limits.pauseFirstMs
      throw error
    } finally {
      isSurveying = false
    }
  }

  async function begin({ id, account, homeRegion, name }: Trail, region: Region): Promise<void> {
    const key = chainKey(id, region)
    if (chains.has(key)) return
    // A chain made by a transaction whose answer was lost is there already.
    if (!(await control.get(key))) {
      const trail = { trailId: id, account, homeRegion, trailName: name }
      const document = newChain(trail, region, now(), laneOf(id, region)?.ordinal ?? 0)
      await control.transact([{ key, value: document, ifVersion: 0 }])
    }
    const { value, version } = (await control.get<ChainDocument>(key))!
    add(value, version)
  }

  async function endOrGoOn({ chain }: OwnChain): Promise<void> {
    const { trailId, region, endedAt } = chain.document()
    const trail = trails.byId(trailId)
    const goesOn = trail !== undefined && isValidating(trail) && covers(trail, region)
    if (goesOn && endedAt !== undefined) await chain.setEnded(undefined)
    else if (!goesOn && endedAt === undefined) await chain.setEnded(now())
  }

  async function work(key: string, own: OwnChain): Promise<void> {
    own.isWorking = true
    try {
      await own.chain.work(() => isClosed)
      own.failures = 0
      own.retryAt = undefined
      if (own.chain.isOver()) await remove(key)
    } catch (error) {
      own.retryAt = now() + pauseAfter(++own.failures, limits)
      if (!isClosed) failed('digest', key, error)
    } finally {
      own.isWorking = false
    }
  }

  /**
   * A trail that was deleted and made again has digests of the same names: one chain after the other, never side by side. The
   * later one is there from the beginning, so that its digests list what is delivered while it waits.
   */
  const waits = (own: ChainDocument): boolean =>
    [...chains.values()].some(({ chain }) => isNamesake(chain.document(), own) && isBefore(chain.document(), own))

  /** A later start of logging begins another chain. Those of the same name that waited for this one begin now. */
  async function remove(key: string): Promise<void> {
    const over = chains.get(key)!.chain.document()
    for (const { chain } of chains.values())
      if (isNamesake(chain.document(), over) && isBefore(over, chain.document())) await chain.startAt(now())
    await control.transact([{ key, value: undefined }, ...coverage(chains.get(key)!.chain.document())])
    chains.delete(key)
    isSurveyDue = true
  }

  function dueAt(own: OwnChain): number {
    if (own.isWorking) return Infinity
    // A clock that was set back must not put a repetition off.
    if (own.retryAt !== undefined) own.retryAt = Math.min(own.retryAt, now() + limits.pauseMaxMs)
    const at = own.retryAt ?? own.chain.dueAt()
    // Asked of few, since all others are looked through for it.
    return at <= now() && waits(own.chain.document()) ? Infinity : at
  }
  const track = (action: Promise<void>): void => {
    const tracked = action.finally(() => running.delete(tracked))
    running.add(tracked)
  }

  const job: DemandJob = {
    name: 'digests',
    dueAt() {
      if (isClosed) return undefined
      let first = isSurveyDue && !isSurveying ? surveyAt : Infinity
      for (const own of chains.values()) first = Math.min(first, dueAt(own))
      return first === Infinity ? undefined : Math.max(first, 0)
    },
    async run() {
      const time = now()
      if (isSurveyDue && !isSurveying && surveyAt <= time)
        await survey().catch((error: unknown) => failed('survey', '', error))
      for (const [key, own] of chains) if (dueAt(own) <= time) track(work(key, own))
    },
    async settled() {
      while (running.size > 0) await Promise.all(running)
    },
  }

  for (const { value, version } of await listAll<ChainDocument>(control, chainsPrefix)) add(value, version)
  await survey()
  const unsubscribe = trails.subscribe(() => (isSurveyDue = true))

  const documentOf = (trailId: string, region: Region) => chains.get(chainKey(trailId, region))?.chain.document()
  return {
    job,
    status(trailId, region) {
      const { latestDeliveryAt, latestError } = documentOf(trailId, region) ?? {}
      return {
        ...(latestDeliveryAt !== undefined && { latestDigestAt: latestDeliveryAt }),
        ...(latestError !== undefined && { latestDigestError: latestError }),
      }
    },
    wantedAfter: (trailId, region) => documentOf(trailId, region)?.lastOrdinal,
    judgesAfter(trailId, region) {
      const document = documentOf(trailId, region)
      return document && (document.provenTo ?? 0)
    },
    isUnfinished: (trailId) => [...chains.values()].some(({ chain }) => chain.document().trailId === trailId),
    cursors() {
      const cursors = new Map<StreamId, Sequence | 0>()
      for (const { chain } of chains.values()) {
        const { account, region, provenTo } = chain.document()
        if (provenTo === undefined) continue
        const stream = streamId(account, region)
        cursors.set(stream, Math.min(provenTo, cursors.get(stream) ?? Infinity) as Sequence | 0)
      }
      return cursors
    },
    async close() {
      isClosed = true
      unsubscribe()
      await waitAtMost(timers, closeWaitMs, Promise.all(running))
    },
  }
}

/** What is known of a chain that is over. */
function coverage({ trailId, region, startedAt, afterOrdinal: after, lastOrdinal: to }: ChainDocument): ControlWrite[] {
  const value: CoveredRange = { after, to, startedAt }
  return to > after ? [{ key: coveredKey(trailId, region, value), value }] : []
}

/** Of another trail that had the same name, so that digests of both have the same keys. */
const isNamesake = (one: ChainDocument, other: ChainDocument): boolean =>
  one.trailId !== other.trailId &&
  one.region === other.region &&
  one.account === other.account &&
  one.homeRegion === other.homeRegion &&
  one.trailName === other.trailName

const isBefore = (one: ChainDocument, other: ChainDocument): boolean =>
  one.startedAt < other.startedAt || (one.startedAt === other.startedAt && one.trailId < other.trailId)

const covers = (trail: Trail, region: Region): boolean =>
  coversRegion({ homeRegion: trail.homeRegion, isMultiRegion: trail.settings.isMultiRegion }, region)
