import type { ControlStore } from '../control/index.ts'
import { createMutex } from '../process/index.ts'
import { queueDeduplicationsPrefix } from './deduplication.ts'
import { queueMessagesPrefix, readEntryKey, removalWrites } from './message-documents.ts'

/** Messages that are in no queue any more: purged, or of a queue that was deleted. Their documents go bit by bit. */
export interface Garbage {
  /** Of that queue everything up to `through`; Infinity: all. */
  add(queueId: string, through: number): void
  /** @throws {ControlUnavailableError}: the rest is left for the next time. */
  collect(): Promise<void>
}

const removedAtOnce = 500

export function createGarbage(control: ControlStore): Garbage {
  const left = new Map<string, number>()
  const serially = createMutex()

  async function collectMessages(queueId: string, through: number): Promise<void> {
    for (;;) {
      // Listed without their contents, whose keys follow from theirs.
      const page = await control.list(queueMessagesPrefix(queueId), { limit: removedAtOnce })
      const sequences = page.map(({ key }) => readEntryKey(key)?.sequence ?? 0).filter((each) => each <= through)
      if (sequences.length === 0) return
      await control.transact(sequences.flatMap((sequence) => removalWrites(queueId, sequence)))
    }
  }

  async function collectDeduplications(queueId: string): Promise<void> {
    for (;;) {
      const page = await control.list(queueDeduplicationsPrefix(queueId), { limit: removedAtOnce })
      if (page.length === 0) return
      await control.transact(page.map(({ key }) => ({ key, value: undefined })))
    }
  }

  return {
    add: (queueId, through) => void left.set(queueId, Math.max(through, left.get(queueId) ?? 0)),
    collect: () =>
      serially(async () => {
        for (const [queueId, through] of left) {
          await collectMessages(queueId, through)
          if (through === Infinity) await collectDeduplications(queueId)
          if (left.get(queueId) === through) left.delete(queueId)
        }
      }),
  }
}
