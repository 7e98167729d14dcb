import type { ApiEvent } from '@opentrail/core/api'
import { formatEventTime, parseEnvelope, streamParts, type StoredEntry } from '@opentrail/core/event'

/** A byte order mark would be part of the record, so it stays. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** An entry as the API shows it. What the record does not say is absent. */
export function apiEvent(entry: StoredEntry): ApiEvent {
  const { event, origin } = parseEnvelope(entry)
  const record = decoder.decode(entry.record)
  return {
    eventId: event.eventId,
    eventTime: formatEventTime(event.eventTime),
    eventName: event.eventName,
    eventSource: event.eventSource,
    category: event.category,
    ...(event.readOnly !== undefined && { readOnly: event.readOnly }),
    ...(event.username !== undefined && { username: event.username }),
    ...(event.accessKeyId !== undefined && { accessKeyId: event.accessKeyId }),
    ...textsOf(parsed(record)),
    resources: event.resources.map(({ type, name }) => ({ ...(type !== undefined && { type }), name })),
    place: {
      ...streamParts(entry.stream),
      sequence: entry.sequence,
      admittedAt: new Date(entry.admittedAt).toISOString(),
      origin,
      recordHash: Buffer.from(entry.recordHash).toString('hex'),
    },
    record,
  }
}

export type ParsedRecord = Readonly<Record<string, unknown>>

/** Empty where the record cannot be parsed: what the envelope says is shown all the same. */
export function parsed(record: string): ParsedRecord {
  try {
    const value: unknown = JSON.parse(record)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

function textsOf({ sourceIPAddress, errorCode }: ParsedRecord): Pick<ApiEvent, 'sourceIPAddress' | 'errorCode'> {
  return {
    ...(typeof sourceIPAddress === 'string' && { sourceIPAddress }),
    ...(typeof errorCode === 'string' && { errorCode }),
  }
}
