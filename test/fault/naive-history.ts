import type { Sequence, StoredEntry } from '@opentrail/core/event'

/** A record as anybody reads it; no code of the product's is used to judge what a lookup shows. */
export interface PlainRecord {
  readonly eventID: string
  readonly eventName: string
  readonly eventSource: string
  readonly eventTime: string
  readonly awsRegion: string
  readonly recipientAccountId: string
  readonly additionalEventData?: Readonly<Record<string, unknown>>
  readonly eventCategory: string
  readonly requestID: string
  readonly readOnly: boolean
  readonly userIdentity: { readonly type: string; readonly userName?: string; readonly accessKeyId?: string }
  readonly resources?: readonly { readonly type: string; readonly ARN: string }[]
}

export interface PlainEntry {
  readonly sequence: Sequence
  readonly text: string
  readonly record: PlainRecord
  readonly seconds: number
}

/** Entries of the archive do not change, and are looked at again and again. */
const known = new WeakMap<StoredEntry, PlainEntry>()

export function plain(entry: StoredEntry): PlainEntry {
  const before = known.get(entry)
  if (before) return before
  const text = Buffer.from(entry.record).toString()
  const record = JSON.parse(text) as PlainRecord
  const made = { sequence: entry.sequence, text, record, seconds: Date.parse(record.eventTime) / 1_000 }
  known.set(entry, made)
  return made
}

export interface Filter {
  readonly AttributeKey: string
  readonly AttributeValue: string
}

const readers: Readonly<Record<string, (record: PlainRecord) => readonly (string | undefined)[]>> = {
  EventId: (record) => [record.eventID],
  EventName: (record) => [record.eventName],
  EventSource: (record) => [record.eventSource],
  ReadOnly: (record) => [String(record.readOnly)],
  Username: ({ userIdentity }) => [userIdentity.type === 'Root' ? 'root' : userIdentity.userName],
  AccessKeyId: ({ userIdentity }) => [userIdentity.accessKeyId],
  ResourceName: ({ resources = [] }) => resources.map(({ ARN }) => ARN),
  ResourceType: ({ resources = [] }) => resources.map(({ type }) => type),
}

/** What LookupEvents has to show of `entries`: filtered and sorted, nothing more. Times in seconds. */
export const naiveLookup = (
  entries: readonly PlainEntry[],
  { filter, from, to }: { readonly filter: Filter | undefined; readonly from: number; readonly to: number },
): PlainEntry[] =>
  entries
    .filter(({ record }) => record.eventCategory === 'Management')
    .filter(({ seconds }) => seconds >= from && seconds <= to)
    .filter(({ record }) => !filter || readers[filter.AttributeKey]!(record).includes(filter.AttributeValue))
    .sort((a, b) => b.seconds - a.seconds || b.sequence - a.sequence)
