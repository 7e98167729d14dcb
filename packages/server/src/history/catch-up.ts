import type { Sequence, StreamId } from '@opentrail/core/event'
import type { Journal, StreamState } from '../journal/index.ts'
import type { Bell, Persist } from './background.ts'
import type { HistoryLimits } from './history-limits.ts'
import type { HistoryTail } from './history-tail.ts'
import type { IndexedStream, IndexState } from './index-state.ts'

export interface CatchUpParts {
  readonly journal: Journal
  readonly state: IndexState
  readonly tail: HistoryTail
  readonly limits: HistoryLimits
  readonly persist: Persist
  readonly signal: AbortSignal
  /** Rung when entries were not taken as they came, or when the tail has room again. */
  readonly behind: Bell
  readonly advanced: (stream: StreamId) => void
}

/**
 * Reads from the journal what did not reach the tail by itself: what was there before, new streams, and what came while
 * the tail was full. One page of each stream in turn, so that none waits for another's backlog.
 */
export async function catchUp(parts: CatchUpParts): Promise<never> {
  for (;;) {
    const worked = await pass(parts)
    parts.signal.throwIfAborted()
    if (!worked) await parts.behind.wait()
    parts.signal.throwIfAborted()
  }
}

async function pass(parts: CatchUpParts): Promise<boolean> {
  const { journal, state, tail, persist } = parts
  let worked = false
  for (const known of journal.streams()) {
    if (!tail.hasRoom()) return false
    const stream =
      state.streams.get(known.stream) ?? (await persist('number stream', () => state.register(known.stream)))
    if (stream.seen >= journal.durable(known.stream)) continue
    worked = (await readPage(stream, known, parts)) || worked
  }
  return worked
}

async function readPage(stream: IndexedStream, { first }: StreamState, parts: CatchUpParts): Promise<boolean> {
  const { journal, tail, limits, persist, advanced } = parts
  // What retention has removed cannot be indexed any more.
  if (stream.seen < first - 1) stream.seen = (first - 1) as Sequence
  return persist('read journal', async () => {
    const page = await journal.read(stream.stream, stream.seen, limits.catchUpPage)
    tail.accept(stream, page.entries)
    advanced(stream.stream)
    return page.entries.length > 0
  })
}
