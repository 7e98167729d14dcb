import { isAccountId, isRegionName, type AccountId, type Region } from '../event/index.ts'
import { partitionOf, type TrailIdentity } from './trail-arn.ts'
import { trailFault, type TrailFault } from './trail-fault.ts'
import { nameFault, readTrailName } from './trail-name.ts'

/** A trail as a request names it; whether it exists is another question. */
export interface TrailReference extends TrailIdentity {
  readonly ok: true
}

export interface ReferenceScope {
  readonly account: AccountId
  /** The called one. */
  readonly region: Region
}

const arnForm = /^arn:([^:]{1,32}):cloudtrail:([^:]{1,32}):([^:]{12}):trail\/([^:/]+)$/

/** Reads `Name` or `TrailName`: an ARN, or a name, which belongs to the called Region and the caller's account. */
export function readTrailReference(
  sent: string | undefined,
  { account, region }: ReferenceScope,
): TrailReference | TrailFault {
  if (sent?.startsWith('arn:')) return readTrailArn(sent)
  const read = readTrailName(sent)
  return read.ok ? { ok: true, account, homeRegion: region, name: read.name } : read
}

/** Reads what has to be the ARN of a trail, of whatever account and Region. Untrusted, of any length. */
export function readTrailArn(sent: string): TrailReference | TrailFault {
  const [, partition = '', region = '', account = '', name = ''] = arnForm.exec(sent) ?? []
  if (!isRegionName(region) || !isAccountId(account) || partition !== partitionOf(region) || nameFault(name))
    return invalidTrailArn
  return { ok: true, account, homeRegion: region, name }
}

const invalidTrailArn = trailFault(
  'invalid-arn',
  'The ARN is not that of a trail: arn:<partition>:cloudtrail:<Region>:<account>:trail/<name>.',
)
