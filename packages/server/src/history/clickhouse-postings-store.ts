import type { ClickHouseClient } from '@clickhouse/client'
import type { Sequence } from '@opentrail/core/event'
import { createEventSearch } from './clickhouse-event-search.ts'
import { compareNewestFirst } from './newest-postings.ts'
import { PostingDays } from './posting-days.ts'
import { encodeEvents, encodePostings, splitByDay } from './postings-block.ts'
import { createPostingsEngine } from './postings-engine.ts'
import { columns, eventColumns, postingsTables, sequenceLeft, timeLeft, type PostingsTables } from './postings-table.ts'
import {
  everyEventAttribute,
  type IndexedCount,
  type Posting,
  type PostingQuery,
  type PostingsStore,
} from './postings-store.ts'
import { RepeatedDays } from './repeated-days.ts'

export interface ClickHousePostingsOptions {
  readonly client: ClickHouseClient
  /** Exists already. */
  readonly database?: string
}

/** A page of postings is a matter of milliseconds; this is for an engine that merges or restarts. */
const findTimeoutMs = 10_000
/**
 * A lookup's cost is nearly all planning, so one thread (reading in the key's order ends after the first granules), and
 * the engine's older planner, which takes a sixth less CPU for so plain a query. The Bloom filter is
 * asked while planning, so that a part without the value is never opened (a third of the CPU over fifty parts).
 */
const findSettings = 'max_threads = 1, enable_analyzer = 0, use_skip_indexes_on_data_read = 0'
const rowBytes = 12

/**
 * Only numbers go into the text, so nothing needs to be escaped. `timeMin` is left to the reader of the result: newest
 * come first, so what is too old stands at its end, and each condition less is planned faster.
 */
function findStatement({ postings, events }: PostingsTables, query: PostingQuery, days: readonly number[]): string {
  const { after, stream, attribute, value } = query
  const [table, key] =
    attribute === everyEventAttribute
      ? [events, `category = ${value}`]
      : [postings, `attribute = ${attribute} AND value = ${value}`]
  const bounds = [
    `stream = ${stream} AND ${key}`,
    `time_left >= ${timeLeft(after ? Math.min(query.timeMax, after.time) : query.timeMax)}`,
    `sequence_left >= ${sequenceLeft(query.sequenceMax)}`,
    `day IN (${days.join(', ')})`,
    ...(after ? [`(time_left > ${timeLeft(after.time)} OR sequence_left > ${sequenceLeft(after.sequence)})`] : []),
  ]
  return (
    `SELECT time_left, sequence_left FROM ${table} PREWHERE ${bounds.join(' AND ')} ` +
    `ORDER BY time_left, sequence_left LIMIT ${query.limit} SETTINGS ${findSettings} FORMAT RowBinary`
  )
}

function decodePostings(bytes: Buffer): Posting[] {
  const postings: Posting[] = []
  for (let at = 0; at + rowBytes <= bytes.length; at += rowBytes) {
    const left = bytes.readUInt32LE(at + 4) + bytes.readUInt32LE(at + 8) * 2 ** 32
    postings.push({ time: timeLeft(bytes.readUInt32LE(at)), sequence: sequenceLeft(left) as Sequence })
  }
  return postings
}

/** Postings that were inserted twice under different tokens (a refill) stand side by side. */
const withoutRepeats = (postings: readonly Posting[]): Posting[] =>
  postings.filter(({ time, sequence }, index) => {
    const before = postings[index - 1]
    return before === undefined || before.time !== time || before.sequence !== sequence
  })

/**
 * Postings and events in two ClickHouse tables: chDB's engine host or a cluster, through the same client. They are made
 * where they are missing. One store at a time inserts into them: which days hold which times is known from its own inserts.
 * @throws {PostingsUnavailableError}
 */
export async function openClickHousePostingsStore(options: ClickHousePostingsOptions): Promise<PostingsStore> {
  const tables = postingsTables(options.database ?? 'opentrail')
  const { postings, events } = tables
  const engine = createPostingsEngine(options.client, tables)

  const findInDays = async (query: PostingQuery, among: readonly number[]): Promise<Posting[]> =>
    decodePostings(await engine.bytes('find', findStatement(tables, query, among), findTimeoutMs))

  /** The next `limit` postings, repeats included. */
  async function findNext(query: PostingQuery): Promise<Posting[]> {
    let found: Posting[] = []
    const times = { timeMin: query.timeMin, timeMax: Math.min(query.timeMax, query.after?.time ?? query.timeMax) }
    for (const { days: among, restTimeMax } of days.groups(times)) {
      const more = await findInDays(query, among)
      found = [...found, ...more].sort(compareNewestFirst).slice(0, query.limit)
      const last = found.at(-1)
      if (found.length === query.limit && last && last.time > restTimeMax) break
    }
    return found
  }

  const days = new PostingDays()
  await engine.createTables()
  const stored = await engine.rows<[number, number, number]>(
    'list of days',
    `SELECT day, min(time_left), max(time_left) FROM ${events} GROUP BY day`,
    {},
  )
  for (const [day, least, most] of stored) days.widen(day, { timeMin: timeLeft(most), timeMax: timeLeft(least) })
  const repeated = new RepeatedDays(stored.map(([day]) => day))

  return {
    ...createEventSearch(engine, days, repeated),

    async insert(batch, token) {
      // Day by day: a part lies in one partition, so each day is stored whole or not at all, under its own token. The
      // events go last: what is counted as there can be looked up.
      for (const [day, ofDay] of splitByDay(batch)) {
        for (const rows of [ofDay.postings, ofDay.events]) days.widenByRows(day, rows)
        repeated.inserting(day, ofDay.events)
        if (ofDay.postings.length > 0)
          await engine.insert(`insert of day ${day}`, {
            table: postings,
            columns,
            token: `${token}/${day}`,
            block: encodePostings(ofDay.postings),
          })
        if (ofDay.events.length > 0)
          await engine.insert(`insert of the events of day ${day}`, {
            table: events,
            columns: eventColumns,
            token: `${token}/${day}/events`,
            block: encodeEvents(ofDay.events),
          })
      }
    },

    async find(query) {
      const postings: Posting[] = []
      // Ends: each round but the first follows repeats, and goes on strictly behind the last posting.
      for (let after = query.after; ; after = postings.at(-1)) {
        const found = await findNext(after ? { ...query, after } : query)
        const wanted = withoutRepeats(found).filter((posting) => posting.time >= query.timeMin)
        postings.push(...wanted.slice(0, query.limit - postings.length))
        const isEnd = found.length < query.limit || (found.at(-1) as Posting).time < query.timeMin
        if (isEnd || postings.length === query.limit) return postings
      }
    },

    async counts() {
      const rows = await engine.rows<[number, number, string, string]>(
        'counts',
        `SELECT day, stream, uniqExact(sequence_left), count() FROM ${events}
         GROUP BY day, stream ORDER BY day, stream`,
        {},
      )
      const twice = new Set(rows.filter(([, , distinct, all]) => distinct !== all).map(([day]) => day))
      repeated.single(rows.map(([day]) => day).filter((day) => !twice.has(day)))
      return rows.map(([day, stream, distinct]): IndexedCount => ({ day, stream, events: Number(distinct) }))
    },

    async indexed(stream, from, to) {
      const rows = await engine.rows<[string]>(
        'indexed',
        `SELECT DISTINCT sequence_left FROM ${events}
         WHERE stream = {stream:UInt32} AND sequence_left BETWEEN {first:UInt64} AND {last:UInt64}
         ORDER BY sequence_left DESC`,
        { stream: String(stream), first: String(sequenceLeft(to)), last: String(sequenceLeft(from)) },
      )
      return rows.map(([left]) => sequenceLeft(Number(left)) as Sequence)
    },

    async dropBefore(day) {
      // Partitions without events of their own may exist, so the engine is asked, not `days`.
      const { database } = tables
      const partitions = await engine.rows<[string, string]>(
        'list of days',
        `SELECT DISTINCT table, partition FROM system.parts WHERE database = {database:String}
         AND has([{postings:String}, {events:String}], concat(database, '.', table)) AND active
         AND toUInt16(partition) < {day:UInt16}`,
        { database, postings, events, day: String(day) },
      )
      for (const [table, partition] of partitions)
        await engine.command(
          `drop of day ${partition}`,
          `ALTER TABLE ${database}.${table} DROP PARTITION ${Number(partition)}`,
        )
      days.dropBefore(day)
      repeated.dropBefore(day)
    },

    // The client belongs to whoever made it.
    async close() {},
  }
}
