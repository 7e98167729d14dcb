import { ClickHouseError, type ClickHouseClient } from '@clickhouse/client'
import type { Sequence } from '@opentrail/core/event'
import { Readable } from 'node:stream'
import { compareNewestFirst } from './newest-postings.ts'
import { PostingDays } from './posting-days.ts'
import { createPostingsTable, insertColumns, sequenceLeft, timeLeft } from './postings-table.ts'
import { encodeNativeBlock, splitByDay } from './postings-block.ts'
import {
  everyEventAttribute,
  PostingsUnavailableError,
  type IndexedCount,
  type Posting,
  type PostingQuery,
  type PostingsStore,
} from './postings-store.ts'

export interface ClickHousePostingsOptions {
  readonly client: ClickHouseClient
  /** Exists already. */
  readonly database?: string
  readonly table?: string
}

/** A page of postings is a matter of milliseconds; this is for an engine that merges or restarts. */
const findTimeoutMs = 10_000
const insertTimeoutMs = 60_000
/** Counting reads one posting of every event. */
const scanTimeoutMs = 120_000
/** ClickHouse: UNKNOWN_TABLE, UNKNOWN_DATABASE. */
const missingTableCodes: readonly string[] = ['60', '81']
/**
 * A lookup's cost is nearly all planning, so one thread (reading in the key's order ends after the first granules), and
 * the engine's older planner, which takes a sixth less CPU for so plain a query. The Bloom filter is
 * asked while planning, so that a part without the value is never opened (a third of the CPU over fifty parts).
 */
const findSettings = 'max_threads = 1, enable_analyzer = 0, use_skip_indexes_on_data_read = 0'
const rowBytes = 12

type Parameters = Readonly<Record<string, string>>

async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk)
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
}

/**
 * Only numbers go into the text, so nothing needs to be escaped. `timeMin` is left to the reader of the result: newest
 * come first, so what is too old stands at its end, and each condition less is planned faster.
 */
function findStatement(table: string, query: PostingQuery, days: readonly number[]): string {
  const { after } = query
  const bounds = [
    `stream = ${query.stream} AND attribute = ${query.attribute} AND value = ${query.value}`,
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
 * Postings in a ClickHouse table: chDB's engine host or a cluster, through the same client. The table is made where
 * it is missing. One store at a time inserts into a table: which days hold which times is known from its own inserts.
 * @throws {PostingsUnavailableError}
 */
export async function openClickHousePostingsStore(options: ClickHousePostingsOptions): Promise<PostingsStore> {
  const { client } = options
  const table = `${options.database ?? 'opentrail'}.${options.table ?? 'postings'}`

  async function translated<T>(what: string, timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await work(AbortSignal.timeout(timeoutMs))
    } catch (error) {
      // The engine's store was replaced by an empty one under us: make the table, so that the next attempt works.
      if (error instanceof ClickHouseError && missingTableCodes.includes(error.code))
        await createPostingsTable(client, table, AbortSignal.timeout(findTimeoutMs)).catch(() => undefined)
      throw new PostingsUnavailableError(`postings: ${what} failed`, { cause: error })
    }
  }

  const rowsOf = <T>(what: string, query: string, parameters: Parameters): Promise<T[]> =>
    translated(what, scanTimeoutMs, async (signal) => {
      const result = await client.query({
        query,
        query_params: parameters,
        format: 'JSONCompactEachRow',
        abort_signal: signal,
      })
      return result.json<T>()
    })

  const findInDays = (query: PostingQuery, among: readonly number[]): Promise<Posting[]> =>
    translated('find', findTimeoutMs, async (signal) => {
      const { stream } = await client.exec({ query: findStatement(table, query, among), abort_signal: signal })
      return decodePostings(await bytesOf(stream))
    })

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
  await translated('open', scanTimeoutMs, (signal) => createPostingsTable(client, table, signal))
  const stored = await rowsOf<[number, number, number]>(
    'list of days',
    `SELECT day, min(time_left), max(time_left) FROM ${table} WHERE attribute = {attribute:UInt8} GROUP BY day`,
    { attribute: String(everyEventAttribute) },
  )
  for (const [day, least, most] of stored) days.widen(day, { timeMin: timeLeft(most), timeMax: timeLeft(least) })
  return {
    async insert(rows, token) {
      // Day by day: a part lies in one partition, so each day is stored whole or not at all, under its own token.
      for (const [day, ofDay] of splitByDay(rows)) {
        days.widenByRows(day, ofDay)
        await translated(`insert of day ${day}`, insertTimeoutMs, async (signal) => {
          const { stream } = await client.exec({
            query: `INSERT INTO ${table} (${insertColumns}) FORMAT Native`,
            values: Readable.from(encodeNativeBlock(ofDay), { objectMode: false }),
            abort_signal: signal,
            clickhouse_settings: {
              insert_deduplication_token: `${token}/${day}`,
              insert_deduplicate: 1,
              async_insert: 0,
              // One block, one part: larger than any insert that the index makes.
              max_insert_block_size: '10000000',
              min_insert_block_size_rows: '10000000',
              min_insert_block_size_bytes: '0',
              max_insert_threads: '1',
              max_threads: 1,
            },
          })
          await bytesOf(stream)
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
      const rows = await rowsOf<[number, number, string]>(
        'counts',
        `SELECT day, stream, uniqExact(sequence_left) FROM ${table} WHERE attribute = {attribute:UInt8}
         GROUP BY day, stream ORDER BY day, stream`,
        { attribute: String(everyEventAttribute) },
      )
      return rows.map(([day, stream, events]): IndexedCount => ({ day, stream, events: Number(events) }))
    },

    async indexed(stream, from, to) {
      const rows = await rowsOf<[string]>(
        'indexed',
        `SELECT DISTINCT sequence_left FROM ${table}
         WHERE stream = {stream:UInt32} AND attribute = {attribute:UInt8}
           AND sequence_left BETWEEN {first:UInt64} AND {last:UInt64} ORDER BY sequence_left DESC`,
        {
          stream: String(stream),
          attribute: String(everyEventAttribute),
          first: String(sequenceLeft(to)),
          last: String(sequenceLeft(from)),
        },
      )
      return rows.map(([left]) => sequenceLeft(Number(left)) as Sequence)
    },

    async dropBefore(day) {
      // Partitions without events of their own may exist, so the engine is asked, not `days`.
      const [database, name] = table.split('.') as [string, string]
      const partitions = await rowsOf<[string]>(
        'list of days',
        `SELECT DISTINCT partition FROM system.parts
         WHERE database = {database:String} AND table = {name:String} AND active AND toUInt16(partition) < {day:UInt16}`,
        { database, name, day: String(day) },
      )
      for (const [partition] of partitions) {
        await translated(`drop of day ${partition}`, scanTimeoutMs, (signal) =>
          client.command({ query: `ALTER TABLE ${table} DROP PARTITION ${Number(partition)}`, abort_signal: signal }),
        )
      }
      days.dropBefore(day)
    },

    // The client belongs to whoever made it.
    async close() {},
  }
}
