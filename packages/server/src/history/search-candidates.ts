import { parseEnvelope, type Sequence, type StoredEntry } from '@opentrail/core/event'
import { searchedEvent } from '@opentrail/core/search'
import { FirstPlaces, placeOf, placeOrder } from './event-matches.ts'
import { indexedSeconds } from './posting-block.ts'
import type { EventPlace } from './postings-store.ts'
import type { OpenScope, SearchParts } from './search-scope.ts'
import { createSearchTurns } from './search-turns.ts'

/** Records of one batch, by their average size so far (one alone may be larger); two batches are in memory at once. */
const batchBytesMax = 2 * 1024 * 1024
/** Entries of the first batch, of which nothing is known, and of any. */
const batchFirst = 64
const batchMax = 512

/**
 * Places asked for at once. Each round asks for more, since what a round found tells how few records match. Reading the engine's
 * answer to the largest takes some milliseconds.
 */
const roundGrowth = 4
const roundMax = 16_384

/** A record that the search finds, or that it only looked at. */
export interface Candidate<Match> {
  readonly place: EventPlace
  /** Undefined: it does not match, or retention has removed it. */
  readonly match: Match | undefined
}

export interface Looking<Match> {
  readonly after: EventPlace | undefined
  /** Places of the first round. */
  readonly first: number
  /** What is wanted of a record that matches. */
  readonly read: (entry: StoredEntry) => Match
}

/** The first places of the scope after `after`, by the index alone. */
async function nextPlaces(
  scope: OpenScope,
  after: EventPlace | undefined,
  limit: number,
  { store, tail }: SearchParts,
): Promise<EventPlace[]> {
  const { stored, recent } = scope.split()
  const compare = placeOrder(stored.streams)
  const first = new FirstPlaces(compare, limit, after)
  tail.forEachMatch(recent, (rows, row) => first.consider(placeOf(rows, row)))
  const ofStore = await store.search({ ...stored, limit, ...(after && { after }) })
  const recentPlaces = first.list()
  return recentPlaces.length === 0 ? ofStore : [...ofStore, ...recentPlaces].sort(compare).slice(0, limit)
}

/**
 * Looks at the records that may match, newest first, a bounded number at a time, and gives way to other work in between.
 * Ends where there are no more; whoever has enough stops asking. @throws the reason of the scope's signal
 */
export async function* candidates<Match extends object | true>(
  scope: OpenScope,
  { after, first, read }: Looking<Match>,
  parts: SearchParts,
): AsyncGenerator<readonly Candidate<Match>[]> {
  if (scope.split().stored.streams.length === 0) return
  let entries = batchFirst
  const turns = createSearchTurns(parts.limits.searchTurnMs)
  for (let limit = first; ; limit = Math.min(roundMax, limit * roundGrowth)) {
    const places = await nextPlaces(scope, after, limit, parts)
    if (turns.isOver()) await turns.next()
    let reading = readBatch(places, 0, entries, parts)
    for (let at = 0; at < places.length;) {
      const { batch, records } = await reading
      scope.signal.throwIfAborted()
      at += batch.length
      entries = entriesFor(records)
      // The next records are on their way while these are looked at.
      reading = readBatch(places, at, entries, parts)
      const looked: Candidate<Match>[] = []
      for (const [index, place] of batch.entries()) {
        const entry = matching(records[index], place, scope)
        looked.push({ place, match: entry && read(entry) })
        if (turns.isOver()) await turns.next()
      }
      yield looked
    }
    after = places.at(-1)
    if (places.length < limit) return
  }
}

interface Batch {
  readonly batch: readonly EventPlace[]
  readonly records: readonly (StoredEntry | undefined)[]
}

function readBatch(places: readonly EventPlace[], at: number, entries: number, parts: SearchParts): Promise<Batch> {
  const batch = places.slice(at, at + entries)
  const reading = readRecords(batch, parts).then((records) => ({ batch, records }))
  // Whoever has enough does not wait for it.
  reading.catch(() => undefined)
  return reading
}

function entriesFor(records: readonly (StoredEntry | undefined)[]): number {
  const bytes = records.reduce((sum, entry) => sum + (entry ? entry.record.length + entry.envelope.length : 0), 0)
  return Math.max(1, Math.min(batchMax, Math.floor((batchBytesMax * records.length) / Math.max(1, bytes))))
}

/** The records at these places, in their order; undefined where retention has removed one. */
export async function readRecords(
  places: readonly EventPlace[],
  { state, journal }: SearchParts,
): Promise<(StoredEntry | undefined)[]> {
  const found: (StoredEntry | undefined)[] = Array.from({ length: places.length })
  const byStream = new Map<number, number[]>()
  for (const [index, { stream }] of places.entries()) {
    const own = byStream.get(stream)
    if (own) own.push(index)
    else byStream.set(stream, [index])
  }
  for (const [stream, indexes] of byStream) {
    const sequences = indexes.map((index): Sequence => places[index]!.sequence)
    const entries = await journal.get(state.byNumber(stream)!.stream, sequences)
    for (const [at, index] of indexes.entries()) found[index] = entries[at]
  }
  return found
}

/** The index says where to look. What counts is the record: hashes may collide. */
function matching(entry: StoredEntry | undefined, place: EventPlace, scope: OpenScope): StoredEntry | undefined {
  if (!entry) return undefined
  const event = searchedEvent(entry.record, () => parseEnvelope(entry).event)
  if (scope.test && !scope.test(event)) return undefined
  return indexedSeconds(event.fields.eventTime) === place.time ? entry : undefined
}
