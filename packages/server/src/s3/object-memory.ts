import type { Exchange } from '../http/index.ts'
import type { ObjectBudget } from './object-answer.ts'

/** Readers that do not read hold what they asked for: all of them together may hold so much. */
export interface ObjectMemory {
  /** Gives back by itself what was taken for this exchange, when it has ended. */
  budgetOf(exchange: Exchange): ObjectBudget
}

export function createObjectMemory(bytesMax: number): ObjectMemory {
  let held = 0
  return {
    budgetOf: ({ outgoing }) => ({
      bytesMax,
      take(bytes) {
        if (outgoing.destroyed || held + bytes > bytesMax) return false
        held += bytes
        outgoing.once('close', () => (held -= bytes))
        return true
      },
    }),
  }
}
