import type { Timers } from '../clock/index.ts'
import { QueueError } from './queue-error.ts'

/** Receives that wait for messages of a queue. */
export interface Waiting {
  /** Changes with each wake: what was looked at before may no longer hold. */
  mark(): number
  /**
   * Resolves when the queue is woken (at once if any was since `mark`), after `ms`, when the client has gone, or when all waits
   * end. @throws {QueueError} RequestThrottled: too many wait already.
   */
  wait(
    queueId: string,
    wait: { readonly mark: number; readonly ms: number; readonly signal: AbortSignal },
  ): Promise<void>
  /** There is something to receive. */
  wake(queueId: string): void
  /** Queues for which somebody waits. */
  queueIds(): Iterable<string>
  /** Receives that wait. */
  readonly size: number
  readonly isEnded: boolean
  /** Ends all waits, and from now on none begins. */
  end(): void
}

export function createWaiting(timers: Timers, waitersMax: number): Waiting {
  const waiters = new Map<string, Set<() => void>>()
  let waiting = 0
  let wakes = 0
  let isEnded = false

  function letGo(queueId: string): void {
    // All of them: whoever comes too late waits again, and no wake is lost on one whose client has gone.
    for (const leave of waiters.get(queueId) ?? []) leave()
  }

  return {
    get size() {
      return waiting
    },
    get isEnded() {
      return isEnded
    },
    mark: () => wakes,
    async wait(queueId, { mark, ms, signal }) {
      if (isEnded || signal.aborted || wakes !== mark) return
      if (waiting >= waitersMax)
        throw new QueueError('RequestThrottled', `${waiting} receives are waiting for messages already. Try again.`)
      const { promise, resolve } = Promise.withResolvers<void>()
      const ofQueue = waiters.get(queueId) ?? new Set()
      waiters.set(queueId, ofQueue)
      ofQueue.add(resolve)
      waiting++
      const cancel = timers.after(ms, resolve)
      const leave = () => resolve()
      signal.addEventListener('abort', leave)
      await promise
      cancel()
      signal.removeEventListener('abort', leave)
      waiting--
      ofQueue.delete(resolve)
      if (ofQueue.size === 0) waiters.delete(queueId)
    },
    wake(queueId) {
      wakes++
      letGo(queueId)
    },
    queueIds: () => waiters.keys(),
    end() {
      isEnded = true
      for (const queueId of waiters.keys()) letGo(queueId)
    },
  }
}
