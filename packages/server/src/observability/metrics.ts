import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ServerEvent } from './server-events.ts'

/** Values that are read when somebody asks for the metrics. */
export interface Gauges {
  journalBytes(): number
  journalBytesMax(): number
  journalSegments(): number
  /** Events ever stored, over all streams. */
  journalEvents(): number
  /** Durable events that history cannot find yet, over all streams. */
  historyLag(): number
  engineUp(): boolean
  /** Entries that trails have not delivered or passed yet, over all trails. */
  deliveryBacklog(): number
}

export interface Metrics {
  observe(event: ServerEvent): void
  /** Prometheus text, version 0.0.4. */
  text(): Promise<string>
  readonly contentType: string
}

const latencyBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function createMetrics(gauges: () => Gauges | undefined): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers })
  const gauge = (name: string, help: string, read: (gauges: Gauges) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect: function () {
        const known = gauges()
        if (known) this.set(read(known))
      },
    })

  const requests = counter('opentrail_requests_total', 'Answered requests', ['operation', 'status', 'code'])
  const seconds = new Histogram({
    name: 'opentrail_request_seconds',
    help: 'Time to answer',
    labelNames: ['operation'],
    buckets: latencyBuckets,
    registers,
  })
  const events = counter('opentrail_intake_events_total', 'Events brought by producers', ['outcome'])
  const restarts = counter('opentrail_engine_restarts_total', 'Times the engine had to be started again')
  const cut = counter('opentrail_journal_cut_bytes_total', 'Unacknowledged bytes cut off when the journal was opened')
  const failures = counter('opentrail_failures_total', 'Failures nobody expected', ['kind'])
  const freed = counter('opentrail_retention_freed_bytes_total', 'Bytes that retention freed')
  const files = counter('opentrail_delivered_files_total', 'Log files delivered', ['bucket'])
  const deliveredEvents = counter('opentrail_delivered_events_total', 'Events in delivered log files', ['bucket'])
  const deliveryFailures = counter('opentrail_delivery_failures_total', 'Failed attempts to deliver')
  const digests = counter('opentrail_delivered_digests_total', 'Digests delivered', ['bucket'])
  const digestFailures = counter('opentrail_digest_failures_total', 'Failed attempts to make or deliver a digest')
  const abandoned = counter('opentrail_delivery_abandoned_events_total', 'Events given up undelivered', ['reason'])
  const announced = counter('opentrail_announced_files_total', 'Log files announced to topics')
  const announceFailures = counter('opentrail_notification_failures_total', 'Failed attempts to announce log files')
  const unannounced = counter('opentrail_notification_abandoned_total', 'Log files that nobody was told of')
  const lostMessages = counter('opentrail_topic_messages_lost_total', 'Messages that a subscriber did not get', [
    'reason',
  ])
  gauge('opentrail_delivery_backlog_entries', 'Entries that trails have not passed yet', ({ deliveryBacklog }) =>
    deliveryBacklog(),
  )
  gauge('opentrail_journal_bytes', 'Bytes the journal takes', ({ journalBytes }) => journalBytes())
  gauge('opentrail_journal_bytes_max', 'Bytes the journal may take', ({ journalBytesMax }) => journalBytesMax())
  gauge('opentrail_journal_segments', 'Segments of the journal', ({ journalSegments }) => journalSegments())
  gauge('opentrail_journal_events', 'Events ever stored, over all streams', ({ journalEvents }) => journalEvents())
  gauge('opentrail_history_lag_events', 'Durable events that the stored index does not hold yet', ({ historyLag }) =>
    historyLag(),
  )
  gauge('opentrail_engine_up', 'Whether the engine answers', ({ engineUp }) => (engineUp() ? 1 : 0))
  gauge('process_resident_memory_bytes', 'Resident memory of the main process', () => process.memoryUsage.rss())
  gauge(
    'process_cpu_seconds_total',
    'CPU time of the main process',
    () => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
  )

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    observe(event) {
      switch (event.kind) {
        case 'request':
          requests.inc({ operation: event.operation, status: String(event.status), code: event.code ?? '' })
          seconds.observe({ operation: event.operation }, event.milliseconds / 1_000)
          break
        case 'intake':
          events.inc({ outcome: 'stored' }, event.stored)
          events.inc({ outcome: 'duplicate' }, event.duplicates)
          events.inc({ outcome: 'refused' }, event.refused)
          break
        case 'engine':
          if (event.restarted) restarts.inc()
          break
        case 'journal-tail-cut':
          cut.inc(event.bytes)
          break
        case 'retention':
          freed.inc(event.bytesFreed)
          break
        case 'delivered':
          files.inc({ bucket: event.bucket })
          deliveredEvents.inc({ bucket: event.bucket }, event.count)
          break
        case 'delivery-failed':
          deliveryFailures.inc()
          break
        case 'digest-delivered':
          digests.inc({ bucket: event.bucket })
          break
        case 'digest-failed':
          digestFailures.inc()
          break
        case 'delivery-abandoned':
          abandoned.inc({ reason: event.reason }, event.count)
          break
        case 'announced':
          announced.inc()
          break
        case 'notification-failed':
          announceFailures.inc()
          break
        case 'notification-abandoned':
          unannounced.inc()
          break
        case 'topic-message-lost':
          lostMessages.inc({ reason: event.reason })
          break
        case 'failure':
        case 'job-failed':
          failures.inc({ kind: event.kind })
          break
        default:
      }
    },
  }
}
