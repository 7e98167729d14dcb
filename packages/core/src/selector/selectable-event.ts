import type { RoutingFields } from '../event/index.ts'

/**
 * What selection needs of an event. The cheap half comes from the envelope; `details()` is asked only where a selector
 * needs it and may parse the record (once).
 */
export interface SelectableEvent {
  readonly category: string
  /** An event that does not say counts as a write (`isRead`). */
  readonly readOnly: boolean | undefined
  readonly eventSource: string
  readonly eventName: string
  details(): EventDetails
}

/** What only the record tells. Members that the record lacks, or has with another JSON type, are absent. */
export interface EventDetails {
  readonly eventType?: string
  readonly userIdentityArn?: string
  readonly vpcEndpointId?: string
  readonly errorCode?: string
  /** True or absent: CloudTrail never writes a false one. */
  readonly sessionCredentialFromConsole?: boolean
  /** `userIdentity.invokedBy`: the service that made the call for somebody. */
  readonly invokedBy?: string
  /** The record's own list. A resource that the record gives as `ARNPrefix` (listings of a bucket) has that as its ARN. */
  readonly resources: readonly EventDetailResource[]
}
export interface EventDetailResource {
  readonly type?: string
  readonly arn?: string
}

/**
 * From the envelope's routing fields and the record's bytes. The record is parsed at the first `details()` and never again;
 * one that cannot be parsed has no details.
 */
export function selectableEvent(routing: RoutingFields, record: Uint8Array): SelectableEvent {
  return new LazyEvent(routing, record)
}

/** Both kinds of selectors judge by this. Admission sets `readOnly` wherever it can be known, so what lacks it is rare. */
export const isRead = (event: SelectableEvent): boolean => event.readOnly === true

class LazyEvent implements SelectableEvent {
  readonly category: string
  readonly readOnly: boolean | undefined
  readonly eventSource: string
  readonly eventName: string
  #record: Uint8Array | undefined
  #details: EventDetails = noDetails

  constructor({ category, readOnly, eventSource, eventName }: RoutingFields, record: Uint8Array) {
    this.category = category
    this.readOnly = readOnly
    this.eventSource = eventSource
    this.eventName = eventName
    this.#record = record
  }

  details(): EventDetails {
    if (this.#record) {
      this.#details = readDetails(this.#record)
      this.#record = undefined
    }
    return this.#details
  }
}

const noDetails: EventDetails = { resources: [] }

function readDetails(bytes: Uint8Array): EventDetails {
  let record: JsonObject | undefined
  try {
    record = asObject(JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()))
  } catch {
    // Admission lets no such record in; whoever reads an old journal still gets the events that the envelope can tell.
    return noDetails
  }
  if (!record) return noDetails
  const identity = asObject(own(record, 'userIdentity'))
  const details: Mutable<EventDetails> = { resources: readResources(own(record, 'resources')) }
  const eventType = text(record, 'eventType')
  const userIdentityArn = identity && text(identity, 'arn')
  const invokedBy = identity && text(identity, 'invokedBy')
  const vpcEndpointId = text(record, 'vpcEndpointId')
  const errorCode = text(record, 'errorCode')
  const fromConsole = own(record, 'sessionCredentialFromConsole')
  if (eventType !== undefined) details.eventType = eventType
  if (userIdentityArn !== undefined) details.userIdentityArn = userIdentityArn
  if (invokedBy !== undefined) details.invokedBy = invokedBy
  if (vpcEndpointId !== undefined) details.vpcEndpointId = vpcEndpointId
  if (errorCode !== undefined) details.errorCode = errorCode
  // A string in CloudTrail's records; producers write a boolean now and then.
  if (fromConsole === 'true' || fromConsole === true) details.sessionCredentialFromConsole = true
  return details
}

function readResources(list: unknown): EventDetailResource[] {
  const resources: EventDetailResource[] = []
  if (!Array.isArray(list)) return resources
  for (const item of list) {
    const resource = asObject(item)
    if (!resource) continue
    const type = text(resource, 'type')
    const arn = text(resource, 'ARN') ?? text(resource, 'ARNPrefix')
    resources.push({ ...(type !== undefined && { type }), ...(arn !== undefined && { arn }) })
  }
  return resources
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type JsonObject = Readonly<Record<string, unknown>>

const asObject = (value: unknown): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
const own = (object: JsonObject, name: string): unknown => (Object.hasOwn(object, name) ? object[name] : undefined)
function text(object: JsonObject, name: string): string | undefined {
  const value = own(object, name)
  return typeof value === 'string' ? value : undefined
}
