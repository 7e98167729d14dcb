import { formatEventTime } from './event-time.ts'
import { fieldIndex, fieldOrder, typeByCategory, type FieldName, type RecordKind } from './record-fields.ts'
import type { RecordMembers } from './record-members.ts'
import { literalText } from './text-edits.ts'

/** The version whose fields are written here; aggregated and external events have a small schema of their own. */
const eventVersion = (kind: RecordKind): string => (kind === 'aggregated' || kind === 'activity' ? '1.0' : '1.11')

const readPrefix = /^(?:Get|Describe|List|Lookup|Search|Head)(?![a-z])/
/**
 * Whether a call reads only, judged by its name as CloudTrail names its own. Everything else counts as a write: a trail
 * for writes then records too much rather than too little.
 */
export const looksReadOnly = (eventName: string): boolean => readPrefix.test(eventName)

export interface FillBasis {
  readonly kind: RecordKind
  readonly category: string
  readonly account: string
  readonly region: string
  readonly now: number
  /** Given when the record brings no id. */
  readonly givenId: string | undefined
}

/**
 * The members to add to a new record, as JSON text by rank; undefined where nothing is missing. Only what follows from the
 * record, the configuration or the moment is filled in; never an address, an identity or a name.
 */
export function fillsFor(members: RecordMembers, basis: FillBasis): (string | undefined)[] | undefined {
  const { kind, category } = basis
  const ranks = fieldOrder(kind)
  let fills: (string | undefined)[] | undefined
  const fill = (name: FieldName, json: () => string): void => {
    if (members.entries[fieldIndex[name]]! >= 0) return
    fills ??= []
    fills[ranks[fieldIndex[name]]!] = `"${name}":${json()}`
  }
  fill('eventVersion', () => `"${eventVersion(kind)}"`)
  fill('awsRegion', () => literalText(basis.region))
  fill('eventType', () => literalText(typeByCategory[category]!))
  fill('eventCategory', () => literalText(category))
  if (kind === 'aggregated') {
    fill('accountId', () => literalText(basis.account))
    fill('eventId', () => literalText(basis.givenId!))
    return fills
  }
  fill('eventTime', () => `"${formatEventTime(basis.now)}"`)
  fill('recipientAccountId', () => literalText(basis.account))
  fill('eventID', () => literalText(basis.givenId!))
  if (kind !== 'api') return fills
  fill('requestParameters', () => 'null')
  fill('responseElements', () => 'null')
  fill('readOnly', () => String(looksReadOnly(members.string('eventName') ?? '')))
  fill('managementEvent', () => String(category === 'Management'))
  return fills
}
