import type { Sequence, StreamId } from '@opentrail/core/event'
import { compileSearch, narrowed, type SearchTest } from '@opentrail/core/search'
import type { HistoryLimits } from './history-limits.ts'
import type { SearchScope } from './history-search.ts'
import type { HistoryTail } from './history-tail.ts'
import type { IndexedStream, IndexState } from './index-state.ts'
import { PostingsUnavailableError, type EventQuery, type PostingsStore, type StreamRange } from './postings-store.ts'
import type { Progress } from './progress.ts'
import { toPredicate } from './search-hashes.ts'
import type { ValueHasher } from './value-hasher.ts'
import type { Journal } from '../journal/index.ts'

export interface SearchParts {
  readonly journal: Journal
  readonly state: IndexState
  readonly store: PostingsStore
  readonly tail: HistoryTail
  readonly hasher: ValueHasher
  readonly progress: Progress
  readonly limits: HistoryLimits
  /** Aborts when the index is closed. */
  readonly signal: AbortSignal
}

/** A scope as it stands when it is asked: what is in it stays the same, whatever arrives meanwhile. */
export interface OpenScope {
  readonly snapshots: ReadonlyMap<StreamId, Sequence | 0>
  /** What the record decides; absent where every event matches. */
  readonly test?: SearchTest
  /** What the index tells is what the record would. */
  readonly exact: boolean
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal
  /**
   * Which events the store is to be asked for and which the tail, of this moment. To be asked in the same tick: what is
   * inserted meanwhile was in one of the two, and in one only.
   */
  split(): { readonly stored: EventQuery; readonly recent: EventQuery }
}

interface ScopeStream {
  readonly indexed: IndexedStream
  readonly first: Sequence
  readonly snapshot: Sequence | 0
}

/** Waits until the index has what was durable when it was asked. @throws {PostingsUnavailableError} */
export async function openScope(
  scope: SearchScope & { readonly signal: AbortSignal },
  parts: SearchParts,
): Promise<OpenScope> {
  const { journal, state, progress, limits, hasher } = parts
  const ids = [...new Set(scope.streams)].sort().toReversed()
  const targets = ids.map((id) => scope.snapshots?.get(id) ?? (scope.snapshots ? 0 : journal.durable(id)))
  await Promise.all(ids.map((id, index) => progress.reach(id, targets[index]!, limits.lookupWaitMs)))
  const snapshots = new Map<StreamId, Sequence | 0>()
  const first = new Map(journal.streams().map((known) => [known.stream, known.first]))
  const streams: ScopeStream[] = []
  for (const [index, id] of ids.entries()) {
    const snapshot = snapshotOf(id, targets[index]!, scope, state)
    snapshots.set(id, snapshot)
    const indexed = state.streams.get(id)
    if (indexed && snapshot > 0) streams.push({ indexed, snapshot, first: first.get(id) ?? (1 as Sequence) })
  }
  const { condition, exact } = scope.expression ? narrowed(scope.expression) : { condition: undefined, exact: true }
  const { signal } = scope
  const asked = {
    signal,
    timeMin: scope.timeMin,
    timeMax: scope.timeMax,
    ...(condition && { predicate: toPredicate(condition, hasher) }),
  }
  return {
    snapshots,
    exact,
    signal,
    ...(scope.expression && { test: compileSearch(scope.expression) }),
    split: () => ({
      stored: { ...asked, streams: rangesOf(streams, ({ first: from, snapshot, indexed }) => [from, Math.min(indexed.inserted, snapshot)]) }, // prettier-ignore
      recent: { ...asked, streams: rangesOf(streams, ({ first: from, snapshot, indexed }) => [Math.max(from, indexed.inserted + 1), snapshot]) }, // prettier-ignore
    }),
  }
}

/** As a lookup: a late index shows what it has, but a walk never goes on behind its own snapshot. */
function snapshotOf(id: StreamId, target: Sequence | 0, scope: SearchScope, state: IndexState): Sequence | 0 {
  const seen = state.streams.get(id)?.seen ?? 0
  if (scope.snapshots && seen < target)
    throw new PostingsUnavailableError(`the index of ${id} has not reached the walk's snapshot again`)
  return Math.min(target, seen) as Sequence | 0
}

/** Streams without any sequence stay in the list: their place in it is part of the order. */
const rangesOf = (
  streams: readonly ScopeStream[],
  range: (stream: ScopeStream) => [from: number, to: number],
): StreamRange[] =>
  streams.map((stream) => {
    const [from, to] = range(stream)
    return { stream: stream.indexed.number, sequenceMin: from as Sequence, sequenceMax: to as Sequence }
  })
