import type { Region, Sequence, StreamId } from '@opentrail/core/event'
import type { Clocks, Random, Schedule, Timers } from './clock/index.ts'
import type { ControlStore } from './control/index.ts'
import {
  createHistoryIndex,
  type HistoryEvents,
  type HistoryIndex,
  type HistoryLimits,
  type PostingsStore,
} from './history/index.ts'
import { openRecordWriter, type RecordWriter } from './intake/index.ts'
import type { Journal } from './journal/index.ts'
import type { ServerEvent } from './observability/index.ts'
import { createOutbox, createSelfTrail, type SelfTrail } from './selftrail/index.ts'

/** What the service stands on: the adapters that a deployment, or a simulation, chose. */
export interface ServicePorts {
  readonly journal: Journal
  readonly control: ControlStore
  readonly postings: PostingsStore
  readonly clocks: Clocks
  readonly random: Random
  readonly schedule: Schedule
  readonly report: (event: ServerEvent) => void
  /** Real time where absent. */
  readonly timers?: Timers
}

export interface ServiceSettings {
  readonly regions: readonly Region[]
  readonly retentionDays: number
  /** Simulations make them small. */
  readonly historyLimits?: Partial<HistoryLimits>
}

/** The audit trail itself, without HTTP, command line or accounts: what is written is recorded, durable and found. */
export interface Service {
  readonly writer: RecordWriter
  readonly trail: SelfTrail
  readonly history: HistoryIndex
  /** Version of the configuration that envelopes name; grows with each change that selectors depend on. */
  readonly configVersion: () => number
  /** Stops taking work from the journal and closes history; journal and control store belong to who opened them. */
  close(): Promise<void>
}

// Nothing that selectors depend on can change yet; the first trail operation makes this count.
const configVersion = () => 1
const dayMs = 86_400_000
const hourMs = 3_600_000

/**
 * Opens the service on its ports. The order matters: the writer's windows first (so that a replay is a duplicate), then
 * the events that a crash left in the outbox, then the consumers.
 */
export async function openService(ports: ServicePorts, settings: ServiceSettings): Promise<Service> {
  const { journal, control, postings, clocks, random, schedule, report } = ports
  const writer = await openRecordWriter(journal, clocks.domain)
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
    regions: new Set(settings.regions),
    configVersion,
  })

  schedule.add({ name: 'relay outbox', everyMs: hourMs, run: () => outbox.relay() })
  let historyDay = 0
  schedule.add({
    name: 'history retention',
    everyMs: hourMs,
    async run(now) {
      // History forgets whole days: asking the engine once a day is enough, and keeps a test's leap over months quick.
      const day = Math.floor(now / dayMs)
      if (day !== historyDay) await history.retain(now)
      historyDay = day
    },
  })
  // A job of its own: an engine that is down keeps no segment on the disk.
  schedule.add({
    name: 'journal retention',
    everyMs: hourMs,
    async run(now) {
      const bytesFreed = await journal.retain(now - settings.retentionDays * dayMs, consumerCursors(journal, history))
      if (bytesFreed > 0) report({ kind: 'retention', bytesFreed })
    },
  })
  return { writer, trail, history, configVersion, close: () => history.close() }
}

/** Where the slowest consumer of each stream is; a stream that no consumer has seen yet is kept whole. */
const consumerCursors = (journal: Journal, history: HistoryIndex): Map<StreamId, Sequence | 0> => {
  const cursors = history.cursors()
  return new Map(journal.streams().map(({ stream }) => [stream, cursors.get(stream) ?? 0]))
}

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
