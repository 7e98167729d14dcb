import type { Region } from '@opentrail/core/event'
import type { BucketStore } from './buckets/index.ts'
import type { Clocks, Random, Schedule, Timers } from './clock/index.ts'
import type { ControlStore } from './control/index.ts'
import {
  abandonedCall,
  createHousekeeping,
  openDelivery,
  type ContentBuilder,
  type Delivery,
  type DeliveryEvents,
  type DeliveryLimits,
  type DeliverySpool,
} from './delivery/index.ts'
import {
  createBackfill,
  openDigests,
  type Backfill,
  type DigestLimits,
  type Digests,
  type Gzip,
  type SignCheckpoint,
} from './digests/index.ts'
import {
  createHistoryIndex,
  type HistoryEvents,
  type HistoryIndex,
  type HistoryLimits,
  type PostingsStore,
} from './history/index.ts'
import { openRecordWriter, type RecordWriter } from './intake/index.ts'
import type { Journal } from './journal/index.ts'
import {
  openNotifications,
  type NotificationEvents,
  type NotificationLimits,
  type Notifications,
} from './notifications/index.ts'
import type { ServerEvent } from './observability/index.ts'
import { retentionJobs } from './retention.ts'
import { createOutbox, createSelfTrail, type SelfTrail } from './selftrail/index.ts'
import type { SigningKeys } from './signing-keys/index.ts'
import { openStreamTrees, type StreamTrees } from './stream-trees/index.ts'
import type { TopicPublisher } from './topics/index.ts'
import { openTrailDirectory, type ControlTrailDirectory } from './trails/index.ts'

/** What the service stands on: the adapters that a deployment, or a simulation, chose. */
export interface ServicePorts {
  readonly journal: Journal
  readonly control: ControlStore
  readonly postings: PostingsStore
  readonly buckets: BucketStore
  readonly content: ContentBuilder
  readonly spool: DeliverySpool
  /** Where log files are announced. */
  readonly topics: TopicPublisher
  readonly clocks: Clocks
  readonly random: Random
  readonly schedule: Schedule
  readonly report: (event: ServerEvent) => void
  readonly signingKeys: SigningKeys
  readonly signCheckpoint: SignCheckpoint
  /** Real time where absent. */
  readonly timers?: Timers
  /** In the thread pool where absent. */
  readonly gzip?: Gzip
}

export interface ServiceSettings {
  readonly regions: readonly Region[]
  /** The Region whose stream gets the events of global services. */
  readonly leadingRegion: Region
  readonly retentionDays: number
  readonly deliveryLimits?: Partial<DeliveryLimits>
  readonly digestLimits?: Partial<DigestLimits>
  readonly notificationLimits?: Partial<NotificationLimits>
  /** Simulations make them small. */
  readonly historyLimits?: Partial<HistoryLimits>
}

/** The audit trail itself, without HTTP, command line or accounts: what is written is recorded, durable and found. */
export interface Service {
  readonly writer: RecordWriter
  readonly trail: SelfTrail
  readonly history: HistoryIndex
  readonly trails: ControlTrailDirectory
  readonly delivery: Delivery
  readonly digests: Digests
  readonly notifications: Notifications
  readonly backfill: Backfill
  readonly trees: StreamTrees
  /** Stops taking work from the journal and closes its consumers; the ports belong to who opened them. */
  close(): Promise<void>
}

const dayMs = 86_400_000
const hourMs = 3_600_000

/**
 * Opens the service on its ports. The order matters: trails first (every entry names the version of their configuration),
 * the writer's windows (so that a replay is a duplicate), then the events that a crash left in the outbox, then the
 * consumers.
 */
export async function openService(ports: ServicePorts, settings: ServiceSettings): Promise<Service> {
  const { journal, control, postings, clocks, random, schedule, report } = ports
  const trails = await openTrailDirectory(control)
  const trees = await openStreamTrees({
    journal,
    control,
    now: clocks.domain,
    failed: (step, stream, error) => report({ kind: 'job-failed', job: `stream trees: ${step} ${stream}`, error }),
  })
  const writer = await openRecordWriter(journal, clocks.domain, trails.configVersion)
  const outbox = createOutbox(control, writer, journal)
  // A journal that takes nothing at the moment is no reason not to start: the schedule goes on trying.
  await outbox.relay().catch((error: unknown) => report({ kind: 'job-failed', job: 'relay outbox', error }))
  const history = createHistoryIndex({
    journal,
    store: postings,
    control,
    random,
    events: historyEvents(report),
    ...(ports.timers && { timers: ports.timers }),
    ...(settings.historyLimits && { limits: settings.historyLimits }),
  })
  const trail = createSelfTrail({
    writer,
    outbox,
    journal,
    clocks,
    random,
    configVersion: trails.configVersion,
  })
  let announce: (() => void) | undefined
  const delivery = await openDelivery({
    journal,
    control,
    trails,
    random,
    builder: ports.content,
    buckets: ports.buckets,
    spool: ports.spool,
    now: clocks.domain,
    isOutboxIdle: () => !outbox.isBusy,
    leadingRegion: settings.leadingRegion,
    events: deliveryEvents(report, () => announce?.()),
    recordAbandoned: (range, writes) => trail.commit(writes, abandonedCall(range, random), { waitsForRoom: true }),
    ...(ports.timers && { timers: ports.timers }),
    limits: { keptMs: settings.retentionDays * dayMs, ...settings.deliveryLimits },
  })
  const digests = await openDigests({
    control,
    journal,
    trees,
    trails,
    delivery,
    buckets: ports.buckets,
    keys: ports.signingKeys,
    signCheckpoint: ports.signCheckpoint,
    regions: settings.regions,
    now: clocks.domain,
    delivered: (digest) => report({ kind: 'digest-delivered', ...digest }),
    failed: (step, chain, error) => report({ kind: 'digest-failed', step, chain, error }),
    ...(ports.timers && { timers: ports.timers }),
    ...(settings.digestLimits && { limits: settings.digestLimits }),
    ...(ports.gzip && { gzip: ports.gzip }),
  })
  const backfill = createBackfill({
    control,
    trails,
    delivery,
    buckets: ports.buckets,
    keys: ports.signingKeys,
    now: clocks.domain,
    monotonic: clocks.monotonic,
    delivered: (digest) => report({ kind: 'digest-delivered', ...digest }),
    ...(ports.timers && { timers: ports.timers }),
    ...(ports.gzip && { gzip: ports.gzip }),
  })
  const isOutboxIdle = (): boolean => !outbox.isBusy
  const notifications = await openNotifications({
    control,
    trails,
    delivery,
    topics: ports.topics,
    now: clocks.domain,
    events: notificationEvents(report),
    ...(ports.timers && { timers: ports.timers }),
    ...(settings.notificationLimits && { limits: settings.notificationLimits }),
  })
  announce = () => notifications.wake()
  const readers = [digests, notifications]
  const tidy = createHousekeeping({ journal, control, trails, delivery, readers, isOutboxIdle })

  schedule.add({ name: 'relay outbox', everyMs: hourMs, run: () => outbox.relay() })
  for (const job of retentionJobs({
    journal,
    history,
    trees,
    delivery,
    digests,
    retentionDays: settings.retentionDays,
    freed: (bytesFreed) => report({ kind: 'retention', bytesFreed }),
  }))
    schedule.add(job)
  schedule.add(trees.job)
  schedule.add(delivery.job)
  schedule.add(digests.job)
  schedule.add(notifications.job)
  schedule.add({
    name: 'delivery housekeeping',
    everyMs: hourMs,
    async run(now) {
      await tidy(now)
      await notifications.tidy()
    },
  })
  schedule.add({ name: 'backfill housekeeping', everyMs: dayMs, run: () => backfill.tidy() })
  return {
    writer,
    trail,
    history,
    trails,
    delivery,
    digests,
    notifications,
    backfill,
    trees,
    async close() {
      await notifications.close()
      await backfill.close()
      await digests.close()
      await delivery.close()
      await history.close()
      await trees.close()
    },
  }
}

const deliveryEvents = (report: ServicePorts['report'], announce: () => void): DeliveryEvents => ({
  delivered(file) {
    report({ kind: 'delivered', ...file })
    announce()
  },
  failed: (step, stream, error) => report({ kind: 'delivery-failed', step, stream, error }),
  abandoned: (range) => report({ kind: 'delivery-abandoned', ...range }),
})

const historyEvents = (report: ServicePorts['report']): HistoryEvents => ({
  failed: (step, error, attempt) => report({ kind: 'history', message: `${step} failed, attempt ${attempt}`, error }),
  unreadable: (stream, sequence, error) =>
    report({ kind: 'history', message: `entry ${sequence} of ${stream} cannot be read`, error }),
  refill: ({ refilled, missing }) => report({ kind: 'history-rebuilding', indexed: refilled, total: missing }),
  countDiffers: (stream, day, indexed, stored) =>
    report({
      kind: 'history',
      message: `${stream}, day ${day}: the index holds ${stored} events where ${indexed} were indexed`,
    }),
})

const notificationEvents = (report: ServicePorts['report']): NotificationEvents => ({
  announced: (file) => report({ kind: 'announced', ...file }),
  failed: (step, stream, error) => report({ kind: 'notification-failed', step, stream, error }),
  abandoned: (file) => report({ kind: 'notification-abandoned', ...file }),
})
