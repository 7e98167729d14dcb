import { parseEnvelope, type Envelope, type StoredEntry } from '@opentrail/core/event'
import type { AdvancedFieldSelector, EventSelector } from '@opentrail/core/selector'
import type { Trail } from '@opentrail/core/trail'
import { plain, type PlainRecord } from './naive-history.ts'

/** A trail as it was from a configuration version on; undefined: there was none. */
export interface TrailSince {
  readonly since: number
  readonly trail: Trail | undefined
}

const envelopes = new WeakMap<StoredEntry, Envelope>()
export function envelopeOf(entry: StoredEntry): Envelope {
  let known = envelopes.get(entry)
  if (!known) envelopes.set(entry, (known = parseEnvelope(entry)))
  return known
}

/** Whether a trail that changed as `history` says, oldest first, has the entry in its log files. */
export function naiveSelects(history: readonly TrailSince[], entry: StoredEntry): boolean {
  const { configVersion, changesConfig } = envelopeOf(entry)
  const judges = changesConfig === undefined ? [configVersion] : [changesConfig, changesConfig - 1]
  return judges.some((version) => {
    const trail = history.findLast(({ since }) => since <= version)?.trail
    return trail !== undefined && takes(trail, plain(entry).record)
  })
}

function takes(trail: Trail, record: PlainRecord): boolean {
  if (!trail.isLogging || trail.account !== record.recipientAccountId) return false
  if (!trail.settings.isMultiRegion && trail.homeRegion !== record.awsRegion) return false
  if (trail.selectors.kind === 'basic') return trail.selectors.selectors.some((selector) => basic(selector, record))
  return trail.selectors.selectors.some(({ FieldSelectors }) =>
    FieldSelectors.every((field) => advanced(field, record)),
  )
}

function basic(selector: EventSelector, record: PlainRecord): boolean {
  if (selector.ReadWriteType === 'ReadOnly' && !record.readOnly) return false
  if (selector.ReadWriteType === 'WriteOnly' && record.readOnly) return false
  if (record.eventCategory === 'Management')
    return selector.IncludeManagementEvents && !selector.ExcludeManagementEventSources.includes(record.eventSource)
  if (record.eventCategory !== 'Data') return false
  return selector.DataResources.some(({ Type, Values }) =>
    (record.resources ?? []).some(({ type, ARN }) => type === Type && Values.some((value) => ARN.startsWith(value))),
  )
}

/** The workload names one resource per data event at most, so that fields of resources can be judged one by one. */
function advanced({ Field, Equals, NotEquals, StartsWith }: AdvancedFieldSelector, record: PlainRecord): boolean {
  const [resource] = record.resources ?? []
  const values: Readonly<Record<string, string | undefined>> = {
    eventCategory: record.eventCategory,
    readOnly: String(record.readOnly),
    eventSource: record.eventSource,
    eventName: record.eventName,
    'resources.type': resource?.type,
    'resources.ARN': resource?.ARN,
  }
  const value = values[Field]
  if (Equals) return value !== undefined && Equals.includes(value)
  if (StartsWith) return value !== undefined && StartsWith.some((start) => value.startsWith(start))
  return NotEquals !== undefined && (value === undefined || !NotEquals.includes(value))
}
