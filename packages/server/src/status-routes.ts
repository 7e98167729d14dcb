import type { Metrics } from './observability/index.ts'
import type { Route } from './http/index.ts'

export interface StatusRoutesOptions {
  readonly metrics: Metrics
  /** What keeps the server from being ready; empty when nothing does. */
  readonly notReady: () => readonly string[]
}

const json = (status: number, body: object) => ({
  status,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
})

/** `GET /health`: the process can answer. `GET /ready`: calls are answered and history is open. `GET /metrics`: Prometheus. */
export function statusRoutes({ metrics, notReady }: StatusRoutesOptions): Route[] {
  return [
    { method: 'GET', path: '/health', handle: (exchange) => exchange.respond(json(200, { status: 'ok' })) },
    {
      method: 'GET',
      path: '/ready',
      handle(exchange) {
        const reasons = notReady()
        exchange.respond(
          reasons.length === 0 ? json(200, { status: 'ready' }) : json(503, { status: 'not ready', reasons }),
        )
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      handle: async (exchange) =>
        exchange.respond({ status: 200, headers: { 'Content-Type': metrics.contentType }, body: await metrics.text() }),
    },
  ]
}
