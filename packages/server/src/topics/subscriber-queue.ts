import type { ControlStore } from '../control/index.ts'
import { pendingKey, pendingKeyParts, pendingOf, type PendingDocument } from './topic-documents.ts'

/** A message in its subscriber's queue; its text stays in the store until it is sent. */
export interface QueuedMessage {
  readonly number: number
  readonly bytes: number
  /** Domain ms. */
  dueAt: number
  isRunning: boolean
  /** Done with, but not yet out of the store. */
  isDone: boolean
}

/**
 * What waits for one subscriber: all of it counted, a window of it in memory. Messages are stored in the order of their
 * numbers, so what lies behind the window is found by reading on.
 */
export interface SubscriberQueue {
  readonly subscriptionId: string
  count(): number
  bytes(): number
  isEmpty(): boolean
  /** Messages that were stored just now, in order. */
  arrived(number: number, bytes: number, dueAt: number): void
  /** There may be messages in the store that `arrived` has not told of. */
  readOn(): void
  /** The next one to be sent now, if there is one. */
  next(now: number): QueuedMessage | undefined
  /** When the first one that is at rest is due; Infinity: none. */
  dueAt(now: number): number
  /** There is room for what lies behind the window, and nobody fetches it yet. */
  wantsRefill(now: number): boolean
  /** Fetches what the window has room for. Not repeated at once where it fails. @throws {ControlUnavailableError} */
  refill(now: number): Promise<void>
  removed(message: QueuedMessage): void
}

/** Some 100 bytes each. */
const windowMax = 256
/** Documents read at once; the largest have half a megabyte. */
const pageMax = 16
/** Domain time. */
const readPauseMs = 1_000
/** The longest pause between two attempts: a clock that was set back must not put one off. */
const pauseMaxMs = 3_600_000

export function createSubscriberQueue(
  control: Pick<ControlStore, 'list'>,
  subscriptionId: string,
  found: { readonly count: number; readonly bytes: number },
): SubscriberQueue {
  const window = new Map<number, QueuedMessage>()
  let { count, bytes } = found
  /** Everything up to here has been in the window. */
  let readTo = -1
  let isBehind = count > 0
  let isReading = false
  /** When a page may be read again. */
  let readAt = 0
  /** Counts what came meanwhile, so that a page that was read before it does not claim to be the last. */
  let arrivals = 0

  function take(number: number, size: number, dueAt: number): void {
    if (!window.has(number)) window.set(number, { number, bytes: size, dueAt, isRunning: false, isDone: false })
    readTo = Math.max(readTo, number)
  }

  async function refill(now: number): Promise<void> {
    if (isReading) return
    isReading = true
    readAt = now + readPauseMs
    try {
      while (isBehind && window.size < windowMax) {
        const before = arrivals
        const page = await control.list<PendingDocument>(pendingOf(subscriptionId), {
          limit: pageMax,
          ...(readTo >= 0 && { after: pendingKey(subscriptionId, readTo) }),
        })
        for (const { key, value } of page) {
          const { number } = pendingKeyParts(key)
          take(number, pendingBytes(value), value.dueAt)
        }
        if (page.length < pageMax && before === arrivals) isBehind = false
      }
      readAt = 0
    } finally {
      isReading = false
    }
  }

  /** What is behind the window is due when there is room for it. */
  const hasRoom = (): boolean => isBehind && !isReading && window.size < windowMax

  return {
    subscriptionId,
    count: () => count,
    bytes: () => bytes,
    isEmpty: () => !isBehind && window.size === 0,
    arrived(number, size, dueAt) {
      count++
      bytes += size
      arrivals++
      const isNext = !isBehind && !isReading && window.size < windowMax
      // One that overtakes nobody's reading would never be read.
      if (isNext || number < readTo) take(number, size, dueAt)
      else isBehind = true
    },
    readOn() {
      arrivals++
      isBehind = true
    },
    next(now) {
      for (const message of window.values()) if (!message.isRunning && message.dueAt <= now) return message
      return undefined
    },
    dueAt(now) {
      let first = hasRoom() ? Math.min(readAt, now + readPauseMs) : Infinity
      for (const message of window.values()) {
        if (message.isRunning) continue
        message.dueAt = Math.min(message.dueAt, now + pauseMaxMs)
        first = Math.min(first, message.dueAt)
      }
      return first
    },
    wantsRefill: (now) => hasRoom() && readAt <= now,
    refill,
    removed(message) {
      if (!window.delete(message.number)) return
      // What a transaction without an answer has left was never counted.
      count = Math.max(0, count - 1)
      bytes = Math.max(0, bytes - message.bytes)
    },
  }
}

/** About as many bytes as the document has. */
export const pendingBytes = ({ sealed }: PendingDocument): number => documentBytes + sealed.length
const documentBytes = 200
