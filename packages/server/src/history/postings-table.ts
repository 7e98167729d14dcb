import type { ClickHouseClient } from '@clickhouse/client'

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

export const columns = [
  ['day', 'UInt16', 'ZSTD(1)'],
  ['stream', 'UInt32', 'ZSTD(1)'],
  ['attribute', 'UInt8', 'ZSTD(1)'],
  ['value', 'UInt64', 'ZSTD(1)'],
  // T64 cuts the bits that all of a granule have in common, and LZ4 decodes fastest.
  ['time_left', 'UInt32', 'T64, LZ4'],
  ['sequence_left', 'UInt64', 'T64, LZ4'],
] as const

export const insertColumns = columns.map(([name]) => name).join(', ')

/**
 * Small granules and blocks: a lookup of one value reads one granule of four columns; the Bloom filter (2.5 bytes per
 * event) tells without reading which of ninety days' parts cannot have a rare value. A part is on disk before its
 * insert is acknowledged, and a merge before its sources go; no time to live in SQL, whole days are dropped instead.
 */
export async function createPostingsTable(client: ClickHouseClient, table: string, signal: AbortSignal): Promise<void> {
  const definitions = columns.map(([name, type, codec]) => `${name} ${type} CODEC(${codec})`).join(', ')
  await client.command({
    query: `CREATE TABLE IF NOT EXISTS ${table} (${definitions},
        INDEX value_bloom value TYPE bloom_filter(0.02) GRANULARITY 8) ENGINE = MergeTree
      PARTITION BY day ORDER BY (stream, attribute, value, time_left, sequence_left)
      SETTINGS index_granularity = 1024, min_compress_block_size = 16384, max_compress_block_size = 65536,
        non_replicated_deduplication_window = ${deduplicationWindow},
        fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
        old_parts_lifetime = 20, max_suspicious_broken_parts = 1000000`,
    abort_signal: signal,
  })
}
