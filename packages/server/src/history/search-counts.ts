import { TimeCounts } from './event-matches.ts'
import type { SearchCounts, SearchScope } from './history-search.ts'
import { scan } from './search-scan.ts'
import type { OpenScope, SearchParts } from './search-scope.ts'

/** How many events match, over event time: by the index where it tells all, else by reading records. */
export async function searchCounts(
  { bucketSeconds, scanMax }: SearchScope & { readonly bucketSeconds: number; readonly scanMax: number },
  scope: OpenScope,
  parts: SearchParts,
): Promise<SearchCounts> {
  const counts = new TimeCounts(bucketSeconds)
  const searchedTo = scope.exact
    ? await countIndexed(counts, bucketSeconds, scope, parts)
    : await scan(scope, scanMax, parts, { read: () => true, add: ({ time }) => counts.add(time) })
  const buckets = counts.list()
  const total = buckets.reduce((sum, { count }) => sum + count, 0)
  return { snapshots: scope.snapshots, total, buckets, ...(searchedTo !== undefined && { searchedTo }) }
}

async function countIndexed(
  counts: TimeCounts,
  bucketSeconds: number,
  scope: OpenScope,
  { store, tail }: SearchParts,
): Promise<undefined> {
  const { stored, recent } = scope.split()
  tail.forEachMatch(recent, (rows, row) => counts.add(rows.time[row]!))
  for (const { start, count } of await store.histogram({ ...stored, bucketSeconds })) counts.add(start, count)
}
