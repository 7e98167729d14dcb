import type { ApiEvent } from './event.ts'

/** A parameter that differs from the resource's change before: paths as the search language writes them; values as JSON text. */
export interface ApiParameterChange {
  readonly path: string
  readonly before?: string
  readonly after?: string
}

export interface ApiResourceChange {
  readonly event: ApiEvent
  /** Against the same operation's last success before it; empty for the first. */
  readonly changes: readonly ApiParameterChange[]
}

/** GET /api/v1/timelines/resource?name=: each event that changed it (reads are left out unless `reads=true`), newest first. */
export interface ApiResourceTimeline {
  readonly name: string
  readonly changes: readonly ApiResourceChange[]
  readonly cursor?: string
  readonly searchedTo?: string
}

/** GET /api/v1/timelines/identity?name=: a user name, ARN, principal id or access key. */
export interface ApiIdentityTimeline {
  readonly name: string
  readonly firstSeen?: string
  readonly lastSeen?: string
  readonly total: number
  readonly failed: number
  readonly events: readonly ApiEvent[]
  /** Most frequent first. */
  readonly eventNames: readonly { readonly value: string; readonly count: number }[]
  readonly sources: readonly { readonly value: string; readonly count: number }[]
  readonly addresses: readonly { readonly value: string; readonly count: number }[]
  readonly errors: readonly { readonly value: string; readonly count: number }[]
  readonly cursor?: string
  readonly searchedTo?: string
}
