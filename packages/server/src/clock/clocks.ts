/**
 * Three clocks, never mixed (docs/architecture.md, "Time"). All in milliseconds.
 * `domain`: event and delivery times, retention, schedules; virtual in tests. `wall`: signatures, TLS, Date headers.
 * `monotonic`: time-outs and durations; has no epoch.
 */
export interface Clocks {
  domain(): number
  wall(): number
  monotonic(): number
}

export const systemClocks: Clocks = {
  domain: () => Date.now(),
  wall: () => Date.now(),
  monotonic: () => performance.now(),
}
