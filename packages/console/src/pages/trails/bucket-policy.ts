/** Whose deliveries a bucket is to take. */
export interface Delivery {
  readonly bucket: string
  /** Without slashes at its ends; empty: none. */
  readonly prefix: string
  readonly account: string
  readonly trailArn: string
}

interface Statement {
  readonly Sid?: string
  readonly [member: string]: unknown
}

const service = 'cloudtrail.amazonaws.com'

/** `aws`, `aws-cn`, `aws-us-gov` */
export const partitionOf = (region: string): string =>
  region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'

export const trailArn = (region: string, account: string, name: string): string =>
  `arn:${partitionOf(region)}:cloudtrail:${region}:${account}:trail/${name}`

/** CloudTrail takes `/logs/` and writes below `logs/`. */
export const keyFolder = (prefix: string): string => prefix.replace(/^\//, '').replace(/\/$/, '')

/**
 * A bucket's policy with what CloudTrail needs added at its end, as AWS's console adds it; what is there already is not added again.
 * @throws {SyntaxError} the policy that is there cannot be read
 */
export function withCloudTrail(existing: string | undefined, delivery: Delivery): string {
  const policy = existing === undefined ? { Version: '2012-10-17', Statement: [] } : readPolicy(existing)
  const statements = listOf(policy.Statement)
  const sids = new Set(statements.map(({ Sid }) => Sid))
  const added = statementsFor(delivery)
    .filter((own) => !statements.some((other) => saysTheSame(own, other)))
    .map((own) => ({ ...own, Sid: freeSid(own.Sid, sids) }))
  return JSON.stringify({ ...policy, Statement: [...statements, ...added] }, undefined, 2)
}

function statementsFor({ bucket, prefix, account, trailArn: arn }: Delivery): (Statement & { readonly Sid: string })[] {
  const bucketArn = `arn:${arn.split(':')[1] ?? 'aws'}:s3:::${bucket}`
  const folder = keyFolder(prefix)
  // These mean something in a policy.
  const literal = folder.replace(/[*?$]/g, (character) => `\${${character}}`)
  return [
    {
      Sid: 'AWSCloudTrailAclCheck20150319',
      Effect: 'Allow',
      Principal: { Service: service },
      Action: 's3:GetBucketAcl',
      Resource: bucketArn,
      Condition: { StringEquals: { 'aws:SourceArn': arn } },
    },
    {
      Sid: 'AWSCloudTrailWrite20150319',
      Effect: 'Allow',
      Principal: { Service: service },
      Action: 's3:PutObject',
      Resource: `${bucketArn}/${literal === '' ? '' : `${literal}/`}AWSLogs/${account}/*`,
      Condition: { StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control', 'aws:SourceArn': arn } },
    },
  ]
}

function readPolicy(text: string): { readonly Version?: unknown; readonly Statement?: unknown } {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SyntaxError('a policy is an object')
  return value
}

const listOf = (statement: unknown): Statement[] =>
  (Array.isArray(statement) ? statement : statement === undefined ? [] : [statement]) as Statement[]

const saysTheSame = (own: Statement, other: Statement): boolean => withoutSid(own) === withoutSid(other)
const withoutSid = (statement: Statement): string => JSON.stringify(sorted({ ...statement, Sid: '' }))

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => Number(a > b) - Number(a < b))
  return Object.fromEntries(entries.map(([name, member]) => [name, sorted(member)]))
}

/** Statement ids are unique in a policy. */
function freeSid(wanted: string, taken: ReadonlySet<string | undefined>): string {
  let sid = wanted
  for (let number = 2; taken.has(sid); number++) sid = `${wanted}${number}`
  return sid
}
