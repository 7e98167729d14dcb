import type { NewEntry, StoredEntry, StreamId } from '@opentrail/core/event'
import type { Trail } from '@opentrail/core/trail'
import type { LaneDocument, LedgerEntry } from '../../packages/server/src/delivery/index.ts'
import type { IntakeAnswer, WriteOutcome } from '../../packages/server/src/intake/index.ts'
import type { GoodRecord, Request } from './workload.ts'

/** One way of one request into the service, and how it ended. */
export interface Attempt {
  readonly request: Request
  readonly principal: string
  /** Domain time at which it was sent: the admission time of its records. */
  readonly sentAt: number
  /** `unanswered`: the process died first. `interrupted`: answered with an error; anything may be stored. */
  end: 'unanswered' | 'interrupted' | 'answered'
  answer?: IntakeAnswer
  readonly writes: Write[]
}

/** One call of the record writer on behalf of an attempt. */
export interface Write {
  readonly stream: StreamId
  readonly entries: readonly NewEntry[]
  outcomes?: readonly WriteOutcome[]
  error?: unknown
  /** On the ledger's own clock, which ticks with everything that is written down. */
  readonly begunAt: number
  endedAt?: number
}

/** One change of a trail, recorded as the operation does it. It stands if the document of its own event does. */
export interface TrailChange {
  readonly own: OwnEvent
  readonly trailId: string
  readonly before: Trail | undefined
  readonly after: Trail | undefined
  /** The version of the configuration that it was said to begin. */
  readonly configVersion: number | undefined
  readonly begunAt: number
  /** When it was acknowledged. */
  endedAt?: number
}

/** One trail's way through one stream, as the control store showed it. */
export interface LaneHistory {
  readonly trailId: string
  readonly stream: StreamId
  /** Undefined once its trail is gone and everything is delivered. */
  document: LaneDocument | undefined
  /** By ordinal; kept when old ones are removed there. */
  readonly entries: Map<number, LedgerEntry>
}

/** An administrative change, or (`key` undefined) an event of our own without one. */
export interface OwnEvent {
  readonly marker: string
  readonly stream: StreamId
  readonly eventName: string
  /** The document that the change makes. */
  readonly key: string | undefined
  /** `refused`: the answer said that nothing was changed. */
  end: 'unanswered' | 'unknown' | 'refused' | 'done'
}

/** Everything that was asked and answered: the model that the service's state is judged by. */
export interface Ledger {
  readonly records: Map<string, GoodRecord>
  readonly attempts: Attempt[]
  readonly own: Map<string, OwnEvent>
  readonly trailChanges: TrailChange[]
  /** Keys of the documents that changes made, as last seen. */
  standing: ReadonlySet<string>
  readonly lanes: Map<string, LaneHistory>
  /** Counts what is written down: what has a lower number was before. */
  tick(): number
  /**
   * Entries as the journal showed them first, by stream, without gaps from sequence 1. What a reader has seen must stay
   * as it is until retention takes it.
   */
  readonly archive: Map<StreamId, StoredEntry[]>
  /** What is kept at least, by the cut of the last retention: admission time in ms. */
  retainedBefore: number
  /** From then on an hour of the window is no hour between two entries. */
  clockWentBack: boolean
}

export function newLedger(): Ledger {
  let ticks = 0
  return {
    records: new Map(),
    attempts: [],
    own: new Map(),
    trailChanges: [],
    standing: new Set(),
    lanes: new Map(),
    tick: () => ++ticks,
    archive: new Map(),
    retainedBefore: -Infinity,
    clockWentBack: false,
  }
}

/** What the checker finds wrong. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

export function demand(holds: boolean, message: () => string): asserts holds {
  if (!holds) throw new Violation(message())
}
