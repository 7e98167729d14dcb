import { setImmediate as macrotask } from 'node:timers/promises'

/**
 * What a search does at a stretch: two run at a time, and with the records that arrive meanwhile the event loop stands still for
 * some 10 ms at most. A turn that is given away costs some microseconds.
 */
const turnMs = 4

/** Gives way to everything else by elapsed time: records differ a thousandfold in what looking at one costs. */
export interface SearchTurns {
  /** To be asked after each piece of work. */
  isOver(): boolean
  /** Resolves when everything that was ready has had its turn. @throws the signal's reason */
  next(): Promise<void>
}

export function createSearchTurns(signal: AbortSignal): SearchTurns {
  let began = performance.now()
  return {
    isOver: () => performance.now() - began >= turnMs,
    async next() {
      await macrotask()
      signal.throwIfAborted()
      began = performance.now()
    },
  }
}
