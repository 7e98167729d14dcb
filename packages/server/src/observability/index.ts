export { type Gauges } from './metrics.ts'
export { createObserver, type Observer } from './observer.ts'
export { type ServerEvent } from './server-events.ts'
