export { type Gauges, type Metrics } from './metrics.ts'
export { createObserver, type Observer } from './observer.ts'
export { type ServerEvent } from './server-events.ts'
