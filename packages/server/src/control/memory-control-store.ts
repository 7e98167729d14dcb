/* oxlint-disable typescript/no-unnecessary-type-parameters -- who reads a document names the shape it was written in */
import { checkKey, checkListLimit, encodeWrites, type EncodedWrite } from './control-limits.ts'
import { ControlConflictError, ControlUnavailableError, type ControlStore, type ControlWrite } from './control-store.ts'

/** Where a transaction fails: before it took effect, or after it did and only its answer is lost. */
export type FaultPoint = 'before' | 'after'

export interface MemoryControlStoreOptions {
  /** Asked once for each transaction; the caller sees `ControlUnavailableError` at either point. */
  readonly fault?: (writes: readonly ControlWrite[]) => FaultPoint | undefined
  /** How long a commit takes. Whatever is still waiting when `crash` is called never happened. */
  readonly commitDelay?: () => Promise<void>
}

export interface MemoryControlStore extends ControlStore {
  /**
   * The process dies here: what was not durable yet (so nothing that was acknowledged) is gone, calls on this store fail
   * from now on, and the store that is returned is what the next process finds.
   */
  crash(options?: MemoryControlStoreOptions): MemoryControlStore
}

interface Document {
  readonly json: string
  readonly version: number
}

interface Durable {
  readonly documents: Map<string, Document>
  version: number
}

/** Documents in memory, with the failures a real store has. For tests; nothing outlives the process. */
export function createMemoryControlStore(options: MemoryControlStoreOptions = {}): MemoryControlStore {
  return openMemoryControlStore({ documents: new Map(), version: 0 }, options)
}

function openMemoryControlStore(durable: Durable, options: MemoryControlStoreOptions): MemoryControlStore {
  let closed = false
  const ensureOpen = () => {
    if (closed) throw new ControlUnavailableError('the control store has been closed')
  }
  const commitDelay = options.commitDelay ?? (() => new Promise<void>((resolve) => setImmediate(resolve)))

  return {
    async get<T>(key: string) {
      ensureOpen()
      checkKey(key)
      const document = durable.documents.get(key)
      return document && { value: JSON.parse(document.json) as T, version: document.version }
    },
    async list<T>(prefix: string, { after, limit }: { after?: string; limit?: number } = {}) {
      ensureOpen()
      const limitChecked = checkListLimit(limit)
      const keys = [...durable.documents.keys()].filter(
        (key) => key.startsWith(prefix) && (after === undefined || compareBytes(key, after) > 0),
      )
      return keys
        .sort(compareBytes)
        .slice(0, limitChecked)
        .map((key) => {
          const { json, version } = durable.documents.get(key)!
          return { key, value: JSON.parse(json) as T, version }
        })
    },
    async transact(writes) {
      ensureOpen()
      const encoded = encodeWrites(writes)
      if (encoded.length === 0) return
      const fault = options.fault?.(writes)
      if (fault === 'before') throw new ControlUnavailableError('the connection broke before the commit')
      await commitDelay()
      ensureOpen()
      apply(durable, encoded)
      if (fault === 'after') throw new ControlUnavailableError('the connection broke after the commit')
    },
    async close() {
      closed = true
    },
    crash(next = {}) {
      closed = true
      return openMemoryControlStore({ documents: new Map(durable.documents), version: durable.version }, next)
    },
  }
}

function apply(durable: Durable, writes: readonly EncodedWrite[]): void {
  for (const { key, ifVersion } of writes)
    if (ifVersion !== undefined && (durable.documents.get(key)?.version ?? 0) !== ifVersion)
      throw new ControlConflictError(key)
  const version = ++durable.version
  for (const { key, json } of writes) {
    if (json === undefined) durable.documents.delete(key)
    else durable.documents.set(key, { json, version })
  }
}

/** Key order is the order of UTF-8 bytes, as in the other stores; JavaScript's differs beyond the basic plane. */
const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
