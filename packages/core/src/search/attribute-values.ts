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
import { RecordSkim, type SkimPlan } from './record-skim.ts'
import { bufferOf, membersOf, searchedEvent, type SearchedEvent } from './searched-event.ts'

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

/**
 * An event's values of one attribute, each once; empty texts count as missing. At most 2,000 characters of each, as the index has them.
 * Insights and external events have names, identity, address, agent and error of what they are about.
 */
export function attributeValues(event: SearchedEvent, attribute: SearchAttribute): readonly string[] {
  if (isKnown(attribute)) return known[attribute](event.fields)
  const members = membersOf(event)
  return members ? one(read[attribute](members)) : none
}

const placeOf = (attribute: SearchAttribute): number => searchAttributes.indexOf(attribute)
const knownAttributes = searchAttributes.filter(isKnown).map((name) => ({ place: placeOf(name), values: known[name] }))
const readAttributes = searchAttributes.flatMap((name) => (isKnown(name) ? [] : [{ name, place: placeOf(name) }]))
const placeOfText = (name: ReadAttribute): number => readAttributes.findIndex((each) => each.name === name)

/** Where `read` finds its attributes, unless an inner event may have them. */
const plan: SkimPlan = {
  userIdentity: {
    arn: placeOfText('userIdentity.arn'),
    principalId: placeOfText('userIdentity.principalId'),
    sessionContext: { sessionIssuer: { arn: placeOfText('userIdentity.sessionContext.sessionIssuer.arn') } },
  },
  sourceIPAddress: placeOfText('sourceIPAddress'),
  userAgent: placeOfText('userAgent'),
  errorCode: placeOfText('errorCode'),
  eventType: placeOfText('eventType'),
  insightDetails: 'stop',
  eventData: 'stop',
}
/** Scratch memory: reading never yields. */
let skim: RecordSkim | undefined

/**
 * `attributeValues` of all attributes, by their place in `searchAttributes`: for whoever indexes each event once. The record must
 * be one that admission has taken. The texts keep no larger ones in memory.
 */
export function forEachSearchValue(
  record: Uint8Array,
  fields: RoutingFields,
  visit: (place: number, value: string) => void,
): void {
  for (const { place, values } of knownAttributes) for (const value of values(fields)) visit(place, value)
  skim ??= new RecordSkim(plan, readAttributes.length)
  if (skim.read(bufferOf(record))) {
    for (let at = 0; at < readAttributes.length; at++) {
      const text = skim.texts[at]
      if (text) visit(readAttributes[at]!.place, lookupValue(text))
    }
    return
  }
  const event = searchedEvent(record, fields)
  for (const { name, place } of readAttributes)
    for (const value of attributeValues(event, name)) visit(place, Buffer.from(value, 'utf8').toString('utf8'))
}
