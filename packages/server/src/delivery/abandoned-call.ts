import { streamParts } from '@opentrail/core/event'
import { uuid, type Random } from '../clock/index.ts'
import type { ApiCall } from '../selftrail/index.ts'
import type { Abandoned } from './lane.ts'

const service = 'cloudtrail.amazonaws.com'

/** The event that says which entries no log file will hold. Its name is ours: CloudTrail writes nothing down then. */
export function abandonedCall({ trailArn, stream, from, to, count, reason }: Abandoned, random: Random): ApiCall {
  const { account, region } = streamParts(stream)
  return {
    identity: { kind: 'service', account, invokedBy: service },
    region,
    eventSource: service,
    eventName: 'AbandonDelivery',
    readOnly: false,
    requestId: uuid(random),
    sourceIPAddress: service,
    userAgent: service,
    additionalEventData: { trailARN: trailArn, after: from, to, events: count, reason },
  }
}
