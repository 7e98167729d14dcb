import type { ContentFiles } from './directory-content.ts'
import { looseId, looseKey, loosePrefix, noValue } from './directory-records.ts'
import type { ObjectIndex } from './object-index.ts'

/** One transaction for this many new contents; what is left of them at the end costs the next opening one unlink each. */
const reservedCount = 32
/** One synced folder and one transaction for this many unlinks. */
const removedCount = 256
/** Beyond it, ids only stay in the index, and the next opening removes their files. */
const queuedMax = 10_000

/**
 * Ids that belong to no object. An id is in the index's list before its file is made, and leaves it in the transaction
 * that gives it to an object; replaced and deleted contents return to it in theirs. So a file that belongs to nobody is
 * always in the list, whatever moment the process dies at, and nobody has to walk the files to find it.
 */
export interface LooseContents {
  /** A fresh id, in the list already. */
  take(): Promise<string>
  /** Removes the file of an id that is in the list. Does not fail: what remains is tried again at the next opening. */
  discard(id: string): void
  /** Waits until everything discarded so far is gone or given up. */
  settled(): Promise<void>
}

export interface LooseContentsOptions {
  readonly index: ObjectIndex
  readonly files: ContentFiles
  /** A file that could not be removed; it is tried again at the next opening. */
  readonly onFailure: (error: unknown) => void
}

/** Removes what an earlier process left, then answers. @throws the index cannot be written. */
export async function openLooseContents({ index, files, onFailure }: LooseContentsOptions): Promise<LooseContents> {
  const queue: string[] = []
  const free: string[] = []
  let reserving: Promise<void> | undefined
  let sweeping: Promise<void> | undefined

  async function reserve(): Promise<void> {
    const ids = await files.newIds(reservedCount)
    await index.transact((transaction) => {
      for (const id of ids) transaction.put(looseKey(id), noValue)
    })
    free.push(...ids)
  }
  async function remove(ids: readonly string[]): Promise<void> {
    const gone = await files.remove(ids, onFailure)
    if (gone.length === 0) return
    await index.transact((transaction) => {
      for (const id of gone) transaction.remove(looseKey(id))
    })
  }
  async function sweep(): Promise<void> {
    try {
      while (queue.length > 0) await remove(queue.splice(0, removedCount))
    } catch (error) {
      onFailure(error)
    } finally {
      sweeping = undefined
    }
  }

  let after: Buffer | undefined
  for (;;) {
    const page = index.range(loosePrefix, after, removedCount)
    if (page.length === 0) break
    await remove(page.map(({ key }) => looseId(key)))
    after = page.at(-1)!.key
  }

  return {
    async take() {
      for (;;) {
        const id = free.pop()
        if (id !== undefined) return id
        await (reserving ??= reserve().finally(() => (reserving = undefined)))
      }
    },
    discard(id) {
      if (queue.length < queuedMax) queue.push(id)
      sweeping ??= Promise.resolve().then(sweep)
    },
    async settled() {
      await sweeping
    },
  }
}
