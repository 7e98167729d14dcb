import { join } from 'node:path'

/** What the host is told when it starts. Paths are absolute. */
export interface EngineHostOptions {
  /** Everything of the engine lies below: `store`, `spool` and the configuration. */
  readonly directory: string
  readonly socketPath: string
  readonly token: string
  /** Tracked memory of the engine; its resident memory may stand half as high again above it. */
  readonly memoryBytesMax: number
  /** The only databases that statements may touch. */
  readonly databases: readonly string[]
}

/** Queries at the same time. The machine of the embedded engine has few cores; more would only share them. */
export const sessionCount = 6
/** Each running query holds a thread of libuv's pool; the rest is for the host's own file calls. */
export const threadPoolSize = sessionCount + 1 + 3
/** One query may run this long (seconds) unless its own settings say less. */
const executionSecondsMax = 300
/** Results are held in memory whole before they are sent. */
const resultBytesMax = 64 * 1024 * 1024

export const storePath = (directory: string): string => join(directory, 'store')
export const spoolPath = (directory: string): string => join(directory, 'spool')
export const configurationPath = (directory: string): string => join(directory, 'config.xml')
export const usersPath = (directory: string): string => join(directory, 'users.xml')

const escapeXml = (text: string): string => text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`)
const elements = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `  <${name}>${escapeXml(String(value))}</${name}>`)
    .join('\n')

/**
 * Server settings: small caches (the defaults are 5 GB each) and few background threads. Every cache that only helps a
 * large server is off.
 */
export function serverConfiguration(options: EngineHostOptions): string {
  const settings = {
    users_config: usersPath(options.directory),
    max_server_memory_usage: options.memoryBytesMax,
    mark_cache_size: Math.floor(options.memoryBytesMax / 16),
    primary_index_cache_size: Math.floor(options.memoryBytesMax / 32),
    index_mark_cache_size: 1_048_576,
    index_uncompressed_cache_size: 0,
    uncompressed_cache_size: 0,
    query_condition_cache_size: 1_048_576,
    compiled_expression_cache_size: 1_048_576,
    mmap_cache_size: 64,
    background_pool_size: 2,
    background_merges_mutations_concurrency_ratio: 1,
    background_common_pool_size: 1,
    background_fetches_pool_size: 1,
    background_move_pool_size: 1,
    background_schedule_pool_size: 2,
    max_io_thread_pool_size: 4,
    max_io_thread_pool_free_size: 0,
    max_active_parts_loading_thread_pool_size: 2,
    max_outdated_parts_loading_thread_pool_size: 1,
    max_parts_cleaning_thread_pool_size: 1,
    tables_loader_background_pool_size: 1,
    tables_loader_foreground_pool_size: 2,
    max_build_vector_similarity_index_thread_pool_size: 1,
    max_thread_pool_free_size: 8,
  }
  return `<clickhouse>\n${elements(settings)}\n  <logger><level>none</level></logger>
  <user_directories><users_xml><path>${escapeXml(usersPath(options.directory))}</path></users_xml></user_directories>
  <merge_tree>\n${elements({ number_of_free_entries_in_pool_to_execute_mutation: 1, number_of_free_entries_in_pool_to_lower_max_size_of_merge: 1, number_of_free_entries_in_pool_to_execute_optimize_entire_partition: 1 })}\n  </merge_tree>
</clickhouse>\n`
}

/** The one user: our databases, reading `system`, killing queries; no files, no network, no other engines. */
export function usersConfiguration(options: EngineHostOptions): string {
  const limits = {
    max_threads: 2,
    max_insert_threads: 1,
    max_memory_usage: Math.floor(options.memoryBytesMax * 0.75),
    max_execution_time: executionSecondsMax,
    max_result_bytes: resultBytesMax,
    result_overflow_mode: 'throw',
    log_queries: 0,
    allow_introspection_functions: 0,
  }
  const grants = options.databases.map(
    (database) => `SELECT, INSERT, CREATE, DROP, ALTER, OPTIMIZE, TRUNCATE, SHOW ON ${database}.*`,
  )
  const engines = ['MergeTree', 'ReplacingMergeTree', 'AggregatingMergeTree', 'SummingMergeTree', 'Memory', 'Null']
  const all = [
    ...grants,
    'SELECT ON system.*',
    'KILL QUERY ON *.*',
    ...engines.map((name) => `TABLE ENGINE ON ${name}`),
  ]
  return `<clickhouse>
<profiles><default>\n${elements(limits)}\n</default></profiles>
<quotas><default></default></quotas>
<users><default>
  <password></password><networks><ip>127.0.0.1</ip><ip>::1</ip></networks><profile>default</profile><quota>default</quota>
  <grants>${all.map((grant) => `<query>GRANT ${escapeXml(grant)}</query>`).join('')}</grants>
</default></users></clickhouse>\n`
}
