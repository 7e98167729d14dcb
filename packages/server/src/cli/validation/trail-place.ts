import type { ExpectedChain } from '@opentrail/core/digest'
import { isAccountId, isRegionName } from '@opentrail/core/event'
import { readTrailName } from '@opentrail/core/trail'

/** Which trail is verified, and where its files are. */
export interface TrailPlace {
  readonly arn: string
  readonly chain: ExpectedChain
  readonly bucket: string
  readonly keyPrefix?: string
  readonly organizationId?: string
}

/** As DescribeTrails lists it. */
export interface DescribedTrail {
  readonly TrailARN: string
  readonly S3BucketName: string
  readonly S3KeyPrefix?: string
  readonly IsOrganizationTrail?: boolean
}

export interface ParsedTrailArn {
  readonly name: string
  readonly homeRegion: ExpectedChain['homeRegion']
  readonly account: ExpectedChain['account']
}

/** The text after the last slash is the name, as for the AWS CLI. Undefined: no trail's ARN. */
export function parseTrailArn(arn: string): ParsedTrailArn | undefined {
  const parts = /^arn:[^:]+:cloudtrail:([^:]+):(\d{12}):trail\/(.+)$/.exec(arn)
  const [, homeRegion = '', account = '', path = ''] = parts ?? []
  const name = readTrailName(path.slice(path.lastIndexOf('/') + 1))
  if (!name.ok || !isRegionName(homeRegion) || !isAccountId(account)) return undefined
  return { name: name.name, homeRegion, account }
}

/** A slash at either end of a trail's prefix is left out of its keys. Undefined: there is none. */
export const keyPrefixOf = (prefix: string | undefined): string | undefined =>
  prefix?.replace(/^\/+|\/+$/g, '') || undefined

/** `[p/]AWSLogs/[o/]<account>` */
export function accountFolder({ keyPrefix, organizationId, chain }: Omit<TrailPlace, 'arn'>): string {
  const prefix = keyPrefix === undefined ? '' : `${keyPrefix}/`
  return `${prefix}AWSLogs/${organizationId === undefined ? '' : `${organizationId}/`}${chain.account}`
}
