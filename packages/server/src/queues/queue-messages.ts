import { ControlUnavailableError } from '../control/index.ts'
import { createDeduplication, type Deduplication } from './deduplication.ts'
import { createMessageIndex, type Entry, type MessageIndex } from './message-index.ts'
import { unavailable } from './queue-error.ts'
import { createFifoOrder, createStandardOrder } from './ready-order.ts'
import type { Receipt } from './receipt-handle.ts'

/** What all queues hold together. */
export interface Tally {
  messages: number
  bytes: number
  deduplications: number
}

/** The messages of one queue in memory, and who is at work on them. */
export interface QueueMessages {
  readonly queueId: string
  readonly index: MessageIndex
  readonly deduplication: Deduplication
  /** Sends of which it is not known whether the store has them, with what else is to be done when it has. */
  readonly doubts: Map<Entry, () => void>
  /** Resolves when all sends so far are in the index, or failed: messages become known in the order of their sequences. */
  turn: Promise<void>
  purgedThrough: number
  isDropped: boolean
  /** No message is older; there may be none of that age any more. */
  oldestSentAt: number
  /** Calls `use` with the messages that receipts speak of, in a moment when nobody else is at work on any of them. */
  whenIdle<T>(
    receipts: readonly Receipt[],
    now: () => number,
    use: (entries: readonly (Entry | undefined)[]) => Promise<T>,
  ): Promise<T>
  /**
   * Holds entries while `work` runs; those that it neither hid nor removed are then as their `visibleAt` says.
   * @throws {ApiError} ServiceUnavailable; what `work` throws.
   */
  holding<T>(entries: readonly Entry[], now: () => number, work: () => Promise<T>): Promise<T>
}

export function createQueueMessages(queueId: string, isFifo: boolean, tally: Tally): QueueMessages {
  const index = createMessageIndex(isFifo ? createFifoOrder() : createStandardOrder(), tally)
  const works = new Map<Entry, Promise<void>>()
  return {
    queueId,
    index,
    deduplication: createDeduplication(queueId, tally),
    doubts: new Map(),
    turn: Promise.resolve(),
    purgedThrough: 0,
    isDropped: false,
    oldestSentAt: Infinity,
    async whenIdle(receipts, now, use) {
      for (;;) {
        index.promote(now())
        const found = receipts.map((receipt) => (receipt.queueId === queueId ? index.get(receipt.sequence) : undefined))
        const held = found.find((entry) => entry?.state === 'held')
        if (!held) return use(found)
        await works.get(held)
      }
    },
    async holding(entries, now, work) {
      const { promise, resolve } = Promise.withResolvers<void>()
      for (const entry of entries) {
        index.hold(entry)
        works.set(entry, promise)
      }
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof ControlUnavailableError)) throw error
        throw unavailable('The queue cannot be changed at the moment. Try again.', error)
      } finally {
        for (const entry of entries) {
          if (entry.state === 'held') index.release(entry, now())
          works.delete(entry)
        }
        resolve()
      }
    },
  }
}
