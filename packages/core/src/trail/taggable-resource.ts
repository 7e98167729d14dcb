import { trailArn, type TrailIdentity } from './trail-arn.ts'
import { trailFault, type TrailFault, type TrailFaultKind } from './trail-fault.ts'
import { readTrailArn, type TrailReference } from './trail-reference.ts'

/** Kinds of resources of CloudTrail that can have tags, but do not exist in this version. */
const otherKinds: ReadonlyMap<
  string,
  { readonly id: RegExp; readonly invalid: TrailFaultKind; readonly unknown: TrailFaultKind }
> = new Map([
  ['eventdatastore', { id: /^[a-f0-9-]{36}$/, invalid: 'invalid-store-arn', unknown: 'unknown-store' }],
  ['channel', { id: /^[a-f0-9-]{36}$/, invalid: 'invalid-channel-arn', unknown: 'unknown-channel' }],
  ['dashboard', { id: /^[A-Za-z0-9_-]{3,128}$/, invalid: 'invalid-arn', unknown: 'unknown-resource' }],
] as const)

const arnForm = /^arn:aws[a-z-]*:([a-z0-9-]{1,64}):([a-z0-9-]{0,32}):(\d{12})?:(.+)$/s
const malformed = trailFault('invalid-arn', 'The resource id must be the ARN of a trail.')

/** Reads a `ResourceId`: the ARN of a trail, or why what it names has no tags. Untrusted, of any length. */
export function readTaggableResource(sent: string | undefined): TrailReference | TrailFault {
  const [, service, region, account, resource = ''] = arnForm.exec(sent ?? '') ?? []
  if (sent === undefined || service === undefined) return malformed
  if (service !== 'cloudtrail')
    return trailFault('untaggable-resource', `Resources of ${service} cannot be tagged by CloudTrail.`)
  const slash = resource.indexOf('/')
  const kind = otherKinds.get(resource.slice(0, Math.max(slash, 0)))
  if (!kind) return readTrailArn(sent)
  const isWellFormed = region !== '' && account !== undefined && kind.id.test(resource.slice(slash + 1))
  return isWellFormed ? unknown(kind.unknown, sent) : trailFault(kind.invalid, 'The ARN is not valid.')
}

const unknown = (kind: TrailFaultKind, arn: string) => trailFault(kind, `There is no such resource: ${arn}`)

export const unknownTrail = (trail: TrailIdentity): TrailFault => unknown('unknown-resource', trailArn(trail))
