import type { ApiClient } from './client.ts'

/** CloudTrail's own operations on trails, as AWS's console calls them: AWS JSON 1.1. Members have the names of the wire. */
export interface Trail {
  readonly Name: string
  readonly TrailARN: string
  readonly HomeRegion: string
  readonly S3BucketName: string
  readonly S3KeyPrefix?: string
  readonly SnsTopicARN?: string
  readonly KmsKeyId?: string
  readonly IncludeGlobalServiceEvents: boolean
  readonly IsMultiRegionTrail: boolean
  readonly IsOrganizationTrail?: boolean
  readonly LogFileValidationEnabled: boolean
  readonly HasCustomEventSelectors?: boolean
  readonly RecursiveLogging?: boolean
}

/** Of one Region. Times in seconds since the epoch; the members that end in `Attempt...` are ISO texts, empty for never. */
export interface TrailStatus {
  readonly IsLogging: boolean
  readonly LatestDeliveryError?: string
  readonly LatestDeliveryTime?: number
  readonly LatestDeliveryAttemptTime?: string
  readonly LatestNotificationError?: string
  readonly LatestNotificationTime?: number
  readonly LatestDigestDeliveryError?: string
  readonly LatestDigestDeliveryTime?: number
  readonly LatestCloudWatchLogsDeliveryError?: string
  readonly LatestCloudWatchLogsDeliveryTime?: number
  readonly StartLoggingTime?: number
  readonly StopLoggingTime?: number
}

export interface EventSelector {
  readonly ReadWriteType?: 'All' | 'ReadOnly' | 'WriteOnly'
  readonly IncludeManagementEvents?: boolean
  readonly DataResources?: readonly { readonly Type: string; readonly Values: readonly string[] }[]
  readonly ExcludeManagementEventSources?: readonly string[]
}

export const selectorOperators = [
  'Equals',
  'NotEquals',
  'StartsWith',
  'NotStartsWith',
  'EndsWith',
  'NotEndsWith',
] as const
export type SelectorOperator = (typeof selectorOperators)[number]

export interface FieldSelector extends Partial<Readonly<Record<SelectorOperator, readonly string[]>>> {
  readonly Field: string
}
export interface AdvancedEventSelector {
  readonly Name?: string
  readonly FieldSelectors: readonly FieldSelector[]
}

/** One of the two. */
export interface TrailSelectors {
  readonly EventSelectors?: readonly EventSelector[]
  readonly AdvancedEventSelectors?: readonly AdvancedEventSelector[]
}

/** Members of CreateTrail and UpdateTrail; an empty text takes a setting away. */
export interface TrailSettings {
  readonly Name: string
  readonly S3BucketName?: string
  readonly S3KeyPrefix?: string
  readonly SnsTopicName?: string
  readonly KmsKeyId?: string
  readonly IncludeGlobalServiceEvents?: boolean
  readonly IsMultiRegionTrail?: boolean
  readonly EnableLogFileValidation?: boolean
}

interface Operations {
  readonly DescribeTrails: readonly [input: object, output: { readonly trailList: readonly Trail[] }]
  readonly GetTrailStatus: readonly [input: { readonly Name: string }, output: TrailStatus]
  readonly GetEventSelectors: readonly [input: { readonly TrailName: string }, output: TrailSelectors]
  readonly PutEventSelectors: readonly [input: { readonly TrailName: string } & TrailSelectors, output: object]
  readonly CreateTrail: readonly [input: TrailSettings, output: { readonly TrailARN: string }]
  readonly UpdateTrail: readonly [input: TrailSettings, output: { readonly TrailARN: string }]
  readonly DeleteTrail: readonly [input: { readonly Name: string }, output: object]
  readonly StartLogging: readonly [input: { readonly Name: string }, output: object]
  readonly StopLogging: readonly [input: { readonly Name: string }, output: object]
}
export type TrailOperation = keyof Operations

/** Changes are taken in the trail's home Region only. @throws {ApiFailure} */
export async function callTrails<Name extends TrailOperation>(
  client: Pick<ApiClient, 'call'>,
  operation: Name,
  input: Operations[Name][0],
  { region, signal }: { readonly region?: string; readonly signal?: AbortSignal } = {},
): Promise<Operations[Name][1]> {
  const answer = await client.call(
    {
      method: 'POST',
      path: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.${operation}`,
      },
      body: JSON.stringify(input),
      ...(region !== undefined && { region }),
    },
    signal,
  )
  return (await answer.json()) as Operations[Name][1]
}
