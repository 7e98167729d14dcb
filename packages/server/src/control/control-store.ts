/* oxlint-disable typescript/no-unnecessary-type-parameters -- who reads a document names the shape it was written in */
/** A JSON document and the version that a conditional write names. Versions of a key only grow. */
export interface Versioned<T> {
  readonly value: T
  readonly version: number
}

/** `value: undefined` deletes. `ifVersion`: 0 = must not exist, n = must be at version n, absent = whatever is there. */
export interface ControlWrite {
  readonly key: string
  readonly value: unknown
  readonly ifVersion?: number
}

/**
 * Small documents by key: accounts, users, keys, cursors, plans, outbox. One shape for LMDB and PostgreSQL.
 * Keys are `area/part/part`, at most 500 bytes; values are JSON up to 1 MiB. Every adapter passes `controlStoreContract`.
 */
export interface ControlStore {
  get<T>(key: string): Promise<Versioned<T> | undefined>
  /** Documents whose key starts with `prefix`, in key order, after key `after`, at most `limit` (default 1,000). */
  list<T>(
    prefix: string,
    options?: { after?: string; limit?: number },
  ): Promise<{ key: string; value: T; version: number }[]>
  /**
   * All writes or none; resolves once they would survive a power cut.
   * @throws {ControlConflictError} an `ifVersion` did not hold; nothing was written.
   * @throws {ControlLimitError} a key, a value or the whole is too large; nothing was written.
   * @throws {ControlUnavailableError} it is not known whether it was written; read before trying again.
   */
  transact(writes: readonly ControlWrite[]): Promise<void>
  close(): Promise<void>
}

export class ControlConflictError extends Error {
  override readonly name = 'ControlConflictError'
  readonly key: string
  constructor(key: string) {
    super(`"${key}" was changed by another writer`)
    this.key = key
  }
}
/** What was asked is beyond what every adapter takes: a mistake of the caller, not a state of the store. */
export class ControlLimitError extends Error {
  override readonly name = 'ControlLimitError'
}
export class ControlUnavailableError extends Error {
  override readonly name = 'ControlUnavailableError'
}
