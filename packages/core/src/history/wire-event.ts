import { parseEnvelope, type EventResource, type StoredEntry } from '../event/index.ts'

/** A byte order mark would be part of the record, so it stays. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** An `Event` of LookupEvents, as JSON. What the record does not have is absent, never null. */
export interface WireEvent {
  readonly EventId: string
  readonly EventName: string
  readonly ReadOnly?: 'true' | 'false'
  readonly AccessKeyId?: string
  /** Seconds since the epoch. */
  readonly EventTime: number
  readonly EventSource: string
  readonly Username?: string
  readonly Resources: readonly { readonly ResourceType?: string; readonly ResourceName: string }[]
  /** The record exactly as stored: the same bytes that log files carry, in the same key order. */
  readonly CloudTrailEvent: string
}

/** Source: AWS CloudTrail API Reference, Event. ReadOnly is a string there. */
export function toWireEvent(entry: StoredEntry): WireEvent {
  const { event } = parseEnvelope(entry)
  return {
    EventId: event.eventId,
    EventName: event.eventName,
    ...(event.readOnly !== undefined && { ReadOnly: event.readOnly ? 'true' : 'false' }),
    ...(event.accessKeyId !== undefined && { AccessKeyId: event.accessKeyId }),
    EventTime: event.eventTime / 1_000,
    EventSource: event.eventSource,
    ...(event.username !== undefined && { Username: event.username }),
    Resources: event.resources.map(toWireResource),
    CloudTrailEvent: decoder.decode(entry.record),
  }
}

const toWireResource = ({ type, name }: EventResource) => ({
  ...(type !== undefined && { ResourceType: type }),
  ResourceName: name,
})
