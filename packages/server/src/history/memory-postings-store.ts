import type { Sequence } from '@opentrail/core/event'
import { compareNewestFirst } from './newest-postings.ts'
import {
  everyEventAttribute,
  PostingsUnavailableError,
  type IndexedCount,
  type Posting,
  type PostingQuery,
  type PostingRows,
  type PostingsStore,
} from './postings-store.ts'

export type PostingsCall = 'insert' | 'find' | 'counts' | 'indexed' | 'dropBefore'

/** What goes wrong with a call: nothing, or it fails having had no effect, or its effect and no answer. */
export type PostingsFault = 'fails-before' | 'fails-after' | undefined

export interface MemoryPostingsOptions {
  /** Asked once per call (an insert of several days asks once per day); decides what goes wrong. */
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

interface StoredBatch {
  readonly day: number
  readonly token: string
  readonly rows: PostingRows
  readonly indexes: readonly number[]
}

function isWithin(query: PostingQuery, posting: Posting): boolean {
  const { time, sequence } = posting
  if (time < query.timeMin || time > query.timeMax || sequence > query.sequenceMax) return false
  return query.after === undefined || compareNewestFirst(query.after, posting) < 0
}

const key = (posting: Posting): string => `${posting.time}/${posting.sequence}`

function* matching(batches: readonly StoredBatch[], query: PostingQuery): Generator<Posting> {
  for (const { rows, indexes } of batches) {
    for (const index of indexes) {
      if (rows.stream[index] !== query.stream || rows.attribute[index] !== query.attribute) continue
      if (rows.value[index] !== query.value) continue
      const posting = { time: rows.time[index] as number, sequence: rows.sequence[index] as Sequence }
      if (isWithin(query, posting)) yield posting
    }
  }
}

const copyOf = (rows: PostingRows): PostingRows => ({
  length: rows.length,
  day: rows.day.slice(),
  stream: rows.stream.slice(),
  attribute: rows.attribute.slice(),
  value: rows.value.slice(),
  time: rows.time.slice(),
  sequence: rows.sequence.slice(),
})

function indexesByDay(rows: PostingRows): Map<number, number[]> {
  const days = new Map<number, number[]>()
  for (let index = 0; index < rows.length; index++) {
    const day = rows.day[index] as number
    days.set(day, [...(days.get(day) ?? []), index])
  }
  return new Map([...days].sort(([left], [right]) => left - right))
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
    for (const { day, rows, indexes } of batches) {
      for (const index of indexes) {
        if (rows.attribute[index] === everyEventAttribute)
          yield { day, stream: rows.stream[index] as number, sequence: rows.sequence[index] as Sequence }
      }
    }
  }

  return {
    async insert(given, token) {
      const rows = copyOf(given)
      for (const [day, indexes] of indexesByDay(rows)) {
        await call('insert', () => {
          const ofDay = `${token}/${day}`
          if (!batches.some((batch) => batch.token === ofDay)) batches.push({ day, token: ofDay, rows, indexes })
          synced = Math.max(synced, batches.length - (options.unsyncedMax ?? batches.length))
        })
      }
    },

    find: (query) =>
      call('find', () => {
        const found = new Map([...matching(batches, query)].map((posting) => [key(posting), posting]))
        return [...found.values()].sort(compareNewestFirst).slice(0, query.limit)
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
