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

const filledFields = (kind: RecordKind): readonly FieldName[] => {
  if (kind === 'aggregated') return ['eventVersion', 'awsRegion', 'eventType', 'eventCategory', 'accountId', 'eventId']
  const common = [
    'eventVersion',
    'awsRegion',
    'eventType',
    'eventCategory',
    'eventTime',
    'recipientAccountId',
    'eventID',
  ] as const
  return kind === 'api' ? [...common, 'requestParameters', 'responseElements', 'readOnly', 'managementEvent'] : common
}
const indexed = (kind: RecordKind) => filledFields(kind).map((name) => ({ name, index: fieldIndex[name] }))
const filledByKind: Readonly<Record<RecordKind, readonly { name: FieldName; index: number }[]>> = {
  api: indexed('api'),
  network: indexed('network'),
  insight: indexed('insight'),
  aggregated: indexed('aggregated'),
  activity: indexed('activity'),
  other: indexed('other'),
}

/**
 * The members to add to a new record, as JSON text by rank; undefined where nothing is missing. Only what follows from the
 * record, the configuration or the moment is filled in; never an address, an identity or a name.
 */
export function fillsFor(members: RecordMembers, basis: FillBasis): (string | undefined)[] | undefined {
  let fills: (string | undefined)[] | undefined
  for (const { name, index } of filledByKind[basis.kind]) {
    if (members.entries[index]! >= 0) continue
    fills ??= []
    fills[fieldOrder(basis.kind)[index]!] = `"${name}":${filling(name, members, basis)}`
  }
  return fills
}

function filling(name: FieldName, members: RecordMembers, basis: FillBasis): string {
  switch (name) {
    case 'eventVersion':
      return `"${eventVersion(basis.kind)}"`
    case 'awsRegion':
      return literalText(basis.region)
    case 'eventType':
      return literalText(typeByCategory[basis.category]!)
    case 'eventCategory':
      return literalText(basis.category)
    case 'eventTime':
      return `"${formatEventTime(basis.now)}"`
    case 'accountId':
    case 'recipientAccountId':
      return literalText(basis.account)
    case 'eventId':
    case 'eventID':
      return literalText(basis.givenId!)
    case 'readOnly':
      return String(looksReadOnly(members.string(fieldIndex.eventName) ?? ''))
    case 'managementEvent':
      return String(basis.category === 'Management')
    default:
      // requestParameters and responseElements are always there, as CloudTrail writes them.
      return 'null'
  }
}
