import { trailArn, trailTopicArn } from './trail-arn.ts'
import type { Tag, Trail } from './trail.ts'

/** A trail's settings under their wire names, as CreateTrail and UpdateTrail answer them. What is not set is absent. */
export function wireSettings(trail: Trail) {
  const { settings } = trail
  const { bucket, topic, isMultiRegion, includesGlobalServiceEvents, validatesLogFiles, isRecursive, encryptionKey } =
    settings
  const keyPrefix = settings.sentKeyPrefix ?? settings.keyPrefix
  return {
    Name: trail.name,
    S3BucketName: bucket,
    ...(keyPrefix !== undefined && { S3KeyPrefix: keyPrefix }),
    ...(topic !== undefined && { SnsTopicName: topic, SnsTopicARN: trailTopicArn(trail) }),
    IncludeGlobalServiceEvents: includesGlobalServiceEvents,
    IsMultiRegionTrail: isMultiRegion,
    TrailARN: trailArn(trail),
    LogFileValidationEnabled: validatesLogFiles,
    ...(encryptionKey !== undefined && { KmsKeyId: encryptionKey }),
    IsOrganizationTrail: false,
    RecursiveLogging: isRecursive,
  }
}

/** The structure `Trail` of GetTrail and DescribeTrails: the same in the home Region and for its shadows. */
export const wireTrail = (trail: Trail) => ({
  ...wireSettings(trail),
  HomeRegion: trail.homeRegion,
  HasCustomEventSelectors: trail.hasCustomSelectors,
  HasInsightSelectors: false,
})

/** The structure `TrailInfo` of ListTrails. */
export const wireTrailInfo = (trail: Trail) => ({
  TrailARN: trailArn(trail),
  Name: trail.name,
  HomeRegion: trail.homeRegion,
})

/** What GetEventSelectors and PutEventSelectors answer: the kind in use, and not the other. */
export const wireSelectors = ({ selectors, ...trail }: Trail) => ({
  TrailARN: trailArn(trail),
  ...(selectors.kind === 'basic'
    ? { EventSelectors: selectors.selectors }
    : { AdvancedEventSelectors: selectors.selectors }),
})

export const wireTag = ({ key, value }: Tag) => ({ Key: key, ...(value !== undefined && { Value: value }) })
