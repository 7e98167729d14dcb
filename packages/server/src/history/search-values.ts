import { parseEnvelope, type StoredEntry } from '@opentrail/core/event'
import { attributeValues, searchAttributes, searchedEvent, type SearchAttribute } from '@opentrail/core/search'
import { placeOrder, ValueCounts, type ComparePlaces } from './event-matches.ts'
import type { SearchScope, SearchValues } from './history-search.ts'
import type { EventPlace, ValueGroup } from './postings-store.ts'
import { readRecords } from './search-candidates.ts'
import { hashOf } from './search-hashes.ts'
import { scan } from './search-scan.ts'
import type { OpenScope, SearchParts } from './search-scope.ts'

/** Values that one answer can name: each takes a record to be read. */
const limitMax = 100
/** Hashes in one question to the store: some 100 KiB of statement. */
export const amongMax = 5_000

type ValuesRequest = SearchScope & {
  readonly attribute: SearchAttribute
  readonly limit: number
  readonly scanMax: number
}

/** The most frequent values of an attribute: by the index where it tells all, else by reading records. */
export function searchValues(request: ValuesRequest, scope: OpenScope, parts: SearchParts): Promise<SearchValues> {
  const bounded = { ...request, limit: Math.min(limitMax, request.limit) }
  return scope.exact ? indexedValues(bounded, scope, parts) : scannedValues(bounded, scope, parts)
}

async function indexedValues(request: ValuesRequest, scope: OpenScope, parts: SearchParts): Promise<SearchValues> {
  const { store, tail } = parts
  const attribute = searchAttributes.indexOf(request.attribute)
  const { stored, recent } = scope.split()
  const compare = placeOrder(stored.streams)
  const counts = new ValueCounts(compare)
  let total = 0
  tail.forEachMatch(recent, (rows, row) => {
    total++
    counts.addRow(rows, row, attribute)
  })
  // A value is among the first by what the store has alone, or the tail has it, too.
  const ofTail = counts.values()
  const top = await store.topValues({ ...stored, attribute, limit: request.limit })
  const others = top.filter(({ value }) => !counts.has(value))
  for (let at = 0; at < ofTail.length; at += amongMax) {
    const among = ofTail.slice(at, at + amongMax)
    for (const group of await store.topValues({ ...stored, attribute, limit: among.length, among })) counts.add(group)
  }
  for (const group of others) counts.add(group)
  for (const { count } of await store.histogram({ ...stored, bucketSeconds: everyTime })) total += count
  return { values: await named(counts.list(request.limit), request.attribute, parts), total }
}
const everyTime = 2 ** 32

/** The values themselves stand in the records. One whose record has just been removed is left out. */
async function named(
  groups: readonly ValueGroup[],
  attribute: SearchAttribute,
  parts: SearchParts,
): Promise<{ value: string; count: number }[]> {
  const records = await readRecords(groups.map(({ newest }) => newest), parts) // prettier-ignore
  return groups.flatMap(({ value: hash, count }, index) => {
    const record = records[index]
    const value = record && valuesOf(record, attribute).find((each) => isHash(each, attribute, hash, parts))
    return value === undefined ? [] : [{ value, count }]
  })
}

const valuesOf = (entry: StoredEntry, attribute: SearchAttribute): readonly string[] =>
  attributeValues(searchedEvent(entry.record, parseEnvelope(entry).event), attribute)

function isHash(
  value: string,
  attribute: SearchAttribute,
  hash: ValueGroup['value'],
  { hasher }: SearchParts,
): boolean {
  const { low, high } = hashOf(hasher, searchAttributes.indexOf(attribute), value)
  return low === hash.low && high === hash.high
}

async function scannedValues(request: ValuesRequest, scope: OpenScope, parts: SearchParts): Promise<SearchValues> {
  const counts = new Map<string, { count: number; newest: EventPlace }>()
  let total = 0
  const searchedTo = await scan(scope, request.scanMax, parts, {
    read: (entry) => valuesOf(entry, request.attribute),
    // The newest come first.
    add(place, values) {
      total++
      for (const value of values) {
        const known = counts.get(value)
        counts.set(value, { count: (known?.count ?? 0) + 1, newest: known?.newest ?? place })
      }
    },
  })
  const compare: ComparePlaces = placeOrder(scope.split().stored.streams)
  const values = [...counts]
    .sort(([, a], [, b]) => b.count - a.count || compare(a.newest, b.newest))
    .slice(0, request.limit)
    .map(([value, { count }]) => ({ value, count }))
  return { values, total, ...(searchedTo !== undefined && { searchedTo }) }
}
