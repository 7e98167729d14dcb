import type { StoredEntry } from '@opentrail/core/event'
import type { EventPlace } from './postings-store.ts'
import { candidates } from './search-candidates.ts'
import type { OpenScope, SearchParts } from './search-scope.ts'

/** Places of the first round: a scan reads on until its end in most cases. */
const firstRound = 512

/**
 * Looks at the records that may match, newest first, at most `scanMax`, and calls `add` with what `read` made of each that
 * does. Resolves to how far back it has looked (seconds), or undefined at the end: what is not older was all looked at, so
 * of the second in which a scan stops nothing is added.
 */
export async function scan<T extends object | true>(
  scope: OpenScope,
  scanMax: number,
  parts: SearchParts,
  { read, add }: { read: (entry: StoredEntry) => T; add: (place: EventPlace, of: T) => void },
): Promise<number | undefined> {
  let looked = 0
  let second: number | undefined
  let pending: [EventPlace, T][] = []
  const flush = (): void => {
    for (const [place, of] of pending) add(place, of)
    pending = []
  }
  for await (const batch of candidates(
    scope,
    { after: undefined, first: Math.min(firstRound, scanMax + 1), read },
    parts,
  )) {
    for (const { place, match } of batch) {
      if (place.time !== second) flush()
      if (looked === scanMax) return place.time + 1
      looked++
      second = place.time
      if (match) pending.push([place, match])
    }
  }
  flush()
  return undefined
}
