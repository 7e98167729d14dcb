import { Readable } from 'node:stream'
import { parseEnvelope, type Sequence, type StoredEntry, type StreamId } from '@opentrail/core/event'
import { compileSearch, searchedEvent, type SearchExpression, type SearchTest } from '@opentrail/core/search'
import type { Journal } from '../journal/index.ts'
import { apiEvent } from './event-view.ts'
import { apiError } from './operation.ts'
import { streamsMax } from './scope.ts'

export type Positions = ReadonlyMap<StreamId, Sequence | 0>

export interface LiveRequest {
  /** ARN of who follows. */
  readonly principal: string
  /** Streams and where each begins: what comes after is told. */
  readonly positions: Positions
  /** Of streams that come into being while this is followed: they are told from their beginning. */
  readonly isWanted: (stream: StreamId) => boolean
  readonly expression: SearchExpression | undefined
  /** Of positions: what the reader comes back with. */
  readonly seal: (positions: Positions) => string
  readonly signal: AbortSignal
}

export interface LiveStreams {
  /** The body of the answer: server-sent events. @throws {ApiError} ThrottlingException: too many streams; PositionLostException */
  follow(request: LiveRequest): Readable
  /** Ends all streams: their readers come back to the next start. */
  close(): void
}

export interface LiveOptions {
  readonly journal: Pick<Journal, 'read' | 'durable' | 'subscribe' | 'streams'>
  /** Of a comment that keeps silent connections open; ms. */
  readonly heartbeatMs?: number
}

/** A browser opens one for each of its pages; scripts one each. */
export const streamsPerPrincipalMax = 10
/** A stream reads the journal for itself: what is there once is evaluated for each. */
export const liveStreamsMax = 200
/** Entries in memory for one stream; a reader that does not read holds no more than these. */
const pageEntries = 200
/** Shorter than what proxies (60 s) and our own server (120 s) take for a dead connection. */
const heartbeatMs = 15_000

/**
 * Follows the journal for readers, each at its own pace: nothing is queued for them. Who is slow is simply further back in the
 * journal, and reads on from there.
 */
export function createLiveStreams(options: LiveOptions): LiveStreams {
  const open = new Map<symbol, { readonly principal: string; readonly end: AbortController }>()
  return {
    follow(request) {
      const own = [...open.values()].filter(({ principal }) => principal === request.principal).length
      if (own >= streamsPerPrincipalMax)
        throw apiError('ThrottlingException', `A principal may follow ${streamsPerPrincipalMax} streams at a time.`)
      if (open.size >= liveStreamsMax)
        throw apiError('ThrottlingException', 'Too many streams are being followed; try again.')
      refuseLost(request.positions, options.journal)
      const id = Symbol('live')
      const end = new AbortController()
      open.set(id, { principal: request.principal, end })
      const ended = AbortSignal.any([request.signal, end.signal])
      const body = Readable.from(messages(request, options, ended), { objectMode: false, highWaterMark: 1 })
      // Also where the answer was never begun.
      body.once('close', () => {
        end.abort()
        open.delete(id)
      })
      return body
    },
    close() {
      for (const { end } of open.values()) end.abort()
    },
  }
}

/** @throws {ApiError} PositionLostException: retention has removed what would come next */
function refuseLost(positions: Positions, journal: LiveOptions['journal']): void {
  const first = new Map(journal.streams().map((state) => [state.stream, state.first]))
  for (const [stream, position] of positions)
    if (position + 1 < (first.get(stream) ?? 0))
      throw apiError(
        'PositionLostException',
        `Events of ${stream} after the cursor are no longer kept; begin anew without it.`,
      )
}

async function* messages(request: LiveRequest, options: LiveOptions, ended: AbortSignal): AsyncGenerator<Buffer> {
  const { journal } = options
  const positions = new Map(request.positions)
  const matches = request.expression && compileSearch(request.expression)
  const bell = createBell(ended)
  const unsubscribe = journal.subscribe((stream) => {
    if (positions.has(stream) || request.isWanted(stream)) bell.ring()
  })
  try {
    yield message({ id: request.seal(positions) })
    while (!ended.aborted) {
      for (const { stream } of journal.streams())
        if (!positions.has(stream) && request.isWanted(stream)) positions.set(stream, 0)
      // Who comes back is told that these are too many.
      if (positions.size > streamsMax) return
      for (const stream of positions.keys()) yield* pages(stream, { request, positions, matches, journal, ended })
      const isBehind = [...positions].some(([stream, position]) => journal.durable(stream) > position)
      if (isBehind || (await bell.wait(options.heartbeatMs ?? heartbeatMs))) continue
      // The cursor goes on while nothing matches: who comes back need not look through the same again.
      yield message({ comment: 'heartbeat', id: request.seal(positions) })
    }
  } finally {
    unsubscribe()
  }
}

interface Following {
  readonly request: LiveRequest
  /** Moved on. */
  readonly positions: Map<StreamId, Sequence | 0>
  readonly matches: SearchTest | undefined
  readonly journal: LiveOptions['journal']
  readonly ended: AbortSignal
}

/** One page of a stream, so that all of them get their turn. */
async function* pages(stream: StreamId, following: Following): AsyncGenerator<Buffer> {
  const { request, positions, matches, journal, ended } = following
  const position = positions.get(stream) ?? 0
  if (ended.aborted || journal.durable(stream) <= position) return
  const { entries, last } = await journal.read(stream, position, pageEntries)
  const [first] = entries
  if (first && first.sequence > position + 1)
    yield message({ event: 'lost', data: JSON.stringify({ stream, after: position, before: first.sequence }) })
  for (const entry of entries) {
    if (matches && !isMatch(entry, matches)) continue
    positions.set(stream, entry.sequence)
    yield message({ event: 'event', id: request.seal(positions), data: JSON.stringify(apiEvent(entry)) })
  }
  positions.set(stream, last)
}

function isMatch(entry: StoredEntry, matches: SearchTest): boolean {
  return matches(searchedEvent(entry.record, parseEnvelope(entry).event))
}

/** JSON has no line breaks in it. Source: HTML Living Standard, "Server-sent events". */
function message(parts: { event?: string; id?: string; data?: string; comment?: string }): Buffer {
  const { comment, ...fields } = parts
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`)
  return Buffer.from(`${comment === undefined ? '' : `: ${comment}\n`}${lines.join('')}\n`)
}

/** Rung any number of times, it wakes once. */
function createBell(ended: AbortSignal) {
  let isRung = false
  let wake: (() => void) | undefined
  const ring = (): void => {
    isRung = true
    wake?.()
  }
  return {
    ring,
    /** Resolves to false where nobody rang within `ms`. */
    async wait(ms: number): Promise<boolean> {
      if (!isRung && !ended.aborted)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
          ended.addEventListener('abort', wake, { once: true })
        })
      if (wake) ended.removeEventListener('abort', wake)
      wake = undefined
      const was = isRung || ended.aborted
      isRung = false
      return was
    },
  }
}
