import type { ApiEvent } from './event.ts'

/** POST /api/v1/ask: a name, key, ARN or part of one, address, event name or id, or a question ("who deleted logs-2026?"). */
export interface ApiQuestion {
  readonly question: string
  readonly from?: string
  readonly to?: string
  readonly accounts?: readonly string[]
  readonly regions?: readonly string[]
}

export interface ApiAnswer {
  /** One sentence: who, what, when, from where, with which result; or that nothing was found, and what was looked for. */
  readonly sentence: string
  /** The search that answers it, to go on with. */
  readonly where: string
  /** Event times that the question names, inclusive. */
  readonly from?: string
  readonly to?: string
  readonly events: readonly ApiEvent[]
  /** How the question was understood. */
  readonly understood: 'event-id' | 'identity' | 'resource' | 'event-name' | 'address' | 'question' | 'text'
  readonly cursor?: string
  readonly searchedTo?: string
}
