import type { RoutingFields, StoredEntry } from '@opentrail/core/event'
import { forEachSearchValue, searchAttributes, type SearchCondition } from '@opentrail/core/search'
import type { EventPredicate } from './postings-store.ts'
import { storedHash } from './search-columns.ts'
import type { Hash64 } from './sip-hash.ts'
import type { ValueHasher } from './value-hasher.ts'

const eventId = searchAttributes.indexOf('eventID')
export const hashOf = (hasher: ValueHasher, attribute: number, value: string): Hash64 =>
  storedHash(hasher.hash(value, attribute !== eventId))

/** Calls `put` with what the index keeps of an event for searches, by the place in `searchAttributes`. */
export const forEachSearchHash = (
  { record }: StoredEntry,
  event: RoutingFields,
  hasher: ValueHasher,
  put: (attribute: number, hash: Hash64) => void,
): void => forEachSearchValue(record, event, (attribute, value) => put(attribute, hashOf(hasher, attribute, value)))

/** The condition as the columns can be asked for it. */
export function toPredicate(condition: SearchCondition, hasher: ValueHasher): EventPredicate {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return { kind: condition.kind, of: condition.of.map((part) => toPredicate(part, hasher)) }
    case 'not':
      return { kind: 'not', of: toPredicate(condition.of, hasher) }
    default: {
      const attribute = searchAttributes.indexOf(condition.attribute)
      return { kind: 'has', attribute, values: condition.values.map((value) => hashOf(hasher, attribute, value)) }
    }
  }
}
