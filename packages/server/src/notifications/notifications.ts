import { streamParts, type Region, type StreamId } from '@opentrail/core/event'
import { trailTopicArn } from '@opentrail/core/trail'
import { pauseAfter, systemTimers, waitAtMost, type DemandJob, type Timers } from '../clock/index.ts'
import { listAll } from '../control/index.ts'
import type { Delivery, DeliveryStatus, LaneDocument } from '../delivery/index.ts'
import type { ControlTrailDirectory } from '../trails/index.ts'
import { announcementKey, announcementsPrefix, type AnnouncementDocument } from './announcement-document.ts'
import { openAnnouncer, type Announcer, type AnnouncerParts } from './announcer.ts'
import { defaultNotificationLimits, type NotificationLimits } from './notification-limits.ts'

export interface NotificationOptions extends Omit<AnnouncerParts, 'limits' | 'trails'> {
  readonly trails: ControlTrailDirectory
  readonly delivery: Pick<Delivery, 'lanes' | 'isComplete'>
  readonly limits?: Partial<NotificationLimits>
  /** Real time where absent. */
  readonly timers?: Timers
}

/** How announcing stands in one Region: a part of what delivery tells. */
export type NotificationStatus = Pick<
  DeliveryStatus,
  'latestNotificationAt' | 'latestNotificationAttemptAt' | 'latestNotificationError'
>

/** Tells a trail's topic of each file that was delivered while the trail had one, at least once. */
export interface Notifications {
  /** For the schedule. */
  readonly job: DemandJob
  /** A file was delivered. */
  wake(): void
  status(trailId: string, region: Region): NotificationStatus
  /** Ledger entries after this one are still wanted; undefined: none. */
  wantedAfter(trailId: string, region: Region): number | undefined
  /** A file of the trail is still to be announced. */
  isUnfinished(trailId: string): boolean
  /** Forgets lanes that are no more. @throws {ControlUnavailableError} the rest is forgotten the next time */
  tidy(): Promise<void>
  /** Stops: waits for what is being published, but not long; what was cut off is repeated at the next start. */
  close(): Promise<void>
}

interface OwnAnnouncer {
  readonly announcer: Announcer
  failures: number
  retryAt: number | undefined
  isWorking: boolean
}

type Lane = Pick<LaneDocument, 'trailId' | 'stream' | 'ordinal'>

/** What does not come back within this time after the stop is left to the next start. */
const closeWaitMs = 5_000

/** Reads how far every lane has been announced. @throws {ControlUnavailableError} */
export async function openNotifications(options: NotificationOptions): Promise<Notifications> {
  const { control, trails, delivery, now, events, timers = systemTimers } = options
  const limits = { ...defaultNotificationLimits, ...options.limits }
  const parts: AnnouncerParts = { ...options, limits }
  const announcers = new Map<string, OwnAnnouncer>()
  const running = new Set<Promise<void>>()
  /** The topics of the trails that there are, as they were when last looked at. */
  let topicOf: ReadonlyMap<string, string | undefined> = new Map()
  let isAwake = true
  let isClosed = false

  function add(document: AnnouncementDocument): OwnAnnouncer {
    const own = { announcer: openAnnouncer(parts, document), failures: 0, retryAt: undefined, isWorking: false }
    announcers.set(announcementKey(document.trailId, document.stream), own)
    return own
  }

  /** Where nothing is known, from the first entry on: those that are not to be announced say so themselves. */
  const announcerOf = ({ trailId, stream }: Lane): OwnAnnouncer =>
    announcers.get(announcementKey(trailId, stream)) ?? add({ trailId, stream, ordinal: 0 })

  /** A trail that is gone may have left files. */
  function mayAnnounce(trailId: string): boolean {
    const trail = trails.byId(trailId)
    return trail ? trailTopicArn(trail) !== undefined : trails.versions(trailId).at(-1)?.topicArn !== undefined
  }

  /**
   * Called the moment a change of a trail stands, before anything is delivered under it: what is in the ledger by then needs
   * not be read to know that it is not to be announced.
   */
  function trailsChanged(): void {
    const before = topicOf
    topicOf = new Map(trails.all().map((trail) => [trail.id, trailTopicArn(trail)]))
    const hasBegun = (id: string): boolean =>
      before.has(id) && before.get(id) === undefined && topicOf.get(id) !== undefined
    const begun = new Set([...topicOf.keys()].filter(hasBegun))
    if (begun.size > 0)
      for (const { trailId, stream, ordinal } of delivery.lanes())
        if (begun.has(trailId) && !announcers.has(announcementKey(trailId, stream))) add({ trailId, stream, ordinal })
    // Another topic may take what the one before did not.
    for (const own of announcers.values()) {
      const { trailId } = own.announcer.document()
      if (before.get(trailId) !== topicOf.get(trailId)) own.retryAt = undefined
    }
    isAwake = true
  }

  const isBehind = (lane: Lane): boolean => announcerOf(lane).announcer.document().ordinal < lane.ordinal
  const isWanted = (lane: Lane): boolean =>
    (announcers.has(announcementKey(lane.trailId, lane.stream)) || mayAnnounce(lane.trailId)) && isBehind(lane)

  async function work(own: OwnAnnouncer, stream: StreamId): Promise<void> {
    own.isWorking = true
    try {
      await own.announcer.work(() => isClosed)
      own.failures = 0
      own.retryAt = undefined
    } catch (error) {
      own.retryAt = now() + pauseAfter(++own.failures, limits)
      if (!isClosed) events.failed('notification', stream, error)
    } finally {
      own.isWorking = false
      // Something may have been delivered meanwhile.
      isAwake = true
    }
  }

  async function tidy(): Promise<void> {
    if (!delivery.isComplete()) return
    const left = new Set(delivery.lanes().map(({ trailId, stream }) => announcementKey(trailId, stream)))
    for (const [key, { isWorking }] of announcers) {
      if (left.has(key) || isWorking) continue
      announcers.delete(key)
      await control.transact([{ key, value: undefined }])
    }
  }

  function track(action: Promise<void>): void {
    const tracked = action.finally(() => running.delete(tracked))
    running.add(tracked)
  }

  /** When an announcer that failed is to go on. A clock that was set back must not put that off. */
  const retryAt = (own: OwnAnnouncer): number | undefined =>
    own.retryAt === undefined ? undefined : (own.retryAt = Math.min(own.retryAt, now() + limits.pauseMaxMs))

  const job: DemandJob = {
    name: 'notifications',
    dueAt() {
      if (isClosed) return undefined
      if (isAwake) return 0
      let first = Infinity
      for (const own of announcers.values()) if (!own.isWorking) first = Math.min(first, retryAt(own) ?? Infinity)
      return first === Infinity ? undefined : first
    },
    async run() {
      isAwake = false
      for (const lane of delivery.lanes()) {
        if (!isWanted(lane)) continue
        const own = announcerOf(lane)
        if (!own.isWorking && (retryAt(own) ?? 0) <= now()) track(work(own, lane.stream))
      }
      for (const own of announcers.values()) if ((own.retryAt ?? Infinity) <= now()) own.retryAt = undefined
    },
    async settled() {
      while (running.size > 0) await Promise.all(running)
    },
  }

  for (const { value } of await listAll<AnnouncementDocument>(control, announcementsPrefix)) add(value)
  trailsChanged()
  const unsubscribe = trails.subscribe(trailsChanged)

  const laneOf = (trailId: string, region: Region): Lane | undefined =>
    delivery.lanes().find((lane) => lane.trailId === trailId && streamParts(lane.stream).region === region)
  return {
    job,
    wake() {
      isAwake = true
    },
    status(trailId, region) {
      const lane = laneOf(trailId, region)
      const own = lane && announcers.get(announcementKey(trailId, lane.stream))
      if (!own || !mayAnnounce(trailId)) return {}
      const { latestNotificationAt, latestNotificationAttemptAt, latestNotificationError } = own.announcer.document()
      return {
        ...(latestNotificationAt !== undefined && { latestNotificationAt }),
        ...(latestNotificationAttemptAt !== undefined && { latestNotificationAttemptAt }),
        ...(latestNotificationError !== undefined && { latestNotificationError }),
      }
    },
    wantedAfter(trailId, region) {
      const lane = laneOf(trailId, region)
      return lane && isWanted(lane) ? announcerOf(lane).announcer.document().ordinal : undefined
    },
    tidy,
    isUnfinished: (trailId) => delivery.lanes().some((lane) => lane.trailId === trailId && isWanted(lane)),
    async close() {
      isClosed = true
      unsubscribe()
      await waitAtMost(timers, closeWaitMs, Promise.all(running))
    },
  }
}
