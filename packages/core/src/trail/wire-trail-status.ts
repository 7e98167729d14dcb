import { formatEventTime } from '../event/index.ts'
import type { Trail } from './trail.ts'

/** How delivery stands in the Region asked about; times in ms since the epoch. */
export interface RegionalDelivery {
  /** Of the newest log file in the bucket. */
  readonly latestDeliveryAt?: number
  readonly latestAttemptAt?: number
  /** S3's code, while the latest attempt has failed. */
  readonly latestError?: string
  /** Of the newest digest in the bucket. */
  readonly latestDigestAt?: number
  readonly latestDigestError?: string
  /** Of the newest file that was announced. */
  readonly latestNotificationAt?: number
  readonly latestNotificationAttemptAt?: number
  /** SNS's code, while the latest attempt has failed. */
  readonly latestNotificationError?: string
}

const seconds = (milliseconds: number) => milliseconds / 1_000
/** The members of CloudTrail's first days hold texts, empty for "never". */
const legacyTime = (milliseconds: number | undefined) =>
  milliseconds === undefined ? '' : formatEventTime(milliseconds)

/** GetTrailStatus's answer for one Region. Source: recorded answers; the API reference calls the texts unused. */
export function wireTrailStatus(
  trail: Pick<Trail, 'isLogging' | 'startedAt' | 'stoppedAt'>,
  delivery: RegionalDelivery,
) {
  const { isLogging, startedAt, stoppedAt } = trail
  const { latestDeliveryAt, latestAttemptAt, latestError, latestDigestAt, latestDigestError } = delivery
  const { latestNotificationAt, latestNotificationAttemptAt, latestNotificationError } = delivery
  return {
    IsLogging: isLogging,
    ...(latestError !== undefined && { LatestDeliveryError: latestError }),
    ...(latestDeliveryAt !== undefined && { LatestDeliveryTime: seconds(latestDeliveryAt) }),
    ...(latestNotificationError !== undefined && { LatestNotificationError: latestNotificationError }),
    ...(latestNotificationAt !== undefined && { LatestNotificationTime: seconds(latestNotificationAt) }),
    ...(latestDigestError !== undefined && { LatestDigestDeliveryError: latestDigestError }),
    ...(latestDigestAt !== undefined && { LatestDigestDeliveryTime: seconds(latestDigestAt) }),
    ...(startedAt !== undefined && { StartLoggingTime: seconds(startedAt) }),
    ...(stoppedAt !== undefined && { StopLoggingTime: seconds(stoppedAt) }),
    LatestDeliveryAttemptTime: legacyTime(latestAttemptAt),
    LatestNotificationAttemptTime: legacyTime(latestNotificationAttemptAt),
    LatestNotificationAttemptSucceeded: legacyTime(latestNotificationAt),
    LatestDeliveryAttemptSucceeded: legacyTime(latestDeliveryAt),
    TimeLoggingStarted: legacyTime(startedAt),
    TimeLoggingStopped: legacyTime(stoppedAt),
  }
}
