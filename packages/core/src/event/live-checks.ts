import type { Refusal } from './admission.ts'
import { parseEventTime } from './event-time.ts'
import {
  eventCategories,
  eventTypes,
  fieldIndex,
  fieldNames,
  fieldTypes,
  type FieldName,
  type FieldType,
  type RecordKind,
} from './record-fields.ts'
import { childOf } from './record-members.ts'
import type { RecordMembers } from './record-members.ts'

/** `eventSource` and `eventName` are attributes to search by: as long as an external event's may be. */
export const nameBytesMax = 1024

/** What nobody but the caller can know. The other fields are filled in where they are missing. */
const requiredFields: Readonly<Record<RecordKind, readonly FieldName[]>> = {
  api: ['userIdentity', 'eventSource', 'eventName', 'sourceIPAddress'],
  network: ['userIdentity', 'eventSource', 'eventName', 'sourceIPAddress'],
  insight: ['insightDetails'],
  aggregated: ['eventSource', 'timeWindow', 'summary'],
  activity: ['eventData'],
  other: [],
}
const boundedTexts = ['eventSource', 'eventName', 'sourceIPAddress'] as const
const identityStrings: ReadonlySet<string> = new Set([
  'type',
  'principalId',
  'arn',
  'accountId',
  'accessKeyId',
  'userName',
  'invokedBy',
])

/**
 * Checks a new record (any origin but `import`) field by field. Strict where CloudTrail's readers are: they stop reading a
 * whole log file at an id that is no UUID or a time that is not to the second.
 */
export function checkLiveRecord(members: RecordMembers, kind: RecordKind): Refusal | undefined {
  const required = requiredFields[kind]
  if (!required.every((name) => members.has(fieldIndex[name]))) {
    const missing = required.filter((name) => !members.has(fieldIndex[name]))
    return { code: 'MissingField', message: `the record has no ${missing.join(', ')}` }
  }
  return checkTypes(members) ?? checkIdentity(members) ?? checkTexts(members)
}

const invalid = (message: string): Refusal => ({ code: 'InvalidField', message })

function checkTypes({ outline, entries }: RecordMembers): Refusal | undefined {
  const { bytes, valueStart } = outline
  for (let field = 0; field < entries.length; field++) {
    const entry = entries[field]!
    if (entry >= 0 && (typeBit[bytes[valueStart[entry]!]!]! & allowedBits[field]!) === 0)
      return invalid(`${fieldNames[field]} must be ${article(fieldTypes[field]!)}`)
  }
  return undefined
}

const article = (type: string): string => (/^[ao]/.test(type) ? `an ${type}` : `a ${type}`)

/** A value's type by its first byte, one bit each. */
const typeBit = new Uint8Array(256)
for (const [bit, firstBytes] of ['"', 'tf', '{', '[', 'n'].entries())
  for (const char of firstBytes) typeBit[char.charCodeAt(0)] = 1 << bit
const bitsByType: Readonly<Record<FieldType, number>> = {
  string: 1,
  boolean: 2,
  object: 4,
  array: 8,
  'object or null': 4 | 16,
}
const allowedBits = Uint8Array.from(fieldTypes, (type) => bitsByType[type])

function checkIdentity(members: RecordMembers): Refusal | undefined {
  const { outline } = members
  const identity = members.entry(fieldIndex.userIdentity)
  if (identity < 0) return undefined
  const behind = outline.next[identity]!
  for (let child = identity + 1; child < behind; child = outline.next[child]!)
    if (!outline.isString(child) && identityStrings.has(outline.key(child)))
      return invalid(`userIdentity.${outline.key(child)} must be a string`)
  return undefined
}

function checkTexts(members: RecordMembers): Refusal | undefined {
  for (const name of boundedTexts) {
    const bytes = members.textBytes(fieldIndex[name])
    if (bytes === 0) return invalid(`${name} must not be empty`)
    if (bytes > nameBytesMax) return invalid(`${name} must not be longer than ${nameBytesMax} bytes`)
  }
  const version = members.string(fieldIndex.eventVersion)
  if (version !== undefined && !/^\d{1,3}\.\d{1,3}$/.test(version))
    return invalid('eventVersion must be major.minor, for example "1.11"')
  const eventType = members.string(fieldIndex.eventType)
  if (eventType !== undefined && !eventTypes.has(eventType))
    return invalid(`unknown eventType; known: ${list(eventTypes)}`)
  const category = members.string(fieldIndex.eventCategory)
  if (category !== undefined && !eventCategories.has(category))
    return invalid(`unknown eventCategory; known: ${list(eventCategories)}`)
  const management = members.boolean(fieldIndex.managementEvent)
  if (management !== undefined && category !== undefined && management !== (category === 'Management'))
    return invalid(`managementEvent ${management} contradicts eventCategory ${category}`)
  return undefined
}

const list = (names: ReadonlySet<string>): string => [...names].join(', ')

/** Start of an aggregated event's window: it has no `eventTime`. */
export function windowStart(members: RecordMembers): number | undefined {
  const { outline } = members
  const entry = childOf(outline, members.object(fieldIndex.timeWindow), 'windowStart')
  return entry >= 0 && outline.isString(entry) ? parseEventTime(outline.string(entry)) : undefined
}
