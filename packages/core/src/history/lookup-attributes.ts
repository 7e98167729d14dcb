import type { RoutingFields } from '../event/index.ts'
import { LookupRefusal } from './lookup-fault.ts'
import { member } from './lookup-members.ts'
import type { LookupCategory } from './lookup-plan.ts'

/** What LookupEvents can look up by, in the index's own order: the place in this list is part of stored postings. */
export const lookupKeys = [
  'EventId',
  'EventName',
  'ReadOnly',
  'Username',
  'ResourceType',
  'ResourceName',
  'EventSource',
  'AccessKeyId',
] as const
export type LookupKey = (typeof lookupKeys)[number]

/** Insights events can be looked up by these only. */
export const insightLookupKeys: readonly LookupKey[] = ['EventId', 'EventName', 'EventSource']

export interface LookupFilter {
  readonly attribute: LookupKey
  /** Exact, case-sensitive. */
  readonly value: string
}

/** Source: AWS CloudTrail API Reference, LookupAttribute: `_`, space, comma and newline count twice. */
const valueLengthMax = 2_000
const countedTwice = new Set('_ ,\n')

/**
 * The one filter a request may carry: LookupAttributes is a list, but takes a single item.
 * @throws {LookupRefusal} `wrong-type` or `invalid-lookup-attributes`.
 */
export function readLookupAttributes(items: readonly unknown[], category: LookupCategory): LookupFilter | undefined {
  if (items.length > 1) refuse('LookupAttributes takes one attribute only.')
  const [item] = items
  if (items.length === 0) return undefined
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    throw new LookupRefusal('wrong-type', 'LookupAttributes must be a JSON list of objects.')
  const record = item as Record<string, unknown>
  const name = member(record, 'AttributeKey', 'string')
  const value = member(record, 'AttributeValue', 'string')
  const key = lookupKeys.find((known) => known === name)
  if (!key) return refuse(`AttributeKey must be one of ${lookupKeys.join(', ')}.`)
  if (category === 'insight' && !insightLookupKeys.includes(key))
    return refuse(`Insights events can be looked up by ${insightLookupKeys.join(', ')} only.`)
  if (value === undefined || value.length === 0 || isTooLong(value))
    return refuse(
      `AttributeValue must have 1 to ${valueLengthMax} characters, underscore, space, comma and newline counting twice.`,
    )
  return { attribute: key, value }
}

/** Stops at the limit: the value is untrusted and may be as long as a request can be. */
function isTooLong(value: string): boolean {
  let length = 0
  for (const character of value) {
    length += countedTwice.has(character) ? 2 : 1
    if (length > valueLengthMax) return true
  }
  return false
}

function refuse(message: string): never {
  throw new LookupRefusal('invalid-lookup-attributes', message)
}

/**
 * The values of an event under one key: at most one, but for resources, where each one counts. May repeat a value.
 */
export const lookupValues = (event: RoutingFields, key: LookupKey): readonly string[] => readers[key](event)

const one = (value: string | undefined): readonly string[] => (value === undefined ? [] : [value])

const readers: { readonly [Key in LookupKey]: (event: RoutingFields) => readonly string[] } = {
  EventId: ({ eventId }) => [eventId],
  EventName: ({ eventName }) => [eventName],
  EventSource: ({ eventSource }) => [eventSource],
  ReadOnly: ({ readOnly }) => (readOnly === undefined ? [] : [String(readOnly)]),
  Username: ({ username }) => one(username),
  AccessKeyId: ({ accessKeyId }) => one(accessKeyId),
  ResourceType: ({ resources }) => resources.flatMap(({ type }) => one(type)),
  ResourceName: ({ resources }) => resources.map(({ name }) => name),
}

/** The category LookupEvents shows an event under; undefined for data and network activity events, which it never shows. */
export function lookupCategory({ category }: RoutingFields): LookupCategory | undefined {
  if (category === 'Management') return 'management'
  return category === 'Insight' ? 'insight' : undefined
}
