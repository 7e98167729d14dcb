import type { Sequence } from '@opentrail/core/event'
import type { EventPlace, EventQuery, EventRows, StreamRange, TimeBucket, ValueGroup } from './postings-store.ts'
import { hashesOf, holds } from './search-columns.ts'
import type { Hash64 } from './sip-hash.ts'

export type ComparePlaces = (a: EventPlace, b: EventPlace) => number

/** Negative when `a` comes before `b`: time falling, streams as listed, sequence falling. */
export function placeOrder(streams: readonly { readonly stream: number }[]): ComparePlaces {
  const rank = new Map(streams.map(({ stream }, index) => [stream, index]))
  return (a, b) => b.time - a.time || rank.get(a.stream)! - rank.get(b.stream)! || b.sequence - a.sequence
}

/**
 * Calls `visit` for each of the rows that a query asks for, the last inserted first: arrival is nearly the order of time.
 */
export function forEachMatch(
  rows: EventRows,
  { streams, predicate, timeMin, timeMax }: EventQuery,
  visit: (row: number) => void,
): void {
  const ranges = new Map(streams.map((range): [number, StreamRange] => [range.stream, range]))
  for (let row = rows.length - 1; row >= 0; row--) {
    const time = rows.time[row]!
    if (time < timeMin || time > timeMax) continue
    const range = ranges.get(rows.stream[row]!)
    const sequence = rows.sequence[row]!
    if (!range || sequence < range.sequenceMin || sequence > range.sequenceMax) continue
    if (holds(predicate, rows.columns, row)) visit(row)
  }
}

export const placeOf = (rows: EventRows, row: number): EventPlace => ({
  time: rows.time[row]!,
  stream: rows.stream[row]!,
  sequence: rows.sequence[row]! as Sequence,
})

/** Keeps the first `limit` places of the order that come after `after`. */
export class FirstPlaces {
  #kept: EventPlace[] = []
  /** The last of the first `limit`, when it was last looked: what comes behind it is not wanted. */
  #last: EventPlace | undefined
  readonly #compare: ComparePlaces
  readonly #limit: number
  readonly #after: EventPlace | undefined

  constructor(compare: ComparePlaces, limit: number, after?: EventPlace) {
    this.#compare = compare
    this.#limit = limit
    this.#after = after
  }

  consider(place: EventPlace): void {
    if (this.#after && this.#compare(place, this.#after) <= 0) return
    if (this.#last && this.#compare(place, this.#last) >= 0) return
    // Sorted now and then: kept in order each time, places that come in the opposite order would cost their square.
    if (this.#kept.push(place) >= 2 * this.#limit + spareMax) this.#cut()
  }

  list(): EventPlace[] {
    this.#cut()
    return this.#kept
  }

  #cut(): void {
    this.#kept = this.#kept.sort(this.#compare).slice(0, this.#limit)
    this.#last = this.#kept[this.#limit - 1]
  }
}

/** So that small pages are not sorted for every few places. */
const spareMax = 64

/** Counts per bucket of event time. */
export class TimeCounts {
  readonly #seconds: number
  readonly #counts = new Map<number, number>()

  constructor(bucketSeconds: number) {
    this.#seconds = bucketSeconds
  }

  add(time: number, count = 1): void {
    const start = time - (time % this.#seconds)
    this.#counts.set(start, (this.#counts.get(start) ?? 0) + count)
  }

  list(): TimeBucket[] {
    return Array.from(this.#counts, ([start, count]) => ({ start, count })).sort((a, b) => a.start - b.start)
  }
}

/** Something for each of some hashes. */
export class HashMap<T> {
  /** By the high half, then by the low one: no key has to be made. */
  readonly #halves = new Map<number, Map<number, T>>()

  get(low: number, high: number): T | undefined {
    return this.#halves.get(high)?.get(low)
  }

  set(low: number, high: number, value: T): void {
    const known = this.#halves.get(high)
    if (known) known.set(low, value)
    else this.#halves.set(high, new Map([[low, value]]))
  }

  values(): T[] {
    return [...this.#halves.values()].flatMap((lows) => [...lows.values()])
  }
}

/** Counts per value. */
export class ValueCounts {
  readonly #compare: ComparePlaces
  readonly #groups = new HashMap<ValueGroup>()

  constructor(compare: ComparePlaces) {
    this.#compare = compare
  }

  addRow(rows: EventRows, row: number, attribute: number): void {
    const column = rows.columns[attribute]!
    const [from, to] = hashesOf(column, row)
    const newest = placeOf(rows, row)
    for (let at = from; at < to; at++)
      this.add({ value: { low: column.values[2 * at]!, high: column.values[2 * at + 1]! }, count: 1, newest })
  }

  add({ value, count, newest }: ValueGroup): void {
    const known = this.#groups.get(value.low, value.high)
    const first = known && this.#compare(known.newest, newest) < 0 ? known.newest : newest
    this.#groups.set(value.low, value.high, { value, count: count + (known?.count ?? 0), newest: first })
  }

  has({ low, high }: Hash64): boolean {
    return this.#groups.get(low, high) !== undefined
  }

  values(): Hash64[] {
    return this.#groups.values().map(({ value }) => value)
  }

  /** The most frequent first, of equal ones that of the newest event, and of one event's the smaller hash. */
  list(limit: number): ValueGroup[] {
    return this.#groups
      .values()
      .sort((a, b) => b.count - a.count || this.#compare(a.newest, b.newest) || compareHashes(a.value, b.value))
      .slice(0, limit)
  }
}

const compareHashes = (a: Hash64, b: Hash64): number => a.high - b.high || a.low - b.low
