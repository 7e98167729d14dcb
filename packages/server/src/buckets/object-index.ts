export interface IndexReader {
  get(key: Buffer): Buffer | undefined
  /** Entries whose key begins with `prefix` and comes after `after`, in byte order; at most `limit`. */
  range(prefix: Buffer, after: Buffer | undefined, limit: number): { key: Buffer; value: Buffer }[]
}

export interface IndexTransaction extends IndexReader {
  put(key: Buffer, value: Buffer): void
  remove(key: Buffer): void
}

/** The ordered keys and values behind the directory store. What is read is durable. */
export interface ObjectIndex extends IndexReader {
  /**
   * Runs `change` alone, and resolves once what it wrote would survive a power cut: all of it, or nothing. What `change`
   * throws leaves nothing behind.
   * @throws {BucketError} InternalError, whose outcome is unknown, where the commit failed.
   */
  transact<T>(change: (transaction: IndexTransaction) => T): Promise<T>
  close(): Promise<void>
}
