import type { NewEntry, RoutingFields, Sequence, StreamId } from '@opentrail/core/event'
import { createMemoryJournal, type Journal } from '../journal/index.ts'
import { createMemoryPostingsStore } from './memory-postings-store.ts'
import { compareNewestFirst } from './newest-postings.ts'
import {
  everyEventAttribute,
  PostingsUnavailableError,
  type EventRows,
  type PostingBatch,
  type PostingQuery,
  type PostingRows,
  type PostingsStore,
} from './postings-store.ts'
import { hashesOf, SearchColumns } from './search-columns.ts'
import type { Hash64 } from './sip-hash.ts'

const encoder = new TextEncoder()

/** An entry as admission would make it; tests name only what matters to them. */
export function newEntry(event: Partial<RoutingFields>, admittedAt: number): NewEntry {
  const routing: RoutingFields = {
    eventId: 'e',
    eventTime: admittedAt,
    eventSource: 'iam.amazonaws.com',
    eventName: 'GetUser',
    category: 'Management',
    resources: [],
    ...event,
  }
  return {
    idKey: new Uint8Array(16),
    recordHash: new Uint8Array(32),
    admittedAt,
    envelope: encoder.encode(
      JSON.stringify({ version: 1, configVersion: 1, origin: 'producer', principal: 'p', event: routing }),
    ),
    record: encoder.encode(`{"eventID":${JSON.stringify(routing.eventId)}}`),
  }
}

export interface JournalDouble extends Journal {
  /** Retention: what is before `first` is gone. */
  cut(stream: StreamId, first: number): Promise<void>
  /** While true, subscribers are told nothing. */
  deaf: boolean
}

/** The memory journal, with what can happen to an index that follows it. */
export function createJournalDouble(): JournalDouble {
  const memory = createMemoryJournal()
  const journal: JournalDouble = {
    ...memory,
    deaf: false,
    async cut(stream, first) {
      const cursors = new Map(memory.streams().map((state) => [state.stream, 0 as Sequence | 0]))
      await memory.retain(Infinity, cursors.set(stream, (first - 1) as Sequence))
    },
    subscribe: (listener) =>
      memory.subscribe((stream, entries, growth) => journal.deaf || listener(stream, entries, growth)),
  }
  return journal
}

interface Row {
  readonly day: number
  readonly stream: number
  readonly attribute: number
  readonly value: bigint
  readonly time: number
  readonly sequence: Sequence
  /** Of an event's row. */
  readonly hashes?: readonly (readonly Hash64[])[]
}
/** `token`: of the insert that brought it. */
interface StoredRow extends Row {
  readonly token: string
}

/** Where an insert fails: before it took effect, after some of its days, or when all is stored and only the answer lost. */
export type InsertFault = 'before' | 'between-days' | 'after'

export interface PostingsDouble extends PostingsStore {
  rows: StoredRow[]
  /** Asked once for each insert. */
  fault: () => InsertFault | undefined
  /** Nothing answers while true. */
  down: boolean
  inserts: number
  inFlightMax: number
  /** Somebody deletes the store. */
  wipe(): void
  /** A power cut takes what the engine had not synced: the last inserts, with their tokens. */
  lose(inserts: number): void
  /** The handle of one process: calls fail once it has crashed. */
  session(): PostingsStore & { crash(): void }
}

/** Postings as a list of rows that tests may look at and damage, with the failures of an engine in another process. */
export function createPostingsDouble(): PostingsDouble {
  let tokens: string[] = []
  let inFlight = 0
  const check = () => {
    if (store.down) throw new PostingsUnavailableError('down')
  }
  /** The memory adapter searches. */
  const searchable = async () => {
    check()
    const memory = createMemoryPostingsStore()
    await memory.insert({ postings: noPostings, events: eventsOf(store.rows) }, 'all')
    return memory
  }
  const insertDays = async (added: Row[], token: string, fault: InsertFault | undefined) => {
    for (const day of new Set(added.map((row) => row.day))) {
      const ofDay = `${token}/${day}`
      if (!tokens.includes(ofDay))
        store.rows.push(...added.filter((row) => row.day === day).map((row) => ({ ...row, token: ofDay })))
      tokens.push(ofDay)
      if (fault === 'between-days') throw new PostingsUnavailableError('between days')
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const store: PostingsDouble = {
    rows: [],
    fault: () => undefined,
    down: false,
    inserts: 0,
    inFlightMax: 0,
    wipe() {
      store.rows = []
      tokens = []
    },
    lose(inserts) {
      const lost = new Set(inserts > 0 ? tokens.slice(-inserts) : [])
      tokens = tokens.filter((token) => !lost.has(token))
      store.rows = store.rows.filter((row) => !lost.has(row.token))
    },
    async insert(batch, token) {
      check()
      const rows = rowsOf(batch)
      if (rows.length === 0) throw new TypeError('an empty insert')
      store.inserts++
      store.inFlightMax = Math.max(store.inFlightMax, ++inFlight)
      try {
        const fault = store.fault()
        if (fault === 'before') throw new PostingsUnavailableError('before')
        await insertDays(rows, token, fault)
        if (fault) throw new PostingsUnavailableError('after')
      } finally {
        inFlight--
      }
    },
    async find(query) {
      check()
      await new Promise((resolve) => setImmediate(resolve))
      return store.rows
        .filter((row) => isFound(row, query))
        .sort(compareNewestFirst)
        .slice(0, query.limit)
        .map(({ time, sequence }) => ({ time, sequence }))
    },
    search: async (query) => (await searchable()).search(query),
    histogram: async (query) => (await searchable()).histogram(query),
    topValues: async (query) => (await searchable()).topValues(query),
    async counts() {
      check()
      const counts = new Map<string, { day: number; stream: number; events: number }>()
      for (const { day, stream, attribute } of store.rows) {
        if (attribute !== 0) continue
        const count = counts.get(`${day}/${stream}`) ?? { day, stream, events: 0 }
        count.events++
        counts.set(`${day}/${stream}`, count)
      }
      return [...counts.values()]
    },
    async indexed(stream, from, to) {
      check()
      const found = store.rows.filter(
        (row) => row.attribute === 0 && row.stream === stream && row.sequence >= from && row.sequence <= to,
      )
      return [...new Set(found.map(({ sequence }) => sequence))].sort((a, b) => a - b)
    },
    async dropBefore(day) {
      check()
      store.rows = store.rows.filter((row) => row.day >= day)
    },
    close: async () => undefined,
    session() {
      let crashed = false
      const alive = () => {
        if (crashed) throw new PostingsUnavailableError('the process has crashed')
      }
      return {
        crash: () => void (crashed = true),
        insert: async (rows, token) => (alive(), store.insert(rows, token)),
        find: async (query) => (alive(), store.find(query)),
        search: async (query) => (alive(), store.search(query)),
        histogram: async (query) => (alive(), store.histogram(query)),
        topValues: async (query) => (alive(), store.topValues(query)),
        counts: async () => (alive(), store.counts()),
        indexed: async (stream, from, to) => (alive(), store.indexed(stream, from, to)),
        dropBefore: async (day) => (alive(), store.dropBefore(day)),
        close: async () => undefined,
      }
    },
  }
  return store
}

function rowsOf({ postings, events }: PostingBatch): Row[] {
  const common = ({ day, stream, time, sequence }: typeof postings | typeof events, at: number) => ({
    day: day[at]!,
    stream: stream[at]!,
    time: time[at]!,
    sequence: sequence[at]! as Sequence,
  })
  return [
    ...Array.from({ length: postings.length }, (_, at) => ({
      ...common(postings, at),
      attribute: postings.attribute[at]!,
      value: postings.value[at]!,
    })),
    ...Array.from({ length: events.length }, (_, at) => ({
      ...common(events, at),
      attribute: everyEventAttribute,
      value: BigInt(events.category[at]!),
      hashes: events.columns.map((column) => {
        const [from, to] = hashesOf(column, at)
        const { values } = column
        return Array.from({ length: to - from }, (_unused, index) => ({
          low: values[2 * (from + index)]!,
          high: values[2 * (from + index) + 1]!,
        }))
      }),
    })),
  ]
}

function eventsOf(rows: readonly Row[]): EventRows {
  const search = new SearchColumns()
  const events = rows.filter(({ attribute }) => attribute === everyEventAttribute)
  for (const { hashes } of events) {
    for (const [attribute, own] of hashes!.entries()) for (const hash of own) search.put(attribute, hash)
    search.endRow()
  }
  return {
    length: events.length,
    day: Uint16Array.from(events, ({ day }) => day),
    stream: Uint32Array.from(events, ({ stream }) => stream),
    category: Uint8Array.from(events, ({ value }) => Number(value)),
    time: Uint32Array.from(events, ({ time }) => time),
    sequence: Float64Array.from(events, ({ sequence }) => sequence),
    columns: search.columns(),
  }
}
const noPostings: PostingRows = {
  length: 0,
  day: new Uint16Array(),
  stream: new Uint32Array(),
  attribute: new Uint8Array(),
  value: new BigUint64Array(),
  time: new Uint32Array(),
  sequence: new Float64Array(),
}

const isFound = (row: Row, query: PostingQuery): boolean =>
  row.stream === query.stream &&
  row.attribute === query.attribute &&
  row.value === query.value &&
  row.time >= query.timeMin &&
  row.time <= query.timeMax &&
  row.sequence <= query.sequenceMax &&
  (!query.after || compareNewestFirst(row, query.after) > 0)
