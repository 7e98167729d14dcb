import type { EventResource, RoutingFields } from './envelope.ts'
import type { JsonOutline } from './json-outline.ts'
import { childOf, childString } from './record-members.ts'
import { fieldIndex } from './record-fields.ts'
import type { RecordMembers } from './record-members.ts'
import { lookupValue, readResources } from './resources.ts'

/** What admission knows already when it asks for the routing fields. */
export interface RoutingBasis {
  readonly eventId: string
  readonly eventTime: number
  readonly category: string
  readonly readOnly: boolean | undefined
}

const noResources: readonly EventResource[] = []

/** Reads the routing fields off a scanned record whose secrets are out already. */
export function readRouting(members: RecordMembers, basis: RoutingBasis): RoutingFields {
  const { outline } = members
  // Insights name the call in question, external events the real one, one level down.
  const inner = innerEvent(members)
  const eventSource = lookupValue(
    members.string(fieldIndex.eventSource) ?? childString(outline, inner, 'eventSource') ?? '',
  )
  const eventName = lookupValue(members.string(fieldIndex.eventName) ?? childString(outline, inner, 'eventName') ?? '')
  const topIdentity = members.object(fieldIndex.userIdentity)
  const identity = topIdentity >= 0 ? topIdentity : childOf(outline, inner, 'userIdentity')
  const username = identity >= 0 ? readUsername(outline, identity) : undefined
  const accessKeyId = childString(outline, identity, 'accessKeyId')
  const resources = eventSource === '' ? noResources : readResources(members, eventSource, eventName)
  const fields: Mutable<RoutingFields> = {
    eventId: basis.eventId,
    eventTime: basis.eventTime,
    eventSource,
    eventName,
    category: lookupValue(basis.category),
    resources,
  }
  if (basis.readOnly !== undefined) fields.readOnly = basis.readOnly
  if (username !== undefined) fields.username = lookupValue(username)
  if (accessKeyId !== undefined) fields.accessKeyId = lookupValue(accessKeyId)
  return fields
}
type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function innerEvent(members: RecordMembers): number {
  const insight = members.object(fieldIndex.insightDetails)
  return insight >= 0 ? insight : members.object(fieldIndex.eventData)
}

/**
 * The user name that LookupEvents shows (CloudTrail API Reference, `Event`): `root`, the IAM user's name, an assumed role's
 * session name (not the role). Services have none. Types that CloudTrail does not know show the name they bring.
 */
function readUsername(outline: JsonOutline, identity: number): string | undefined {
  const text = (key: string): string | undefined => childString(outline, identity, key)
  switch (text('type')) {
    case 'Root':
      return 'root'
    case 'AssumedRole':
    case 'FederatedUser':
      return sessionName(text('principalId'), text('arn'))
    case 'AWSService':
      return undefined
    case 'AWSAccount':
    case 'IdentityCenterUser':
      return text('principalId')
    case 'IAMUser':
    case 'Role':
    case 'Directory':
    case 'SAMLUser':
    case 'WebIdentityUser':
      return text('userName')
    default:
      return text('userName') ?? text('principalId')
  }
}

function sessionName(principalId: string | undefined, arn: string | undefined): string | undefined {
  const colon = principalId?.indexOf(':') ?? -1
  if (principalId !== undefined && colon >= 0) return principalId.slice(colon + 1) || undefined
  const slash = arn?.lastIndexOf('/') ?? -1
  return arn !== undefined && slash >= 0 ? arn.slice(slash + 1) || undefined : undefined
}
