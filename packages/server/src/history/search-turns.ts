import { setImmediate as macrotask } from 'node:timers/promises'

/** Gives way to everything else by elapsed time: records differ a thousandfold in what looking at one costs. */
export interface SearchTurns {
  /** To be asked after each piece of work. */
  isOver(): boolean
  /** Resolves when everything that was ready has had its turn. */
  next(): Promise<void>
}

/** `turnMs`: what is done at a stretch. Infinity: everything, as simulations want it, in which nothing depends on real time. */
export function createSearchTurns(turnMs: number): SearchTurns {
  let began = performance.now()
  return {
    isOver: () => performance.now() - began >= turnMs,
    async next() {
      await macrotask()
      began = performance.now()
    },
  }
}
