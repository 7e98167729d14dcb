import { hash } from 'node:crypto'
import type { NewEntry, Origin, Region } from '../event/index.ts'
import { defaultSelectors } from '../selector/index.ts'
import type { Place } from './global-service.ts'
import type { SelectingVersion } from './selecting-version.ts'

export const leadingRegion = 'us-east-1' as Region
export const region = 'eu-west-1' as Region
export const place: Place = { region, leadingRegion }
export const leadingPlace: Place = { region: leadingRegion, leadingRegion }

export interface TestEntry {
  readonly id?: string
  readonly configVersion?: number
  readonly changesConfig?: number
  readonly origin?: Origin
  readonly category?: string
  readonly readOnly?: boolean
  readonly eventSource?: string
  readonly eventName?: string
  readonly eventTime?: number
  /** Further members of the record. */
  readonly record?: Readonly<Record<string, unknown>>
}

/** An entry as admission makes it: a management write of EC2 unless told otherwise. */
export function entryOf(given: TestEntry = {}): NewEntry {
  const { id = 'event', eventSource = 'ec2.amazonaws.com', eventName = 'RunInstances', configVersion = 1 } = given
  const { changesConfig, category = 'Management', readOnly = false } = given
  const { origin = 'producer', eventTime = Date.UTC(2026, 2, 4, 12) } = given
  const record = Buffer.from(JSON.stringify({ eventSource, eventName, eventID: id, ...given.record }))
  const envelope = {
    version: 1,
    configVersion,
    ...(changesConfig !== undefined && { changesConfig }),
    origin,
    principal: 'arn:aws:iam::111122223333:user/shop',
    event: { eventId: id, eventTime, eventSource, eventName, category, readOnly, resources: [] },
  }
  return {
    idKey: hash('sha256', id, 'buffer').subarray(0, 16),
    recordHash: hash('sha256', record, 'buffer'),
    admittedAt: eventTime,
    envelope: Buffer.from(JSON.stringify(envelope)),
    record,
  }
}

/** A logging multi-Region trail with the default selectors, unless told otherwise. */
export const versionOf = (given: Partial<SelectingVersion> = {}): SelectingVersion => ({
  since: 1,
  isLogging: true,
  homeRegion: region,
  isMultiRegion: true,
  includesGlobalServiceEvents: true,
  isRecursive: true,
  selectors: defaultSelectors,
  ...given,
})

/** An object that CloudTrail's delivery put, as a data event of the bucket. */
export const ownPut = (given: TestEntry = {}): TestEntry => ({
  eventSource: 's3.amazonaws.com',
  eventName: 'PutObject',
  ...given,
  record: { userIdentity: { type: 'AWSService', invokedBy: 'cloudtrail.amazonaws.com' }, ...given.record },
})

export const tokenCall = (host: string | undefined): TestEntry => ({
  eventSource: 'sts.amazonaws.com',
  eventName: 'AssumeRole',
  record: host === undefined ? {} : { tlsDetails: { clientProvidedHostHeader: host } },
})
