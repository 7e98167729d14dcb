import { uuid, type Random } from '../clock/index.ts'
import type { Mutex } from '../process/index.ts'
import type { Bell, Persist } from './background.ts'
import type { BatchPlan } from './batch-plan.ts'
import type { HistoryTail } from './history-tail.ts'
import type { IndexState } from './index-state.ts'
import type { PostingBlock } from './posting-block.ts'
import type { PostingsStore } from './postings-store.ts'

export interface BatchWriter {
  /** Writes a block that is in the tail; `recorded` is its plan if the last process had written it down. */
  write(block: PostingBlock, recorded?: BatchPlan): Promise<void>
  /** Writes what the tail seals, one block after the other, until the index is closed. */
  run(): Promise<never>
}

export interface BatchWriterParts {
  readonly state: IndexState
  readonly store: PostingsStore
  readonly tail: HistoryTail
  readonly random: Random
  readonly persist: Persist
  /** Inserts of the writer and of the refill take turns: one is in flight. */
  readonly lane: Mutex
  /** Rung when a block was sealed. */
  readonly sealed: Bell
  /** Called after a block has left the tail. */
  readonly removed: () => void
  readonly signal: AbortSignal
}

export function createBatchWriter(parts: BatchWriterParts): BatchWriter {
  const { state, store, tail, random, persist, lane, sealed, removed, signal } = parts

  const write = async (block: PostingBlock, recorded?: BatchPlan) => {
    const plan = recorded ?? block.plan(uuid(random))
    // The plan goes first: a crash from here on finds it and inserts the same entries under the same token.
    if (!recorded && block.events > 0) await persist('record batch', () => state.record(plan))
    const batch = block.toBatch()
    await persist('insert batch', () =>
      lane(async () => {
        state.inserting = true
        if (block.events > 0) await store.insert(batch, plan.id)
        // The cursor goes last. If only this fails the insert is repeated, and the store ignores the known token.
        await state.complete(plan)
        state.inserting = false
      }),
    )
    // `inserted` has moved already; a lookup in between reads the tail above it only, so nothing shows twice.
    tail.remove(block)
    removed()
  }

  return {
    write,
    async run() {
      for (;;) {
        const block = tail.oldestSealed()
        if (block) await write(block)
        else await sealed.wait()
        signal.throwIfAborted()
      }
    },
  }
}
