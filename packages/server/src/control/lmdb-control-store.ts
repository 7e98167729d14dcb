/* oxlint-disable typescript/no-unnecessary-type-parameters -- who reads a document names the shape it was written in */
import { open } from 'lmdb'
import { checkLmdbFile } from './check-lmdb-file.ts'
import { checkKey, checkListLimit, encodeWrites, type EncodedWrite } from './control-limits.ts'
import { ControlConflictError, ControlUnavailableError, type ControlStore } from './control-store.ts'

/** The counter that versions come from. No document can have this key, and it sorts before all of them. */
const counterKey = Buffer.from([0])
const firstDocumentKey = Buffer.from([1])
/** A document is its version (eight bytes, big-endian) followed by its JSON. */
const versionBytes = 8

/**
 * Documents in an LMDB file in `directory`, which only one process at a time may use (the data directory's lock sees
 * to that). Versions come from one counter that is part of the same transaction, so a key that is deleted and made
 * again never repeats one.
 *
 * `overlappingSync: false` makes a commit write and fdatasync its pages before it becomes visible: a resolved
 * `transact` survives a power cut, and a read never shows what one could still remove. Concurrent transactions share
 * commits. Killed at any point, the file opens with exactly the transactions whose commit was complete.
 * @throws {ControlUnavailableError} the file is not LMDB's.
 */
export function openLmdbControlStore(directory: string): ControlStore {
  checkLmdbFile(directory)
  const database = open<Buffer, Buffer>(directory, {
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
    // Zeroed pages: secrets that happen to lie in freed memory must not end up in the file.
    noMemInit: false,
    noSubdir: false,
  })
  let closed = false
  const ensureOpen = () => {
    if (closed) throw new ControlUnavailableError('the control store has been closed')
  }

  function versionOf(key: string): number {
    const stored = database.get(Buffer.from(key))
    return stored ? decodeVersion(stored) : 0
  }

  /** Runs inside the write transaction: what it throws leaves nothing behind. */
  function apply(writes: readonly EncodedWrite[]): void {
    for (const { key, ifVersion } of writes)
      if (ifVersion !== undefined && versionOf(key) !== ifVersion) throw new ControlConflictError(key)
    const counter = database.get(counterKey)
    const version = (counter ? decodeVersion(counter) : 0) + 1
    void database.put(counterKey, encodeDocument(version, ''))
    for (const { key, json } of writes) {
      if (json === undefined) void database.remove(Buffer.from(key))
      else void database.put(Buffer.from(key), encodeDocument(version, json))
    }
  }

  return {
    async get<T>(key: string) {
      ensureOpen()
      checkKey(key)
      const stored = database.get(Buffer.from(key))
      return stored && decodeDocument<T>(stored)
    },
    async list<T>(prefix: string, options: { after?: string; limit?: number } = {}) {
      ensureOpen()
      const limit = checkListLimit(options.limit)
      const prefixBytes = Buffer.from(prefix)
      const after = options.after === undefined ? undefined : Buffer.from(options.after)
      const page: { key: string; value: T; version: number }[] = []
      for (const { key, value } of database.getRange({ start: rangeStart(prefixBytes, after) })) {
        if (after?.equals(key)) continue
        if (!key.subarray(0, prefixBytes.length).equals(prefixBytes)) break
        page.push({ key: key.toString(), ...decodeDocument<T>(value) })
        if (page.length === limit) break
      }
      return page
    },
    async transact(writes) {
      ensureOpen()
      const encoded = encodeWrites(writes)
      if (encoded.length === 0) return
      try {
        await database.childTransaction(() => apply(encoded))
        await database.flushed
      } catch (error) {
        if (error instanceof ControlConflictError) throw error
        throw new ControlUnavailableError(`writing "${encoded[0]!.key}" failed`, { cause: error })
      }
    },
    async close() {
      if (closed) return
      closed = true
      await database.close()
    },
  }
}

function rangeStart(prefix: Buffer, after: Buffer | undefined): Buffer {
  const start = after && Buffer.compare(after, prefix) > 0 ? after : prefix
  return start.length === 0 ? firstDocumentKey : start
}

function encodeDocument(version: number, json: string): Buffer {
  const document = Buffer.allocUnsafe(versionBytes + Buffer.byteLength(json))
  document.writeBigUInt64BE(BigInt(version))
  document.write(json, versionBytes)
  return document
}

const decodeVersion = (document: Buffer): number => Number(document.readBigUInt64BE())

const decodeDocument = <T>(document: Buffer): { value: T; version: number } => ({
  value: JSON.parse(document.toString('utf8', versionBytes)) as T,
  version: decodeVersion(document),
})
