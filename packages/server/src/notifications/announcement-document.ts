import type { StreamId } from '@opentrail/core/event'

/** How far the files of a lane (one trail's way through one stream) have been announced. */
export interface AnnouncementDocument {
  readonly trailId: string
  readonly stream: StreamId
  /** Every ledger entry up to here has been announced, or was not to be. */
  readonly ordinal: number
  readonly latestNotificationAt?: number
  readonly latestNotificationAttemptAt?: number
  /** SNS's code, while the latest attempt has failed. */
  readonly latestNotificationError?: string
}

export const announcementsPrefix = 'notifications/lane/'
export const announcementKey = (trailId: string, stream: StreamId): string =>
  `${announcementsPrefix}${trailId}/${stream}`
