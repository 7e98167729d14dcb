import type { Sequence, StreamId } from '@opentrail/core/event'
import type { Timers } from '../clock/index.ts'

/** Lets a lookup wait for the index to have seen what was durable when the lookup began. */
export interface Progress {
  /** To be called after `seen` of a stream has moved. */
  advanced(stream: StreamId): void
  /** Resolves once `seen` has reached `target`, or after `timeoutMs`, whichever comes first. */
  reach(stream: StreamId, target: Sequence | 0, timeoutMs: number): Promise<void>
}

interface Waiter {
  readonly target: Sequence | 0
  readonly resolve: () => void
}

export function createProgress(seen: (stream: StreamId) => Sequence | 0, timers: Timers): Progress {
  const waiting = new Map<StreamId, Set<Waiter>>()
  return {
    advanced(stream) {
      for (const waiter of waiting.get(stream) ?? []) if (waiter.target <= seen(stream)) waiter.resolve()
    },
    async reach(stream, target, timeoutMs) {
      if (seen(stream) >= target) return
      const waiters = waiting.get(stream) ?? new Set<Waiter>()
      waiting.set(stream, waiters)
      const { promise, resolve } = Promise.withResolvers<void>()
      const waiter: Waiter = { target, resolve }
      const cancel = timers.after(timeoutMs, resolve)
      waiters.add(waiter)
      await promise
      cancel()
      waiters.delete(waiter)
      if (waiters.size === 0) waiting.delete(stream)
    },
  }
}
