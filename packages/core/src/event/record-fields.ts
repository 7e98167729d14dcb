import { NameTable } from './name-table.ts'

export type FieldType = 'string' | 'boolean' | 'object' | 'array' | 'object or null'

interface FieldRule {
  readonly type: FieldType
  /** Longest content of a string, largest JSON text of an object, in bytes. */
  readonly cap?: number
}

const string: FieldRule = { type: 'string' }
const object: FieldRule = { type: 'object' }
const boolean: FieldRule = { type: 'boolean' }
/** Cut at the cap. CloudTrail does not publish how it counts; bytes of the UTF-8 JSON text are counted here. */
const shortString: FieldRule = { type: 'string', cap: 1024 }
const parametersBytesMax = 100 * 1024
const additionalBytesMax = 28 * 1024

/**
 * Top-level fields in the order in which CloudTrail writes them (AWS CloudTrail User Guide, "CloudTrail record contents";
 * the order is what delivered log files show). Chosen here, because no delivered file shows them: `annotation` before the
 * kind-specific details, `addendum` and `edgeDeviceDetails` behind them, as in the schema of event data stores.
 * `insightDetails` stands where Insights records have it. `eventContext` is the last one; unknown keys follow it in the
 * order in which they came.
 */
const apiFields = {
  eventVersion: string,
  userIdentity: object,
  eventTime: string,
  eventSource: string,
  eventName: string,
  awsRegion: string,
  sourceIPAddress: string,
  userAgent: shortString,
  errorCode: shortString,
  errorMessage: shortString,
  requestParameters: { type: 'object or null', cap: parametersBytesMax },
  responseElements: { type: 'object or null', cap: parametersBytesMax },
  additionalEventData: { type: 'object', cap: additionalBytesMax },
  requestID: shortString,
  eventID: string,
  readOnly: boolean,
  resources: { type: 'array' },
  eventType: string,
  apiVersion: string,
  managementEvent: boolean,
  recipientAccountId: string,
  sharedEventID: string,
  annotation: string,
  serviceEventDetails: { type: 'object', cap: parametersBytesMax },
  vpcEndpointId: string,
  vpcEndpointAccountId: string,
  addendum: object,
  edgeDeviceDetails: { type: 'object', cap: additionalBytesMax },
  insightDetails: object,
  eventCategory: string,
  tlsDetails: object,
  sessionCredentialFromConsole: string,
  eventContext: object,
} as const satisfies Record<string, FieldRule>

/** Only in aggregated and in external events, which have an order of their own. */
const otherFields = {
  accountId: string,
  eventId: string,
  timeWindow: object,
  summary: object,
  metadata: object,
  eventData: object,
} as const satisfies Record<string, FieldRule>

export type FieldName = keyof typeof apiFields | keyof typeof otherFields

const rules: Readonly<Record<FieldName, FieldRule>> = { ...apiFields, ...otherFields }
export const fieldNames = Object.keys(rules) as readonly FieldName[]
export const fieldTypes = fieldNames.map((name) => rules[name].type)
export const fieldTable = new NameTable(fieldNames)
export const fieldIndex = Object.fromEntries(fieldNames.map((name, index) => [name, index])) as Record<
  FieldName,
  number
>
export const cappedFields = fieldNames.flatMap((name) => {
  const { cap } = rules[name]
  return cap === undefined ? [] : [{ name, index: fieldIndex[name], cap }]
})

/**
 * What decides which fields a record needs. `api`: calls, service events, sign-ins; `other`: categories that CloudTrail
 * keeps in event data stores only (configuration items, evidence) and, from imports, any other.
 */
export type RecordKind = 'api' | 'network' | 'insight' | 'aggregated' | 'activity' | 'other'

const categoryByType = new Map(
  Object.entries({
    AwsVpceEvent: 'NetworkActivity',
    AwsVpceEvents: 'NetworkActivity',
    AwsCloudTrailInsight: 'Insight',
    AwsAggregatedEvent: 'Aggregated',
    ActivityLog: 'ActivityAuditLog',
    AwsConfigurationItem: 'ConfigurationItem',
    AwsAuditManagerEvidence: 'Evidence',
  }),
)
const kindByCategory: Readonly<Record<string, RecordKind>> = {
  Management: 'api',
  Data: 'api',
  NetworkActivity: 'network',
  Insight: 'insight',
  Aggregated: 'aggregated',
  ActivityAuditLog: 'activity',
  ConfigurationItem: 'other',
  Evidence: 'other',
}
/** The documentation lists `AwsVpceEvents`, its examples say `AwsVpceEvent`: both are taken, the latter is filled in. */
export const typeByCategory: Readonly<Record<string, string>> = {
  Management: 'AwsApiCall',
  Data: 'AwsApiCall',
  NetworkActivity: 'AwsVpceEvent',
  Insight: 'AwsCloudTrailInsight',
  Aggregated: 'AwsAggregatedEvent',
  ActivityAuditLog: 'ActivityLog',
  ConfigurationItem: 'AwsConfigurationItem',
  Evidence: 'AwsAuditManagerEvidence',
}
export const eventTypes: ReadonlySet<string> = new Set([
  'AwsApiCall',
  'AwsServiceEvent',
  'AwsConsoleAction',
  'AwsConsoleSignIn',
  ...categoryByType.keys(),
])
export const eventCategories: ReadonlySet<string> = new Set(Object.keys(kindByCategory))

/** The category of a record that names none: records older than event version 1.07 did not. */
export function impliedCategory(eventType: string | undefined, managementEvent: boolean | undefined): string {
  const byType = eventType === undefined ? undefined : categoryByType.get(eventType)
  return byType ?? (managementEvent === false ? 'Data' : 'Management')
}
export const recordKind = (category: string): RecordKind =>
  Object.hasOwn(kindByCategory, category) ? kindByCategory[category]! : 'other'

const order = (names: readonly FieldName[]): Uint8Array => {
  const ranks = new Uint8Array(fieldNames.length).fill(unranked)
  for (const [rank, name] of names.entries()) ranks[fieldIndex[name]] = rank
  return ranks
}
/** Rank of fields that a kind does not know; they follow in the order in which they came. */
export const unranked = 255
export const rankCount = fieldNames.length
const apiOrder = order(Object.keys(apiFields) as FieldName[])
const aggregatedOrder = order([
  'eventVersion',
  'accountId',
  'eventId',
  'eventCategory',
  'eventType',
  'awsRegion',
  'eventSource',
  'timeWindow',
  'summary',
])
const activityOrder = order(
  // prettier-ignore
  ['eventVersion', 'eventCategory', 'eventType', 'eventID', 'eventTime', 'awsRegion', 'recipientAccountId', 'addendum', 'metadata', 'eventData'],
)
/** Per field index its place in a record of this kind. */
export const fieldOrder = (kind: RecordKind): Uint8Array =>
  kind === 'aggregated' ? aggregatedOrder : kind === 'activity' ? activityOrder : apiOrder
