import type { SelectableEvent } from '../selector/index.ts'

/** `userIdentity.invokedBy` of what CloudTrail, or OpenTrail, does itself. */
export const ownService = 'cloudtrail.amazonaws.com'

/**
 * Whether the event is about the service's own delivery: an object put into a bucket, or events put into a log group.
 * The record is parsed for these two calls alone. Source: CloudTrail API Reference, RecursiveLogging.
 */
export function isOwnDelivery(event: SelectableEvent): boolean {
  const { eventSource, eventName } = event
  const isDelivery =
    (eventName === 'PutObject' && eventSource === 's3.amazonaws.com') ||
    (eventName === 'PutLogEvents' && eventSource === 'logs.amazonaws.com')
  return isDelivery && event.details().invokedBy === ownService
}
