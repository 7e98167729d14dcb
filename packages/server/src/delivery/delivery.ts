import { streamParts, type Region, type Sequence, type StreamId } from '@opentrail/core/event'
import { coversRegion } from '@opentrail/core/trail'
import { systemTimers, waitAtMost, type DemandJob, type Timers } from '../clock/index.ts'
import { listAll } from '../control/index.ts'
import { createByteCache, type Journal } from '../journal/index.ts'
import type { ControlTrailDirectory } from '../trails/index.ts'
import { defaultDeliveryLimits, type DeliveryLimits } from './delivery-limits.ts'
import type { DeliveryReader } from './delivery-status.ts'
import { createEntrySizes } from './entry-sizes.ts'
import { createLane, openLane, type Lane, type LaneParts, type PlannedContent } from './lane.ts'
import { allLanes, type LaneDocument } from './lane-document.ts'
import { laneStart } from './lane-start.ts'
import { createLaneTimes, type LaneTimes } from './lane-times.ts'
import { spooledNames } from './plan.ts'
import { createPutGate } from './put-gate.ts'

export interface DeliveryOptions extends Omit<
  LaneParts,
  'gate' | 'atHand' | 'entryBytes' | 'journal' | 'trails' | 'limits'
> {
  readonly journal: Journal
  readonly trails: ControlTrailDirectory
  readonly limits?: Partial<DeliveryLimits>
  /** Real time where absent. */
  readonly timers?: Timers
}

/** Brings every selected event into exactly one log file: a lane for each trail and each stream that it acts in. */
export interface Delivery extends DeliveryReader {
  /** For the schedule. */
  readonly job: DemandJob
  /** What the journal has to keep, by stream; a stream that no trail is interested in is absent. */
  cursors(): ReadonlyMap<StreamId, Sequence | 0>
  lanes(): readonly LaneDocument[]
  /** Every trail has its lane in every stream that it acts in. */
  isComplete(): boolean
  /** Entries that lanes have not passed yet, over all lanes. */
  backlogEntries(): number
  /** Nothing that the trail has taken in the Region waits to be delivered. */
  isDrained(trailId: string, region: Region): boolean
  /** Forgets a deleted trail's lanes. */
  forget(trailId: string): void
  /** Stops: waits for what is being put, but not long; what was cut off is repeated at the next start. */
  close(): Promise<void>
}

interface OwnLane {
  readonly lane: Lane
  readonly times: LaneTimes
}

/** Of all lanes together: what fails is tried again and again, and making it anew each time would cost more. */
const atHandBytesMax = 64 * 1024 * 1024
/** A put that does not come back within this time after the stop is left to the next start. */
const closeWaitMs = 5_000

/** Opens the lanes there are, and makes those that trails and streams have got since. @throws {ControlUnavailableError} */
export async function openDelivery(options: DeliveryOptions): Promise<Delivery> {
  const { journal, control, trails, spool, now, events, timers = systemTimers } = options
  const limits = { ...defaultDeliveryLimits, ...options.limits }
  const sizes = createEntrySizes()
  const gate = createPutGate(limits.putsPerBucketMax)
  const atHand = createByteCache<PlannedContent>(atHandBytesMax)
  const parts: LaneParts = { ...options, limits, gate, atHand, entryBytes: sizes.entryBytes }
  const lanes = new Map<string, OwnLane>()
  const byStream = new Map<StreamId, OwnLane[]>()
  const running = new Set<Promise<void>>()
  /** Streams that may still get lanes: nothing of them may be removed before. */
  let isSurveyDue = true
  let surveyAt = -Infinity
  let isSurveying = false
  let isClosed = false
  /** No lane is due before; asked ten times a second, so kept. Lanes that are due sooner say so, all are asked when it has come. */
  let noneBefore = -Infinity
  let askedAt = -Infinity

  function add(document: LaneDocument): void {
    const { trailId, stream } = document
    const times = createLaneTimes(limits, now)
    const own = { lane: openLane(parts, document), times }
    lanes.set(laneName(trailId, stream), own)
    byStream.set(stream, [...(byStream.get(stream) ?? []), own])
    if (journal.durable(stream) > document.cursor || document.plans.length > 0) times.waiting()
    mayBeSooner(own)
  }

  /** Makes the lanes that are missing: of trails that log, in each stream of their account where they act. */
  async function survey(): Promise<void> {
    isSurveying = true
    isSurveyDue = false
    try {
      // A trail acts in its own account alone: each with each other would be millions of pairs.
      const streams = Map.groupBy(journal.streams(), ({ stream }) => streamParts(stream).account)
      for (const trailId of trails.trailIds()) {
        const account = trails.versions(trailId)[0]?.account
        for (const { stream } of (account && streams.get(account)) ?? [])
          if (!lanes.has(laneName(trailId, stream))) await ensure(trailId, stream)
      }
    } catch (error) {
      isSurveyDue = true
      surveyAt = now() + limits.pauseFirstMs
      throw error
    } finally {
      isSurveying = false
    }
  }

  async function ensure(trailId: string, stream: StreamId): Promise<void> {
    const { region } = streamParts(stream)
    const version = trails.versions(trailId).find((each) => each.isLogging && coversRegion(each, region))
    if (!version) return
    add(await createLane(parts, trailId, stream, await laneStart(journal, stream, version.since)))
  }

  const track = (work: Promise<void>): void => {
    const tracked = work.finally(() => running.delete(tracked))
    running.add(tracked)
  }

  async function work(own: OwnLane): Promise<void> {
    const { lane, times } = own
    times.began()
    try {
      const outcome = await lane.work({ isClosed: () => isClosed })
      const isBehind = journal.durable(lane.stream) > lane.document().cursor || lane.document().plans.length > 0
      times.ended(outcome, isBehind)
    } catch (error) {
      times.failed()
      if (!isClosed) events.failed('delivery', lane.stream, error)
    }
    mayBeSooner(own)
  }

  const isEager = ({ lane }: OwnLane): boolean =>
    journal.durable(lane.stream) - lane.document().cursor >= limits.eagerEvents
  const dueAt = (own: OwnLane): number | undefined =>
    own.times.dueAt(isEager(own), own.lane.document().plans.length > 0)

  const mayBeSooner = (own: OwnLane): void => void (noneBefore = Math.min(noneBefore, dueAt(own) ?? Infinity))

  /** Of all lanes. A clock that was set back makes lanes due that were not. */
  function firstLaneAt(): number {
    const time = now()
    if (time < askedAt || time >= noneBefore) {
      noneBefore = Infinity
      for (const own of lanes.values()) mayBeSooner(own)
    }
    askedAt = time
    return noneBefore
  }

  const job: DemandJob = {
    name: 'delivery',
    dueAt() {
      if (isClosed) return undefined
      const first = Math.min(isSurveyDue && !isSurveying ? surveyAt : Infinity, firstLaneAt())
      // What has been due for ever is due now.
      return first === Infinity ? undefined : Math.max(first, 0)
    },
    async run() {
      const time = now()
      if (isSurveyDue && !isSurveying && surveyAt <= time) {
        const surveying = survey().catch((error: unknown) => events.failed('survey', '' as StreamId, error))
        track(surveying)
        await surveying
      }
      for (const own of lanes.values()) if ((dueAt(own) ?? Infinity) <= time) track(work(own))
    },
    async settled() {
      while (running.size > 0) await Promise.all(running)
    },
  }

  const documents = await listAll<LaneDocument>(control, allLanes)
  await spool.keepOnly(new Set(documents.flatMap(({ value }) => spooledNames(value))))
  for (const { value } of documents) add(value)
  await survey()

  const unsubscribe = [
    trails.subscribe(() => (isSurveyDue = true)),
    journal.subscribe((stream, entries) => {
      sizes.observe(stream, entries)
      const known = byStream.get(stream)
      for (const own of known ?? []) {
        own.times.waiting()
        mayBeSooner(own)
      }
      // Its first entries: no trail has a lane there yet.
      if (entries[0]?.sequence === 1) isSurveyDue = true
    }),
  ]

  return {
    job,
    status(trailId, region) {
      for (const { lane } of lanes.values())
        if (lane.trailId === trailId && streamParts(lane.stream).region === region) return lane.document()
      return {}
    },
    cursors() {
      const cursors = new Map<StreamId, Sequence | 0>()
      for (const [stream, own] of byStream)
        cursors.set(stream, Math.min(...own.map(({ lane }) => lane.held())) as Sequence | 0)
      // As long as it is not known which lanes there will be, every stream is kept whole.
      if (isSurveyDue || isSurveying) for (const { stream } of journal.streams()) cursors.set(stream, 0)
      return cursors
    },
    isDrained: (trailId, region) =>
      [...lanes.values()].every(
        ({ lane }) => lane.trailId !== trailId || streamParts(lane.stream).region !== region || lane.isDrained(),
      ),
    isComplete: () => !isSurveyDue && !isSurveying,
    lanes: () => [...lanes.values()].map(({ lane }) => lane.document()),
    backlogEntries: () =>
      [...lanes.values()].reduce(
        (sum, { lane }) =>
          sum + Math.max(0, journal.durable(lane.stream) - (lane.document().plans[0]?.from ?? lane.document().cursor)),
        0,
      ),
    forget(trailId) {
      for (const [name, { lane }] of lanes) {
        if (lane.trailId !== trailId) continue
        lanes.delete(name)
        byStream.set(
          lane.stream,
          byStream.get(lane.stream)!.filter((own) => own.lane !== lane),
        )
        if (byStream.get(lane.stream)!.length === 0) byStream.delete(lane.stream)
      }
    },
    async close() {
      isClosed = true
      for (const stop of unsubscribe) stop()
      await waitAtMost(timers, closeWaitMs, Promise.all(running))
    },
  }
}

const laneName = (trailId: string, stream: StreamId): string => `${trailId} ${stream}`
