import type { AccountId, Region } from '../event/index.ts'

/** Partitions other than `aws`, by how the names of their Regions begin. Source: the AWS SDKs' partition metadata. */
const partitions: readonly (readonly [prefix: string, partition: string])[] = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['us-iso-', 'aws-iso'],
  ['us-isob-', 'aws-iso-b'],
  ['eu-isoe-', 'aws-iso-e'],
  ['us-isof-', 'aws-iso-f'],
  ['eusc-', 'aws-eusc'],
]

/** The partition that ARNs of a Region name; `aws` also for Regions that only an installation of ours knows. */
export const partitionOf = (region: string): string =>
  partitions.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'aws'

/** What tells a trail from all others, in its home Region's terms. */
export interface TrailIdentity {
  readonly account: AccountId
  readonly homeRegion: Region
  readonly name: string
}

/** The same in every Region that the trail acts in. */
export const trailArn = ({ account, homeRegion, name }: TrailIdentity): string =>
  `arn:${partitionOf(homeRegion)}:cloudtrail:${homeRegion}:${account}:trail/${name}`

/** The topic of a trail; a name is one in the trail's own account and home Region. Undefined: it has none. */
export function trailTopicArn(
  trail: Pick<TrailIdentity, 'account' | 'homeRegion'> & { readonly settings: { readonly topic?: string } },
): string | undefined {
  const { account, homeRegion, settings } = trail
  const { topic } = settings
  if (topic === undefined || topic.startsWith('arn:')) return topic
  return `arn:${partitionOf(homeRegion)}:sns:${homeRegion}:${account}:${topic}`
}
