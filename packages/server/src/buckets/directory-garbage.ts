import type { ContentFiles } from './directory-content.ts'
import {
  decodePart,
  layoutKey,
  looseId,
  looseKey,
  loosePrefix,
  noValue,
  partPrefix,
  wasteKey,
  wastePrefix,
} from './directory-records.ts'
import type { IndexTransaction, ObjectIndex } from './object-index.ts'

/** One transaction for this many new contents; what is left of them at the end costs the next opening one unlink each. */
const reservedCount = 32
/** One synced folder and one transaction for this many unlinks. */
const removedCount = 256
/** Some seconds of removing: beyond it, who makes more has to wait. */
const queuedFreely = 1_000
/** Beyond it, garbage only stays in the index, and the next opening removes its files. */
const queuedMax = 10_000

/** What belongs to no object any more: one content, or all parts of an upload. */
export type Garbage =
  { readonly kind: 'content'; readonly id: string } | { readonly kind: 'upload'; readonly id: string }

/** Puts it on the list, in the transaction that takes it from its object. */
export function listGarbage(transaction: IndexTransaction, garbage: Garbage): void {
  transaction.put(garbage.kind === 'content' ? looseKey(garbage.id) : wasteKey(garbage.id), noValue)
}

/**
 * Ids that belong to no object. An id is in the index's list before its file is made, and leaves it in the transaction
 * that gives it to an object; replaced and deleted contents return to it in theirs. So a file that belongs to nobody is
 * always in the list, whatever moment the process dies at, and nobody has to walk the files to find it.
 */
export interface LooseContents {
  /** A fresh id, in the list already. */
  take(): Promise<string>
  /** Removes the files of what is in the list. Does not fail: what remains is tried again at the next opening. */
  discard(garbage: Garbage): void
  /** Until it is released, the files of what has this id (of a content or an upload) stay, even if it is discarded. */
  pin(id: string): () => void
  /** Resolves at once, unless far more was discarded than could be removed yet: who makes so much garbage waits. */
  discardAll(garbage: readonly Garbage[]): Promise<void>
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
export async function openLooseContents(options: LooseContentsOptions): Promise<LooseContents> {
  const { index, files, onFailure } = options
  const remove = createRemoval(options)
  const queue: Garbage[] = []
  const free: string[] = []
  const pins = new Map<string, number>()
  /** Discarded while pinned. */
  const held = new Map<string, Garbage>()
  let reserving: Promise<void> | undefined
  let sweeping: Promise<void> | undefined

  async function reserve(): Promise<void> {
    const ids = await files.newIds(reservedCount)
    await index.transact((transaction) => {
      for (const id of ids) transaction.put(looseKey(id), noValue)
    })
    free.push(...ids)
  }
  async function sweep(): Promise<void> {
    try {
      while (queue.length > 0) {
        const batch = queue.splice(0, removedCount)
        await remove.contents(batch.filter(({ kind }) => kind === 'content').map(({ id }) => id))
        for (const { kind, id } of batch) if (kind === 'upload') await remove.upload(id)
      }
    } catch (error) {
      onFailure(error)
    } finally {
      sweeping = undefined
    }
  }
  function discard(garbage: Garbage): void {
    if (pins.has(garbage.id)) {
      held.set(garbage.id, garbage)
      return
    }
    if (queue.length < queuedMax) queue.push(garbage)
    sweeping ??= Promise.resolve().then(sweep)
  }

  await remove.leftovers()

  return {
    async take() {
      for (;;) {
        const id = free.pop()
        if (id !== undefined) return id
        await (reserving ??= reserve().finally(() => (reserving = undefined)))
      }
    },
    discard,
    pin(id) {
      pins.set(id, (pins.get(id) ?? 0) + 1)
      let isHeld = true
      return () => {
        if (!isHeld) return
        isHeld = false
        const left = pins.get(id)! - 1
        if (left > 0) pins.set(id, left)
        else pins.delete(id)
        const waiting = left > 0 ? undefined : held.get(id)
        if (!waiting) return
        held.delete(id)
        discard(waiting)
      }
    },
    async discardAll(garbage) {
      for (const item of garbage) discard(item)
      if (queue.length > queuedFreely) await sweeping
    },
    async settled() {
      await sweeping
    },
  }
}

/** Takes files away, then their ids off the list: a crash in between finds the ids again, and their files gone. */
function createRemoval({ index, files, onFailure }: LooseContentsOptions): {
  contents(ids: readonly string[]): Promise<void>
  upload(id: string): Promise<void>
  leftovers(): Promise<void>
} {
  async function contents(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    const gone = await files.remove(ids, onFailure)
    if (gone.length === 0) return
    await index.transact((transaction) => {
      for (const id of gone) transaction.remove(looseKey(id))
    })
  }
  async function upload(id: string): Promise<void> {
    for (;;) {
      const parts = index.range(partPrefix(id), undefined, removedCount)
      const ids = parts.map(({ value }) => decodePart(value).id)
      const gone = new Set(ids.length > 0 ? await files.remove(ids, onFailure) : [])
      await index.transact((transaction) => {
        for (const [at, { key }] of parts.entries()) if (gone.has(ids[at]!)) transaction.remove(key)
        if (parts.length > 0) return
        transaction.remove(layoutKey(id))
        transaction.remove(wasteKey(id))
      })
      // What cannot be removed keeps the upload on the list.
      if (parts.length === 0 || gone.size < ids.length) return
    }
  }
  /** All that begins with a prefix, also where a page of it stays behind. */
  async function each(prefix: Buffer, handle: (ids: string[]) => Promise<void>): Promise<void> {
    for (let after: Buffer | undefined; ;) {
      const page = index.range(prefix, after, removedCount)
      if (page.length === 0) return
      await handle(page.map(({ key }) => looseId(key)))
      after = page.at(-1)!.key
    }
  }
  return {
    contents,
    upload,
    async leftovers() {
      await each(loosePrefix, contents)
      await each(wastePrefix, async (ids) => {
        for (const id of ids) await upload(id)
      })
    },
  }
}
