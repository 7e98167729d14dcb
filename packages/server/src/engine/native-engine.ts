import { createRequire } from 'node:module'

/** What a statement gave back; `bytes` in the format asked for. */
export interface NativeResult {
  readonly bytes: Buffer
  /** Seconds. */
  readonly elapsed: number
  readonly rowsRead: number
  readonly bytesRead: number
}

/** A connection of the engine in this process; one query at a time. */
export interface NativeConnection {
  /** Rejects with the engine's own text: `Code: 62. DB::Exception: ... (SYNTAX_ERROR)`. */
  query(statement: string, format: string): Promise<NativeResult>
  close(): void
}

interface Addon {
  CreateConnection(path: string, options: readonly string[]): object
  CloseConnection(connection: object): void
  QueryAsyncConnection(connection: object, statement: string, format: string): Promise<NativeResult>
}

/**
 * Loads the engine into this process. Only `chdb`'s addon is used, not its JavaScript layers: those serialise
 * parameters, decode bytes as text and hold exit handlers. Its raw insert entry is avoided as well: it ends the data
 * at the first empty line and runs the rest as SQL. Rows go through a spool file instead (INSERT ... FROM INFILE).
 * One thread, one data directory per process.
 */
export function loadNativeEngine(): (path: string, options?: readonly string[]) => NativeConnection {
  const require = createRequire(import.meta.url)
  const inside = createRequire(require.resolve('chdb/package.json'))
  const loader = inside('./dist/loader.js') as { loadNative(): Addon }
  const addon = loader.loadNative()
  return (path, options = []) => {
    const connection = addon.CreateConnection(path, options)
    return {
      query: (statement, format) => addon.QueryAsyncConnection(connection, statement, format),
      close: () => addon.CloseConnection(connection),
    }
  }
}
