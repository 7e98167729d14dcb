import type { AccountId, Region } from '../event/index.ts'
import type { TrailSelectors } from '../selector/index.ts'
import { trailTopicArn } from './trail-arn.ts'

/** What CreateTrail and UpdateTrail set. Absent: not set; there are no empty strings. */
export interface TrailSettings {
  readonly bucket: string
  /** The folder that keys begin with, without slashes at its ends. */
  readonly keyPrefix?: string
  /** The prefix as sent, where it is not `keyPrefix` itself: with slashes at its ends. Answers repeat it. */
  readonly sentKeyPrefix?: string
  /** Where each log file is announced: a topic's name, or its ARN, as sent. */
  readonly topic?: string
  /** What log files, digests and manifests are encrypted under: as sent while a change is planned, the key's ARN once it is saved. */
  readonly encryptionKey?: string
  readonly isMultiRegion: boolean
  readonly includesGlobalServiceEvents: boolean
  readonly validatesLogFiles: boolean
  /** False drops the records of OpenTrail's own deliveries. */
  readonly isRecursive: boolean
}

export interface Tag {
  readonly key: string
  /** Absent: the tag was given without a value. */
  readonly value?: string
}

/** A trail in its home Region; elsewhere the same object is shown as a shadow trail. */
export interface Trail {
  /** A name can be used again after DeleteTrail; this never is. */
  readonly id: string
  readonly account: AccountId
  readonly homeRegion: Region
  readonly name: string
  readonly settings: TrailSettings
  readonly selectors: TrailSelectors
  /** PutEventSelectors has been called. */
  readonly hasCustomSelectors: boolean
  readonly tags: readonly Tag[]
  readonly isLogging: boolean
  /** Of the latest StartLogging and StopLogging, ms since the epoch; each stays when the other comes. */
  readonly startedAt?: number
  readonly stoppedAt?: number
  readonly createdAt: number
}

/**
 * What a trail takes from configuration version `since` on, until its next version. The last one of a deleted trail takes
 * nothing. Kept until every delivery cursor has passed.
 */
export interface TrailVersion {
  readonly trailId: string
  readonly since: number
  readonly account: AccountId
  readonly name: string
  readonly isLogging: boolean
  readonly homeRegion: Region
  readonly isMultiRegion: boolean
  readonly includesGlobalServiceEvents: boolean
  readonly isRecursive: boolean
  readonly selectors: TrailSelectors
  /** Where what is left of a deleted trail goes. */
  readonly bucket: string
  readonly keyPrefix?: string
  readonly topicArn?: string
  /** ARN of the key. */
  readonly encryptionKey?: string
}

export const trailVersion = (trail: Trail, since: number): TrailVersion => ({
  trailId: trail.id,
  since,
  account: trail.account,
  name: trail.name,
  isLogging: trail.isLogging,
  homeRegion: trail.homeRegion,
  isMultiRegion: trail.settings.isMultiRegion,
  includesGlobalServiceEvents: trail.settings.includesGlobalServiceEvents,
  isRecursive: trail.settings.isRecursive,
  selectors: trail.selectors,
  bucket: trail.settings.bucket,
  ...(trail.settings.keyPrefix !== undefined && { keyPrefix: trail.settings.keyPrefix }),
  ...topicOf(trail),
  ...(trail.settings.encryptionKey !== undefined && { encryptionKey: trail.settings.encryptionKey }),
})

function topicOf(trail: Trail): Pick<TrailVersion, 'topicArn'> {
  const topicArn = trailTopicArn(trail)
  return topicArn === undefined ? {} : { topicArn }
}

/** Acts in this Region: its own, or every one. */
export const coversRegion = (
  { homeRegion, isMultiRegion }: Pick<TrailVersion, 'homeRegion' | 'isMultiRegion'>,
  region: Region,
): boolean => isMultiRegion || homeRegion === region
