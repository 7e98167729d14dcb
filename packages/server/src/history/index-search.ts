import type { StoredEntry } from '@opentrail/core/event'
import { narrowed } from '@opentrail/core/search'
import type { HistorySearch, SearchPage, SearchPlace, SearchRequest, SearchScope } from './history-search.ts'
import { knownEvents } from './known-events.ts'
import type { EventPlace } from './postings-store.ts'
import { candidates } from './search-candidates.ts'
import { searchCounts } from './search-counts.ts'
import { createSearchGate } from './search-gate.ts'
import { openScope, type OpenScope, type SearchParts } from './search-scope.ts'
import { searchValues } from './search-values.ts'

/** Records read where the index tells all: only colliding hashes and what retention has just removed is read in vain. */
const exactReadsMax = 5_000

export function createIndexSearch(parts: SearchParts): HistorySearch {
  const gate = createSearchGate()
  const opened = <T>(scope: SearchScope, work: (opened: OpenScope) => Promise<T>): Promise<T> => {
    const signal = scope.signal ? AbortSignal.any([parts.signal, scope.signal]) : parts.signal
    const isExact = !scope.expression || narrowed(scope.expression).exact
    return gate(isExact, signal, async () => work(await openScope({ ...scope, signal }, parts)))
  }
  return {
    page: (request) => opened(request, (scope) => page(request, scope, parts)),
    counts: (request) => opened(request, (scope) => searchCounts(request, scope, parts)),
    values: (request) => opened(request, (scope) => searchValues(request, scope, parts)),
    known: (stream, eventIds) =>
      opened({ streams: [stream], timeMin: 0, timeMax: timeMost }, (scope) => knownEvents(eventIds, scope, parts)),
  }
}
const timeMost = 2 ** 32 - 1

/** @throws {TypeError} the place is of another scope. */
function storedPlace({ stream, time, sequence }: SearchPlace, scope: OpenScope, { state }: SearchParts): EventPlace {
  const number = state.streams.get(stream)?.number
  const known = scope.split().stored.streams.find((range) => range.stream === number)
  if (!known) throw new TypeError(`a place in ${stream} is not one of this search`)
  return { time, stream: known.stream, sequence }
}

async function page(request: SearchRequest, scope: OpenScope, parts: SearchParts): Promise<SearchPage> {
  const { snapshots } = scope
  const after = request.after && storedPlace(request.after, scope, parts)
  const readsMax = scope.exact ? exactReadsMax : Math.max(1, request.scanMax)
  const entries: StoredEntry[] = []
  let looked = 0
  let last: EventPlace | undefined
  // One more than the page, to know whether it is the last.
  for await (const batch of candidates(scope, { after, first: request.limit + 1, read: (entry) => entry }, parts)) {
    for (const { place, match } of batch) {
      if (last && (entries.length === request.limit || looked === readsMax))
        return { entries, snapshots, next: { ...last, stream: parts.state.byNumber(last.stream)!.stream } }
      looked++
      if (match) entries.push(match)
      last = place
    }
  }
  return { entries, snapshots }
}
