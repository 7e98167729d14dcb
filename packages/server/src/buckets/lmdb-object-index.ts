import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { open } from 'lmdb'
import { checkLmdbFile } from '../control/index.ts'
import { BucketError } from './bucket-store.ts'
import type { IndexReader, IndexTransaction, ObjectIndex } from './object-index.ts'

/**
 * The index in an LMDB file in `directory`, which only one process at a time may use. `overlappingSync: false` makes a
 * commit write and sync its pages before it becomes visible; concurrent transactions share commits.
 * @throws {ControlUnavailableError} the file is not LMDB's.
 */
export function openLmdbObjectIndex(directory: string): ObjectIndex {
  checkLmdbFile(directory)
  const database = open<Buffer, Buffer>(directory, {
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
    noSubdir: false,
  })
  // LMDB makes its files readable for everybody.
  for (const name of ['data.mdb', 'lock.mdb']) chmodSync(join(directory, name), 0o600)

  const reader: IndexReader = {
    get: (key) => database.get(key),
    range(prefix, after, limit) {
      const found: { key: Buffer; value: Buffer }[] = []
      const isBehind = after !== undefined && Buffer.compare(after, prefix) > 0
      for (const { key, value } of database.getRange({ start: isBehind ? after : prefix, exclusiveStart: isBehind })) {
        if (!key.subarray(0, prefix.length).equals(prefix)) break
        found.push({ key, value })
        if (found.length === limit) break
      }
      return found
    },
  }
  const transaction: IndexTransaction = {
    ...reader,
    put: (key, value) => void database.put(key, value),
    remove: (key) => void database.remove(key),
  }

  return {
    ...reader,
    async transact<T>(change: (transaction: IndexTransaction) => T) {
      let outcome: { readonly result: T } | { readonly refusal: unknown } | undefined
      try {
        await database.childTransaction(() => {
          try {
            outcome = { result: change(transaction) }
          } catch (refusal) {
            outcome = { refusal }
            throw refusal
          }
        })
        await database.flushed
      } catch (cause) {
        if (outcome && 'refusal' in outcome) throw outcome.refusal
        throw commitFailed(cause)
      }
      if (!outcome || !('result' in outcome)) throw commitFailed(undefined)
      return outcome.result
    },
    close: () => database.close(),
  }
}

const commitFailed = (cause: unknown): BucketError =>
  new BucketError('InternalError', 'writing the index of the bucket store failed', { cause, isOutcomeUnknown: true })
