import type { StreamId } from '@opentrail/core/event'
import type { Abandoned } from './lane.ts'

/** What delivery tells its operator. */
export interface DeliveryEvents {
  delivered(file: {
    readonly stream: StreamId
    readonly bucket: string
    readonly bytes: number
    readonly count: number
  }): void
  /** `step` failed and is tried again. */
  failed(step: string, stream: StreamId, error: unknown): void
  abandoned(range: Abandoned): void
}
