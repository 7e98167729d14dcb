import type { Role } from '../accounts/index.ts'
import { ApiError } from '../api-error/index.ts'
import type { Operation } from './operation.ts'

/** An operation of the API, built or not: data for dispatch, throttling and the documentation. */
export interface OperationEntry {
  readonly name: string
  /** The IAM action that guards it. */
  readonly action: string
  readonly readOnly: boolean
  readonly roles: readonly Role[]
  /** AWS's published quota, calls per second per account and Region; absent where none is published. */
  readonly callsPerSecond?: number
}

/** Names by published quota, as the CloudTrail User Guide lists them ("Quotas in AWS CloudTrail"). */
const namesByQuota: readonly (readonly [callsPerSecond: number | undefined, names: string])[] = [
  [
    1,
    `AddTags RemoveTags CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging PutEventSelectors
    PutInsightSelectors PutResourcePolicy DeleteResourcePolicy CreateEventDataStore UpdateEventDataStore
    DeleteEventDataStore RestoreEventDataStore StartEventDataStoreIngestion StopEventDataStoreIngestion
    EnableFederation DisableFederation CreateChannel UpdateChannel DeleteChannel StartImport StopImport
    CreateDashboard UpdateDashboard DeleteDashboard StartDashboardRefresh ListInsightsMetricData`,
  ],
  [2, 'LookupEvents ListInsightsData'],
  [3, 'StartQuery CancelQuery'],
  [
    10,
    `GetTrail DescribeTrails ListTrails GetTrailStatus ListPublicKeys ListTags GetEventSelectors GetInsightSelectors
    GetResourcePolicy GetEventDataStore ListEventDataStores DescribeQuery GetQueryResults ListQueries
    SearchSampleQueries GetChannel ListChannels GetDashboard ListDashboards GetImport ListImports ListImportFailures
    RegisterOrganizationDelegatedAdmin DeregisterOrganizationDelegatedAdmin`,
  ],
  [undefined, 'GetEventConfiguration PutEventConfiguration GenerateQuery'],
]

/** What this version does itself; the rest of the table is known by name. */
export const builtOperations: readonly string[] = (
  'AddTags CreateTrail DeleteTrail DescribeTrails GetEventSelectors GetTrail GetTrailStatus ListPublicKeys ListTags ' +
  'ListTrails LookupEvents PutEventSelectors RemoveTags StartLogging StopLogging UpdateTrail'
).split(' ')

/** What CloudTrail itself records as read-only. */
const readOnlyName = /^(?:Get|Describe|List|Lookup|Search)/

/** The 60 operations of service `cloudtrail` (API version 2013-11-01), by name. */
export const cloudTrailOperations: readonly OperationEntry[] = namesByQuota
  .flatMap(([callsPerSecond, names]) => names.split(/\s+/).map((name) => entry(name, callsPerSecond)))
  .sort((a, b) => (a.name < b.name ? -1 : 1))

function entry(name: string, callsPerSecond: number | undefined): OperationEntry {
  const readOnly = readOnlyName.test(name)
  // ListInsightsMetricData has no action of its own in IAM.
  const action = `cloudtrail:${name === 'ListInsightsMetricData' ? 'LookupEvents' : name}`
  const roles: readonly Role[] = readOnly ? ['administrator', 'auditor'] : ['administrator']
  return { name, action, readOnly, roles, ...(callsPerSecond !== undefined && { callsPerSecond }) }
}

/** The one operation of service `cloudtrail-data` (API version 2021-08-11). */
export const putAuditEventsEntry: OperationEntry = {
  name: 'PutAuditEvents',
  action: 'cloudtrail-data:PutAuditEvents',
  readOnly: false,
  roles: ['administrator', 'producer'],
  callsPerSecond: 100,
}

export interface OperationRegistry {
  /** Also finds operations that are not built: they answer UnsupportedOperationException, after the access checks. */
  find(name: string): Operation | undefined
  list(): readonly (OperationEntry & { readonly built: boolean })[]
}

/** @throws {TypeError} an operation that the API does not have, or one given twice. */
export function createOperationRegistry(built: readonly Operation[]): OperationRegistry {
  const operations = new Map<string, Operation>(cloudTrailOperations.map((each) => [each.name, notBuilt(each)]))
  const builtNames = new Set<string>()
  for (const operation of built) {
    if (!operations.has(operation.name) || builtNames.has(operation.name)) {
      throw new TypeError(`${operation.name} is not an operation of CloudTrail, or is given twice`)
    }
    operations.set(operation.name, operation)
    builtNames.add(operation.name)
  }
  return {
    find: (name) => operations.get(name),
    list: () => cloudTrailOperations.map((each) => ({ ...each, built: builtNames.has(each.name) })),
  }
}

export function notBuilt({ name, action, readOnly, roles }: OperationEntry): Operation {
  const message = `The operation ${name} is not built in this version of OpenTrail.`
  return {
    name,
    action,
    readOnly,
    roles,
    handle: () => Promise.reject(new ApiError('UnsupportedOperationException', message)),
  }
}
