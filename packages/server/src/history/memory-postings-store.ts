import type { Sequence } from '@opentrail/core/event'
import { FirstPlaces, forEachMatch, placeOf, placeOrder, TimeCounts, ValueCounts } from './event-matches.ts'
import { compareNewestFirst } from './newest-postings.ts'
import { copyOf, splitByDay } from './postings-block.ts'
import {
  everyEventAttribute,
  PostingsUnavailableError,
  type EventQuery,
  type EventRows,
  type IndexedCount,
  type Posting,
  type PostingBatch,
  type PostingQuery,
  type PostingsStore,
} from './postings-store.ts'
import type { Hash64 } from './sip-hash.ts'

export type PostingsCall =
  'insert' | 'find' | 'search' | 'histogram' | 'topValues' | 'counts' | 'indexed' | 'dropBefore'

/** What goes wrong with a call: nothing, or it fails having had no effect, or its effect and no answer. */
export type PostingsFault = 'fails-before' | 'fails-after' | undefined

export interface MemoryPostingsOptions {
  /** Asked once per call (an insert asks twice for each of its days); decides what goes wrong. */
  readonly fault?: (call: PostingsCall) => PostingsFault
  /** Inserts that a crash may still remove: the last ones of those not followed by `sync`. */
  readonly unsyncedMax?: number
}

export interface MemoryPostingsStore extends PostingsStore {
  /** Until `restart`, every call fails. Loses the last `lost` inserts not yet synced, their tokens included. */
  crash(lost?: number): void
  restart(): void
  /** What was inserted so far survives any crash. */
  sync(): void
  /** The indexed events as stored, repeats included: what a `find` would hide. */
  events(): Iterable<{ readonly day: number; readonly stream: number; readonly sequence: Sequence }>
}

interface StoredBatch extends Partial<PostingBatch> {
  readonly day: number
  readonly token: string
}

function isWithin(query: PostingQuery, posting: Posting): boolean {
  const { time, sequence } = posting
  if (time < query.timeMin || time > query.timeMax || sequence > query.sequenceMax) return false
  return query.after === undefined || compareNewestFirst(query.after, posting) < 0
}

const key = (posting: Posting): string => `${posting.time}/${posting.sequence}`

function* matching(batches: readonly StoredBatch[], query: PostingQuery): Generator<Posting> {
  const isEvent = query.attribute === everyEventAttribute
  for (const { postings, events } of batches) {
    const rows = isEvent ? events : postings
    for (let row = 0; row < (rows?.length ?? 0); row++) {
      if (!rows || rows.stream[row] !== query.stream) continue
      if (postings && postings.attribute[row] !== query.attribute) continue
      const value = 'category' in rows ? BigInt(rows.category[row]!) : rows.value[row]
      if (value !== query.value) continue
      const posting = { time: rows.time[row] as number, sequence: rows.sequence[row] as Sequence }
      if (isWithin(query, posting)) yield posting
    }
  }
}

/** Calls `visit` for each event that a query asks for: once, though it may be stored twice. */
function forEachEvent(
  batches: readonly StoredBatch[],
  query: EventQuery,
  visit: (rows: EventRows, row: number) => void,
): void {
  const seen = new Set<string>()
  for (const { events } of batches) {
    if (!events) continue
    forEachMatch(events, query, (row) => {
      const event = `${events.stream[row]}/${events.sequence[row]}`
      if (seen.has(event)) return
      seen.add(event)
      visit(events, row)
    })
  }
}

const isAmong = (value: Hash64, among: readonly Hash64[]): boolean =>
  among.some(({ low, high }) => low === value.low && high === value.high)

/** The two inserts of a day, in their order: what is there as an event has its postings. */
function* insertsOf(batch: PostingBatch, token: string): Generator<StoredBatch> {
  for (const [day, { postings, events }] of splitByDay(batch)) {
    if (postings.length > 0) yield { day, token: `${token}/${day}`, postings }
    if (events.length > 0) yield { day, token: `${token}/${day}/events`, events }
  }
}
/** Postings in memory, for tests: the same promises as the real store, and faults on demand. */
export function createMemoryPostingsStore(options: MemoryPostingsOptions = {}): MemoryPostingsStore {
  let batches: StoredBatch[] = []
  let synced = 0
  let isDown = false

  async function call<T>(kind: PostingsCall, effect: () => T): Promise<T> {
    await Promise.resolve()
    if (isDown) throw new PostingsUnavailableError(`postings: ${kind} failed, the store is down`)
    const fault = options.fault?.(kind)
    if (fault === 'fails-before') throw new PostingsUnavailableError(`postings: ${kind} failed before its effect`)
    const result = effect()
    if (fault === 'fails-after') throw new PostingsUnavailableError(`postings: ${kind} failed after its effect`)
    return result
  }

  function* everyEvent(): Generator<{ day: number; stream: number; sequence: Sequence }> {
    for (const { day, events } of batches)
      for (let row = 0; row < (events?.length ?? 0); row++)
        yield { day, stream: events!.stream[row] as number, sequence: events!.sequence[row] as Sequence }
  }

  return {
    async insert(given, token) {
      for (const insert of insertsOf(copyOf(given), token)) {
        await call('insert', () => {
          if (!batches.some((known) => known.token === insert.token)) batches.push(insert)
          synced = Math.max(synced, batches.length - (options.unsyncedMax ?? batches.length))
        })
      }
    },

    find: (query) =>
      call('find', () => {
        const found = new Map([...matching(batches, query)].map((posting) => [key(posting), posting]))
        return [...found.values()].sort(compareNewestFirst).slice(0, query.limit)
      }),

    search: (query) =>
      call('search', () => {
        const first = new FirstPlaces(placeOrder(query.streams), query.limit, query.after)
        forEachEvent(batches, query, (rows, row) => first.consider(placeOf(rows, row)))
        return first.list()
      }),

    histogram: (query) =>
      call('histogram', () => {
        const counts = new TimeCounts(query.bucketSeconds)
        forEachEvent(batches, query, (rows, row) => counts.add(rows.time[row]!))
        return counts.list()
      }),

    topValues: ({ attribute, among, limit, ...query }) =>
      call('topValues', () => {
        const counts = new ValueCounts(placeOrder(query.streams))
        forEachEvent(batches, query, (rows, row) => counts.addRow(rows, row, attribute))
        const groups = counts.list(Infinity)
        return (among ? groups.filter(({ value }) => isAmong(value, among)) : groups).slice(0, limit)
      }),

    counts: () =>
      call('counts', () => {
        const found = new Map<string, { day: number; stream: number; sequences: Set<number> }>()
        for (const { day, stream, sequence } of everyEvent()) {
          const count = found.get(`${day}/${stream}`) ?? { day, stream, sequences: new Set<number>() }
          found.set(`${day}/${stream}`, count)
          count.sequences.add(sequence)
        }
        return [...found.values()]
          .map(({ day, stream, sequences }): IndexedCount => ({ day, stream, events: sequences.size }))
          .sort((left, right) => left.day - right.day || left.stream - right.stream)
      }),

    indexed: (stream, from, to) =>
      call('indexed', () => {
        const found = new Set<Sequence>()
        for (const event of everyEvent())
          if (event.stream === stream && event.sequence >= from && event.sequence <= to) found.add(event.sequence)
        return [...found].sort((left, right) => left - right)
      }),

    dropBefore: (day) =>
      call('dropBefore', () => {
        const syncedBatches = batches.slice(0, synced).filter((batch) => batch.day >= day).length
        batches = batches.filter((batch) => batch.day >= day)
        synced = syncedBatches
      }),

    async close() {},
    events: everyEvent,
    sync() {
      synced = batches.length
    },
    crash(lost = 0) {
      batches = batches.slice(0, Math.max(synced, batches.length - lost))
      isDown = true
    },
    restart() {
      isDown = false
    },
  }
}
