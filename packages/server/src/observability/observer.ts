import { pino } from 'pino'
import { createMetrics, type Gauges, type Metrics } from './metrics.ts'
import { levelOf, type ServerEvent } from './server-events.ts'

export interface Observer {
  readonly report: (event: ServerEvent) => void
  readonly metrics: Metrics
  /** Writes out what is still buffered; called last, before the process ends. */
  flush(): void
}

export interface ObserverOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Undefined until everything is open. */
  readonly gauges: () => Gauges | undefined
}

/** Structured log lines on standard error (standard output belongs to the command), and metrics. */
export function createObserver({ level, gauges }: ObserverOptions): Observer {
  const destination = pino.destination({ fd: 2, sync: true })
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { error: pino.stdSerializers.errWithCause },
    },
    destination,
  )
  const metrics = createMetrics(gauges)
  return {
    metrics,
    report(event) {
      metrics.observe(event)
      const { kind, ...fields } = event
      log[levelOf(event)](fields, kind)
    },
    flush: () => destination.flushSync(),
  }
}
