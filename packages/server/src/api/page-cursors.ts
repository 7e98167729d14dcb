import type { Sequence, StreamId } from '@opentrail/core/event'
import type { SearchPlace } from '../history/index.ts'
import type { Asker } from './operation.ts'
import { apiError } from './operation.ts'
import { cursorCharsMax, type Seals } from './seals.ts'
import { optionalText, type Parameters } from './parameters.ts'

export const cursorParameter = optionalText(
  'Of the answer before: goes on behind it. Good for the same request, for 24 hours; its times may be left out, and `limit` may be another. What came later than the first answer stays out',
  { charsMax: cursorCharsMax, pattern: /^[A-Za-z0-9_-]*$/, form: 'the cursor of an answer' },
)

/** Where a walk stands; the times are those of its first page, which may have been relative. */
export interface PageCursor {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly timeMin: number
  readonly timeMax: number
  readonly snapshots: ReadonlyMap<StreamId, Sequence | 0>
  readonly after: SearchPlace
  /** Domain time of the first page, ms. */
  readonly beganAt: number
}

type Written = readonly [
  sent: readonly [from: string | null, to: string | null],
  beganAt: number,
  timeMin: number,
  timeMax: number,
  after: readonly [time: number, stream: number, sequence: number],
  snapshots: readonly (readonly [stream: string, sequence: number])[],
]

/** As long as the cursors of LookupEvents: the history keeps one day more than can be asked for. Domain time. */
const lifetimeMs = 86_400_000

export interface PageCursors {
  seal(cursor: PageCursor, identity: string): string
  /** @throws {ApiError} InvalidNextTokenException */
  open(text: string, identity: string, now: number): PageCursor
}

export const createPageCursors = (seals: Seals): PageCursors => ({
  seal({ from, to, beganAt, timeMin, timeMax, after, snapshots }, identity) {
    const streams = [...snapshots]
    const at = streams.findIndex(([stream]) => stream === after.stream)
    const written: Written = [
      [from ?? null, to ?? null],
      beganAt,
      timeMin,
      timeMax,
      [after.time, at, after.sequence],
      streams,
    ]
    return seals.seal(written, identity)
  },
  open(text, identity, now) {
    const [[from, to], beganAt, timeMin, timeMax, [time, at, sequence], streams] = seals.open(text, identity) as Written
    if (now > beganAt + lifetimeMs)
      throw apiError('InvalidNextTokenException', 'The cursor has expired; repeat the request without it.')
    const stream = streams[at]?.[0] as StreamId | undefined
    if (stream === undefined)
      throw apiError('InvalidNextTokenException', 'The cursor is of another version of the server.')
    return {
      from: from ?? undefined,
      to: to ?? undefined,
      beganAt,
      timeMin,
      timeMax,
      after: { time, stream, sequence: sequence as Sequence },
      snapshots: new Map(streams as readonly (readonly [StreamId, Sequence | 0])[]),
    }
  },
})

const outside: ReadonlySet<string> = new Set(['cursor', 'limit', 'from', 'to'])

/** Canonical text of a request: a cursor is good for this only. Its times are in the cursor, and pages may be of any size. */
export function identityOf(
  { principal, eventName }: Asker,
  subject: string,
  sent: Readonly<Record<keyof Parameters, unknown>>,
): string {
  const named = Object.entries(sent).filter(([name, value]) => !outside.has(name) && value !== undefined)
  return JSON.stringify([principal.arn, eventName, subject, named.sort(([a], [b]) => (a < b ? -1 : 1))])
}
