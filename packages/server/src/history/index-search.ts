import type { StoredEntry, StreamId } from '@opentrail/core/event'
import type { HistorySearch, SearchPage, SearchPlace, SearchRequest } from './history-search.ts'
import type { EventPlace } from './postings-store.ts'
import { candidates } from './search-candidates.ts'
import { openScope, type OpenScope, type SearchParts } from './search-scope.ts'

/** Records read where the index tells all: only colliding hashes and what retention has just removed is read in vain. */
const exactReadsMax = 5_000

export function createIndexSearch(parts: SearchParts): HistorySearch {
  return {
    page: (request) => page(request, parts),
    counts: () => notBuilt('counts'),
    values: () => notBuilt('values'),
    known: () => notBuilt('known'),
  }
}

/** @throws {TypeError} the place is of another scope. */
function storedPlace({ stream, time, sequence }: SearchPlace, scope: OpenScope, { state }: SearchParts): EventPlace {
  const number = state.streams.get(stream)?.number
  const known = scope.split().stored.streams.find((range) => range.stream === number)
  if (!known) throw new TypeError(`a place in ${stream} is not one of this search`)
  return { time, stream: known.stream, sequence }
}

async function page(request: SearchRequest, parts: SearchParts): Promise<SearchPage> {
  const scope = await openScope(request, parts)
  const { snapshots } = scope
  const { state } = parts
  const nameOf = (stream: number): StreamId => state.byNumber(stream)!.stream
  const after = request.after && storedPlace(request.after, scope, parts)
  const readsMax = scope.exact ? exactReadsMax : Math.max(1, request.scanMax)
  const entries: StoredEntry[] = []
  let looked = 0
  let last: SearchPlace | undefined
  // One more than the page, to know whether it is the last.
  const walk = candidates(scope, { after, first: request.limit + 1, nameOf }, parts)
  for await (const batch of walk) {
    for (const { place, match } of batch) {
      if (entries.length === request.limit || looked === readsMax)
        return { entries, snapshots, ...(last && { next: last }) }
      looked++
      if (match) entries.push(match)
      last = { ...place, stream: nameOf(place.stream) }
    }
  }
  return { entries, snapshots }
}

const notBuilt = (what: string): Promise<never> => Promise.reject(new Error(`${what} of a search are not built yet`))
