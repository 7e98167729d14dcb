/** Callers times Regions times operations, and then some; an entry is some 100 bytes. */
const bucketsMaxDefault = 20_000

export interface Throttle {
  /** Whether one more call under this name is within `callsPerSecond`. */
  allows(name: string, callsPerSecond: number): boolean
}

/**
 * Token buckets: a second's worth of calls at once, then the rate. Bounded: the bucket used longest ago is forgotten,
 * which only ever lets a caller do more. `monotonic` in milliseconds.
 */
export function createThrottle(monotonic: () => number, bucketsMax = bucketsMaxDefault): Throttle {
  const buckets = new Map<string, { readonly tokens: number; readonly at: number }>()
  return {
    allows(name, callsPerSecond) {
      const now = monotonic()
      const capacity = Math.max(1, callsPerSecond)
      const bucket = buckets.get(name) ?? { tokens: capacity, at: now }
      const tokens = Math.min(capacity, bucket.tokens + ((now - bucket.at) / 1_000) * callsPerSecond)
      const allowed = tokens >= 1
      buckets.delete(name)
      buckets.set(name, { tokens: allowed ? tokens - 1 : tokens, at: now })
      if (buckets.size > bucketsMax) buckets.delete(buckets.keys().next().value!)
      return allowed
    },
  }
}
