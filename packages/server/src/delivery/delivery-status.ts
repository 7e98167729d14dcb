import type { Region } from '@opentrail/core/event'

/** How a trail's delivery stands in one Region. Times in domain ms. */
export interface DeliveryStatus {
  /** Of the newest file that is in the bucket. */
  readonly latestDeliveryAt?: number
  readonly latestAttemptAt?: number
  /** The S3 code of the latest attempt where it failed, for example `NoSuchBucket`. */
  readonly latestError?: string
  /** The same of digests. */
  readonly latestDigestAt?: number
  readonly latestDigestError?: string
  /** The same of notifications: the code is SNS's. */
  readonly latestNotificationAt?: number
  readonly latestNotificationAttemptAt?: number
  readonly latestNotificationError?: string
}

/** What operations ask of delivery. */
export interface DeliveryReader {
  status(trailId: string, region: Region): DeliveryStatus
}
