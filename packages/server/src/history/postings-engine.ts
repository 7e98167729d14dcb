import { ClickHouseError, type ClickHouseClient } from '@clickhouse/client'
import { Readable } from 'node:stream'
import { PostingsUnavailableError } from './postings-store.ts'
import { createPostingsTables, namesOf, type PostingsTables, type TableColumns } from './postings-table.ts'

const insertTimeoutMs = 60_000
/** Counting reads a row of every event. */
const scanTimeoutMs = 120_000
const createTimeoutMs = 10_000
/** ClickHouse: UNKNOWN_TABLE, UNKNOWN_DATABASE. */
const missingTableCodes: readonly string[] = ['60', '81']

export type Parameters = Readonly<Record<string, string>>

/** The engine as the adapter's parts talk to it. All methods throw PostingsUnavailableError. */
export interface PostingsEngine {
  readonly tables: PostingsTables
  createTables(): Promise<void>
  /** Rows as JSON has them; for what is asked seldom. */
  rows<T>(what: string, query: string, parameters: Parameters): Promise<T[]>
  /** The answer of a statement that names its format. What takes longer than `timeoutMs`, or is aborted, is killed. @throws the signal's reason */
  bytes(what: string, query: string, timeoutMs: number, signal?: AbortSignal): Promise<Buffer>
  command(what: string, query: string): Promise<void>
  /** Stores a block of Native format as one part, or nothing; does nothing where the token is known. */
  insert(what: string, to: { table: string; columns: TableColumns; token: string; block: Buffer[] }): Promise<void>
}

async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk)
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
}

const insertSettings = (token: string) => ({
  insert_deduplication_token: token,
  insert_deduplicate: 1 as const,
  async_insert: 0 as const,
  // One block, one part: larger than any insert that the index makes.
  max_insert_block_size: '10000000',
  min_insert_block_size_rows: '10000000',
  min_insert_block_size_bytes: '0',
  max_insert_threads: '1',
  max_threads: 1,
})

export function createPostingsEngine(client: ClickHouseClient, tables: PostingsTables): PostingsEngine {
  async function translated<T>(
    what: string,
    timeoutMs: number,
    work: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    signal?.throwIfAborted()
    const timeout = AbortSignal.timeout(timeoutMs)
    try {
      return await work(signal ? AbortSignal.any([signal, timeout]) : timeout)
    } catch (error) {
      signal?.throwIfAborted()
      // The engine's store was replaced by an empty one under us: make the tables, so that the next attempt works.
      if (error instanceof ClickHouseError && missingTableCodes.includes(error.code))
        await createPostingsTables(client, tables, AbortSignal.timeout(createTimeoutMs)).catch(() => undefined)
      throw new PostingsUnavailableError(`postings: ${what} failed`, { cause: error })
    }
  }

  return {
    tables,
    createTables: () => translated('open', scanTimeoutMs, (signal) => createPostingsTables(client, tables, signal)),
    rows: (what, query, query_params) =>
      translated(what, scanTimeoutMs, async (abort_signal) => {
        const result = await client.query({ query, query_params, format: 'JSONCompactEachRow', abort_signal })
        return result.json()
      }),
    bytes: (what, query, timeoutMs, signal) =>
      translated(
        what,
        timeoutMs,
        async (abort_signal) => {
          const { stream } = await client.exec({ query, abort_signal })
          return bytesOf(stream)
        },
        signal,
      ),
    command: (what, query) =>
      translated(what, scanTimeoutMs, async (abort_signal) => void (await client.command({ query, abort_signal }))),
    insert: (what, { table, columns, token, block }) =>
      translated(what, insertTimeoutMs, async (abort_signal) => {
        const { stream } = await client.exec({
          query: `INSERT INTO ${table} (${namesOf(columns)}) FORMAT Native`,
          values: Readable.from(block, { objectMode: false }),
          abort_signal,
          clickhouse_settings: insertSettings(token),
        })
        await bytesOf(stream)
      }),
  }
}
