import type { ClickHouseClient } from '@clickhouse/client'
import { searchAttributes } from '@opentrail/core/search'
import { hasSeveral } from './search-columns.ts'

/** Batches whose tokens are remembered per table: hours of them, far more than are ever in doubt after a crash. */
const deduplicationWindow = 10_000

/**
 * The largest time and sequence. What is stored is how far below them a posting is ("left"), so that newest first is
 * the key's own rising order, which is read forward.
 */
const timeMost = 2 ** 32 - 1
const sequenceMost = Number.MAX_SAFE_INTEGER

/** Own inverse. */
export const timeLeft = (time: number): number => timeMost - Math.max(0, Math.min(time, timeMost))
/** Own inverse. */
export const sequenceLeft = (sequence: number): number => sequenceMost - sequence

/** One row for each value that LookupEvents can look an event up by. */
export const columns = [
  ['day', 'UInt16', 'ZSTD(1)'],
  ['stream', 'UInt32', 'ZSTD(1)'],
  ['attribute', 'UInt8', 'ZSTD(1)'],
  ['value', 'UInt64', 'ZSTD(1)'],
  // T64 cuts the bits that all of a granule have in common, and LZ4 decodes fastest.
  ['time_left', 'UInt32', 'T64, LZ4'],
  ['sequence_left', 'UInt64', 'T64, LZ4'],
] as const

/** The column of each search attribute, by its place in `searchAttributes`. */
export const searchColumnNames: readonly string[] = searchAttributes.map((name) => name.replaceAll('.', '_'))

/** One row for each event. */
export const eventColumns: TableColumns = [
  ['day', 'UInt16', 'ZSTD(1)'],
  ['stream', 'UInt32', 'ZSTD(1)'],
  ['category', 'UInt8', 'ZSTD(1)'],
  ['time_left', 'UInt32', 'T64, LZ4'],
  ['sequence_left', 'UInt64', 'T64, LZ4'],
  ...searchAttributes.map((attribute, index): [string, string, string] => [
    searchColumnNames[index]!,
    hasSeveral(attribute) ? 'Array(UInt64)' : 'UInt64',
    'ZSTD(1)',
  ]),
]

/** What both tables have in common: see `createPostingsTables`. */
const tableSettings = `index_granularity = 1024, min_compress_block_size = 16384, max_compress_block_size = 65536,
        non_replicated_deduplication_window = ${deduplicationWindow},
        fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
        old_parts_lifetime = 20, max_suspicious_broken_parts = 1000000`

export type TableColumns = readonly (readonly [name: string, type: string, codec: string])[]
export const namesOf = (of: TableColumns): string => of.map(([name]) => name).join(', ')
const definitionsOf = (of: TableColumns): string =>
  of.map(([name, type, codec]) => `${name} ${type} CODEC(${codec})`).join(', ')

/** The tables of one store. Their names change with what is in them, so that no version reads another's. */
export interface PostingsTables {
  readonly database: string
  readonly postings: string
  readonly events: string
}
export const postingsTables = (database: string): PostingsTables => ({
  database,
  postings: `${database}.postings_2`,
  events: `${database}.events_2`,
})
/** Of version 0.1: management and Insights events only, nothing but their postings. */
const formerTables = ['postings']

/**
 * Small granules and blocks: a lookup of one value reads one granule of four columns; the Bloom filter (2.5 bytes per
 * event) tells without reading which of ninety days' parts cannot have a rare value. A part is on disk before its
 * insert is acknowledged, and a merge before its sources go; no time to live in SQL, whole days are dropped instead.
 *
 * What is counted are the events, so where they have a table and the postings have none (nobody but a person drops one),
 * they are dropped, too: all is refilled then.
 */
export async function createPostingsTables(
  client: ClickHouseClient,
  { database, postings, events }: PostingsTables,
  signal: AbortSignal,
): Promise<void> {
  const run = (query: string) => client.command({ query, abort_signal: signal })
  const existing = await client.query({
    query: 'SELECT name FROM system.tables WHERE database = {database:String}',
    query_params: { database },
    format: 'JSONCompactEachRow',
    abort_signal: signal,
  })
  const names = new Set((await existing.json<[string]>()).map(([name]) => `${database}.${name}`))
  for (const name of formerTables) if (names.has(`${database}.${name}`)) await run(`DROP TABLE ${database}.${name}`)
  if (names.has(events) && !names.has(postings)) await run(`DROP TABLE ${events}`)
  await run(`CREATE TABLE IF NOT EXISTS ${postings} (${definitionsOf(columns)},
        INDEX value_bloom value TYPE bloom_filter(0.02) GRANULARITY 8) ENGINE = MergeTree
      PARTITION BY day ORDER BY (stream, attribute, value, time_left, sequence_left) SETTINGS ${tableSettings}`)
  await run(`CREATE TABLE IF NOT EXISTS ${events} (${definitionsOf(eventColumns)}) ENGINE = MergeTree
      PARTITION BY day ORDER BY (stream, category, time_left, sequence_left) SETTINGS ${tableSettings}`)
}
