import { pause, pauseAfter, type Timers } from '../clock/index.ts'
import type { HistoryEvents } from './history-events.ts'
import type { HistoryLimits } from './history-limits.ts'

/** Repeats a step until it succeeds. @throws the signal's reason once the index is being closed. */
export type Persist = <T>(step: string, attempt: () => Promise<T>) => Promise<T>

export const createPersist =
  (signal: AbortSignal, limits: HistoryLimits, events: HistoryEvents, timers: Timers): Persist =>
  async (step, attempt) => {
    for (let failures = 1; ; failures++) {
      signal.throwIfAborted()
      try {
        return await attempt()
      } catch (error) {
        signal.throwIfAborted()
        events.failed?.(step, error, failures)
        await pause(timers, pauseAfter(failures, limits), signal)
      }
    }
  }

/** Lets a task sleep until something happens; a ring while it works is not lost. */
export interface Bell {
  ring(): void
  /** Resolves at the next ring, or at once if it rang since the last wait. One waiter at a time. */
  wait(): Promise<void>
}

export function createBell(): Bell {
  let rung = false
  let wake: (() => void) | undefined
  return {
    ring() {
      rung = true
      wake?.()
    },
    async wait() {
      if (!rung) await new Promise<void>((resolve) => (wake = resolve))
      rung = false
      wake = undefined
    },
  }
}
