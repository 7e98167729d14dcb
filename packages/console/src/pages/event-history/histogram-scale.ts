/** Bars over time, as they are drawn: each at its place between the bounds, 0 to 1. */
export interface Bar {
  /** Milliseconds since the epoch. */
  readonly start: number
  readonly end: number
  readonly count: number
}

interface Counts {
  readonly bucketSeconds: number
  readonly buckets: readonly { readonly start: string; readonly count: number }[]
}

/** More are too thin to be pointed at. */
const barsMax = 400

/** All bars from `from` to `to`, those without events too. */
export function barsOf({ bucketSeconds, buckets }: Counts, from: number, to: number): Bar[] {
  const length = Math.max(bucketSeconds * 1_000, (to - from) / barsMax)
  const counts = new Map<number, number>()
  const first = Math.floor(from / length)
  for (const { start, count } of buckets) {
    const index = Math.floor(Date.parse(start) / length)
    counts.set(index, (counts.get(index) ?? 0) + count)
  }
  const last = Math.max(first, Math.ceil(to / length) - 1)
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const index = first + i
    return { start: index * length, end: (index + 1) * length, count: counts.get(index) ?? 0 }
  })
}
