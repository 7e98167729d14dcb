import { evaluatePolicies, type PolicyRequest, type RequestPrincipal } from '@opentrail/core/policy'
import type { AccountId } from '@opentrail/core/event'
import { BucketError, type BucketSettings, type VersionMarks } from '../buckets/index.ts'
import type { Exchange } from '../http/index.ts'
import { isReading } from './actions.ts'
import { publicAccessBlockOf, type BucketPolicy } from './bucket-access.ts'
import { readTagSet } from './object-headers.ts'
import { accessDenied } from './s3-error.ts'
import type { Caller, ObjectPlace } from './s3-call.ts'

/** What is known of a bucket when somebody asks for something in it. */
export interface AskedBucket {
  readonly settings: BucketSettings
  readonly policy: BucketPolicy | undefined
}

export interface Question {
  /** `s3:GetObject` */
  readonly action: string
  readonly place: Partial<ObjectPlace>
  /** Undefined: there is no such bucket, or it is none in particular. */
  readonly bucket: AskedBucket | undefined
  readonly context: PolicyRequest['context']
}

/** What a bucket's owner needs to get out of a policy that denies everything; as with S3's root user. */
const neverDenied = new Set(['s3:GetBucketPolicy', 's3:PutBucketPolicy', 's3:DeleteBucketPolicy'])

export const resourceOf = ({ bucket, key }: Partial<ObjectPlace>): string =>
  bucket === undefined || bucket === ''
    ? '*'
    : `arn:aws:s3:::${bucket}${key === undefined || key === '' ? '' : `/${key}`}`

/**
 * Undefined where the caller may; else why not, in AWS's words. Within an account its role or the bucket's policy is enough,
 * from another one it takes both, and nobody in particular gets what the policy gives everyone and no block of public
 * access forbids. An explicit deny wins.
 */
export function refusal(caller: Caller, { action, place, bucket, context }: Question): string | undefined {
  const { role, account } = caller.kind === 'user' ? caller.principal : { role: undefined, account: undefined }
  const byRole = role === 'administrator' || (role === 'auditor' && isReading(action))
  const owner = bucket?.settings.description.owner
  const isOwn = account !== undefined && (owner === undefined || owner === account)
  if (isOwn && role === 'administrator' && neverDenied.has(action)) return undefined
  const asked: PolicyRequest = { principal: principalOf(caller), action, resource: resourceOf(place), context }
  const policy = bucket?.policy
  const decide = (document: BucketPolicy['whole']) => evaluatePolicies([document], asked).effect
  const effect = policy ? decide(policy.whole) : 'none'
  if (effect === 'deny') return 'with an explicit deny in a resource-based policy'
  if (isOwn) return byRole || (policy && decide(policy.direct) === 'allow') ? undefined : unallowed('identity', action)
  if (bucket && policy?.isPublic && publicAccessBlockOf(bucket.settings).RestrictPublicBuckets)
    return 'because public access is blocked by the BlockPublicAccess settings of the bucket'
  if (effect !== 'allow') return unallowed('resource', action)
  return caller.kind === 'anonymous' || byRole ? undefined : unallowed('identity', action)
}

const unallowed = (kind: string, action: string): string =>
  `because no ${kind}-based policy allows the ${action} action`

export const principalOf = (caller: Caller): RequestPrincipal =>
  caller.kind === 'anonymous'
    ? { kind: 'anonymous' }
    : { kind: 'aws', account: caller.principal.account, arn: caller.principal.arn }

export function denied(caller: Caller, action: string, place: Partial<ObjectPlace>, reason: string) {
  if (caller.kind === 'anonymous') return accessDenied('Access Denied')
  const { arn } = caller.principal
  return accessDenied(
    `User: ${arn} is not authorized to perform: ${action} on resource: "${resourceOf(place)}" ${reason}`,
  )
}

/** @throws {S3Error} AccessDenied: the bucket is not of the account that the client takes it for. */
export function checkExpectedOwner(exchange: Exchange, owner: AccountId | undefined): void {
  const expected = exchange.header('x-amz-expected-bucket-owner')
  if (expected !== undefined && owner !== undefined && expected !== owner) throw accessDenied('Access Denied')
}

/** Headers and parameters that are condition keys under their own names. */
const contextHeaders = [
  'x-amz-acl',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-metadata-directive',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
  'if-match',
  'if-none-match',
] as const
const contextParameters = ['prefix', 'delimiter', 'max-keys', 'versionId'] as const

/** What the request says, for conditions. */
export function contextOf(
  exchange: Exchange,
  caller: Caller,
  about: {
    readonly header: (name: string) => string | undefined
    readonly parameter: (name: string) => string | undefined
    readonly now: number
    readonly owner: string | undefined
  },
): PolicyRequest['context'] {
  const { header, parameter, owner, now } = about
  const principal = caller.kind === 'user' ? caller.principal : undefined
  return {
    ...Object.fromEntries(contextHeaders.map((name) => [`s3:${name}`, header(name)])),
    ...Object.fromEntries(contextParameters.map((name) => [`s3:${name}`, parameter(name)])),
    ...requestTags(header('x-amz-tagging')),
    's3:authType': principal && (exchange.header('authorization') === undefined ? 'REST-QUERY-STRING' : 'REST-HEADER'),
    's3:signatureversion': principal && 'AWS4-HMAC-SHA256',
    's3:object-lock-mode': header('x-amz-object-lock-mode'),
    's3:object-lock-legal-hold': header('x-amz-object-lock-legal-hold'),
    's3:object-lock-retain-until-date': header('x-amz-object-lock-retain-until-date'),
    's3:ResourceAccount': owner,
    'aws:ResourceAccount': owner,
    'aws:CurrentTime': new Date(now).toISOString(),
    'aws:EpochTime': String(Math.floor(now / 1_000)),
    'aws:PrincipalAccount': principal?.account,
    'aws:PrincipalArn': principal?.arn,
    'aws:PrincipalType': principal ? 'User' : 'Anonymous',
    'aws:Referer': exchange.header('referer'),
    'aws:SecureTransport': String(exchange.tls !== undefined),
    'aws:SourceIp': exchange.sourceIPAddress,
    'aws:UserAgent': exchange.userAgent,
    'aws:userid': principal?.userId ?? 'anonymous',
    'aws:username': principal?.userName,
  }
}

function requestTags(header: string | undefined): Record<string, string | readonly string[]> {
  if (header === undefined) return {}
  const tags = Object.entries(readTagSet(header))
  return {
    ...Object.fromEntries(tags.map(([name, value]) => [`s3:RequestObjectTag/${name}`, value])),
    's3:RequestObjectTagKeys': tags.map(([name]) => name),
  }
}

/** For a policy that asks for them: the tags of what is there already. */
export async function existingTags(
  policy: BucketPolicy | undefined,
  marks: () => Promise<VersionMarks>,
): Promise<Record<string, string>> {
  const asks = policy?.whole.statements.some(({ conditions, resource }) =>
    [
      ...conditions.map(({ key }) => key),
      ...variablesOf(conditions.flatMap(({ values }) => values)),
      ...variablesOf(resource.values),
    ].some((key) => key.startsWith('s3:existingobjecttag/')),
  )
  if (!asks) return {}
  try {
    const { tags = {} } = await marks()
    return Object.fromEntries(Object.entries(tags).map(([name, value]) => [`s3:ExistingObjectTag/${name}`, value]))
  } catch (error) {
    if (error instanceof BucketError) return {}
    throw error
  }
}

type Patterns = BucketPolicy['whole']['statements'][number]['resource']['values']
const variablesOf = (patterns: Patterns): string[] =>
  patterns.flat().flatMap((piece) => (piece.kind === 'variable' ? [piece.key.toLowerCase()] : []))
