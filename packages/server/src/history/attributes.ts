import type { RoutingFields } from '@opentrail/core/event'
import {
  insightLookupKeys,
  lookupCategory,
  lookupKeys,
  lookupValues,
  type LookupCategory,
  type LookupFilter,
  type LookupKey,
} from '@opentrail/core/history'
import { everyEventAttribute } from './postings-store.ts'
import type { Hash64 } from './sip-hash.ts'
import type { ValueHasher } from './value-hasher.ts'

/** An attribute by its number and a value by its hash: what a posting is found by. */
export interface AttributeHash {
  readonly attribute: number
  readonly value: Hash64
}

/**
 * Attribute numbers are stored and never change: 0 stands for every event (its value tells the category), 1 to 8 for the
 * lookup keys of management events, 33 to 40 for those of Insights events, which must never be found among the former.
 */
const firstNumber: Record<LookupCategory, number> = { management: 1, insight: 33 }
/** Stored and never changed, too. What LookupEvents never shows is there for the search. */
const lookupCategoryNumber: Record<LookupCategory, number> = { management: 0, insight: 1 }
const otherCategoryNumber: Readonly<Record<string, number>> = { Data: 2, NetworkActivity: 3 }
const unknownCategoryNumber = 4

export function categoryNumber(event: RoutingFields): number {
  const category = lookupCategory(event)
  if (category) return lookupCategoryNumber[category]
  return otherCategoryNumber[event.category] ?? unknownCategoryNumber
}
const indexedKeys: Record<LookupCategory, readonly LookupKey[]> = { management: lookupKeys, insight: insightLookupKeys }

const numberOf = (category: LookupCategory, key: LookupKey): number => firstNumber[category] + lookupKeys.indexOf(key)
const repeats = (key: LookupKey): boolean => key !== 'EventId'

/** What a request is looked up by. */
export function requestedAttribute(
  { category, filter }: { readonly category: LookupCategory; readonly filter?: LookupFilter },
  hasher: ValueHasher,
): AttributeHash {
  if (!filter) return { attribute: everyEventAttribute, value: { low: lookupCategoryNumber[category], high: 0 } }
  return {
    attribute: numberOf(category, filter.attribute),
    value: hasher.hash(filter.value, repeats(filter.attribute)),
  }
}

/** Calls `post` once for each value that LookupEvents can look an event up by: none for categories that it never shows. */
export function forEachAttribute(
  event: RoutingFields,
  hasher: ValueHasher,
  post: (attribute: number, value: Hash64) => void,
): void {
  const category = lookupCategory(event)
  if (!category) return
  for (const key of indexedKeys[category]) {
    const values = lookupValues(event, key)
    const distinct = values.length > 1 ? new Set(values) : values
    for (const value of distinct) post(numberOf(category, key), hasher.hash(value, repeats(key)))
  }
}

/** Whether an event is what was asked for, exactly: a posting only says that the hashes are equal. */
export function matches(
  event: RoutingFields,
  { category, filter }: { readonly category: LookupCategory; readonly filter?: LookupFilter },
): boolean {
  if (lookupCategory(event) !== category) return false
  return !filter || lookupValues(event, filter.attribute).includes(filter.value)
}
