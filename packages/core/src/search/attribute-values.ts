import {
  childOf,
  childString,
  fieldIndex,
  lookupValue,
  type EventResource,
  type RecordMembers,
  type RoutingFields,
} from '../event/index.ts'
import { searchAttributes, type SearchAttribute } from './expression.ts'
import { membersOf, searchedEvent, type SearchedEvent } from './searched-event.ts'

const none: readonly string[] = []
const one = (value: string | undefined): readonly string[] => (value ? [lookupValue(value)] : none)

function distinct(resources: readonly EventResource[], member: 'name' | 'type'): readonly string[] {
  if (resources.length <= 1) return one(resources[0]?.[member])
  return [...new Set(resources.flatMap((resource) => one(resource[member])))]
}

/** What admission has read already. */
type KnownAttribute =
  | 'eventName'
  | 'eventSource'
  | 'username'
  | 'userIdentity.accessKeyId'
  | 'eventID'
  | 'eventCategory'
  | 'readOnly'
  | 'resource'
  | 'resourceType'
type ReadAttribute = Exclude<SearchAttribute, KnownAttribute>

const known: { readonly [Name in KnownAttribute]: (fields: RoutingFields) => readonly string[] } = {
  eventName: ({ eventName }) => one(eventName),
  eventSource: ({ eventSource }) => one(eventSource),
  username: ({ username }) => one(username),
  'userIdentity.accessKeyId': ({ accessKeyId }) => one(accessKeyId),
  eventID: ({ eventId }) => one(eventId),
  eventCategory: ({ category }) => one(category),
  readOnly: ({ readOnly }) => (readOnly === undefined ? none : [String(readOnly)]),
  resource: ({ resources }) => distinct(resources, 'name'),
  resourceType: ({ resources }) => distinct(resources, 'type'),
}

const read: { readonly [Name in ReadAttribute]: (members: RecordMembers) => string | undefined } = {
  'userIdentity.arn': (members) => ofIdentity(members, 'arn'),
  'userIdentity.principalId': (members) => ofIdentity(members, 'principalId'),
  'userIdentity.sessionContext.sessionIssuer.arn': (members) => {
    const { outline } = members
    const context = childOf(outline, identity(members), 'sessionContext')
    return childString(outline, childOf(outline, context, 'sessionIssuer'), 'arn')
  },
  sourceIPAddress: (members) => ofEvent(members, 'sourceIPAddress'),
  userAgent: (members) => ofEvent(members, 'userAgent'),
  errorCode: (members) => ofEvent(members, 'errorCode'),
  eventType: (members) => members.string(fieldIndex.eventType),
}

/** Insights and external events say one level down what they are about. */
function innerEvent(members: RecordMembers): number {
  const insight = members.object(fieldIndex.insightDetails)
  return insight >= 0 ? insight : members.object(fieldIndex.eventData)
}

function identity(members: RecordMembers): number {
  const own = members.object(fieldIndex.userIdentity)
  return own >= 0 ? own : childOf(members.outline, innerEvent(members), 'userIdentity')
}

const ofIdentity = (members: RecordMembers, name: string): string | undefined =>
  childString(members.outline, identity(members), name)

const ofEvent = (members: RecordMembers, name: 'sourceIPAddress' | 'userAgent' | 'errorCode'): string | undefined =>
  members.string(fieldIndex[name]) ?? childString(members.outline, innerEvent(members), name)

const isKnown = (attribute: SearchAttribute): attribute is KnownAttribute => Object.hasOwn(known, attribute)

type Reader = (fields: RoutingFields, members: RecordMembers | undefined) => readonly string[]
const readers: readonly Reader[] = searchAttributes.map((attribute) => {
  if (isKnown(attribute)) return known[attribute]
  const readOne = read[attribute]
  return (_, members) => (members ? one(readOne(members)) : none)
})

/**
 * An event's values of one attribute, each once; empty texts count as missing. At most 2,000 characters of each, as the index has them.
 * Insights and external events have names, identity, address, agent and error of what they are about.
 */
export const attributeValues = (event: SearchedEvent, attribute: SearchAttribute): readonly string[] =>
  isKnown(attribute)
    ? known[attribute](event.fields)
    : readers[searchAttributes.indexOf(attribute)]!(event.fields, membersOf(event))

/** `attributeValues` of all attributes, by their place in `searchAttributes`: for whoever indexes each event once. */
export function searchFieldsOf(record: Uint8Array, fields: RoutingFields): readonly (readonly string[])[] {
  const members = membersOf(searchedEvent(record, fields))
  return readers.map((values) => values(fields, members))
}
