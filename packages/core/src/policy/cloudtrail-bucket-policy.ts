import { evaluatePolicies, type PolicyDecision, type PolicyRequest } from './evaluate-policies.ts'
import { policyTextBytesMax, type PolicyDocument } from './policy-document.ts'
import type { RequestPrincipal } from './principal.ts'

export const cloudTrailService = 'cloudtrail.amazonaws.com'
const aclHeaderValue = 'bucket-owner-full-control'

/**
 * Accounts from which CloudTrail delivered before it had a service principal, one per Region. Old bucket policies name them.
 * Source: AWS CloudTrail User Guide, as published when these policies were current.
 */
const cloudTrailAccounts: readonly string[] = [
  '086441151436', // us-east-1
  '475085895292', // us-east-2
  '388731089494', // us-west-1
  '113285607260', // us-west-2
  '819402241893', // ca-central-1
  '814480443879', // sa-east-1
  '859597730677', // eu-west-1
  '282025262664', // eu-west-2
  '262312530599', // eu-west-3
  '035351147821', // eu-central-1
  '977081816279', // ap-south-1
  '216624486486', // ap-northeast-1
  '492519147666', // ap-northeast-2
  '903692715234', // ap-southeast-1
  '284668455005', // ap-southeast-2
]

export interface CloudTrailBucket {
  /** `aws`, `aws-cn`, `aws-us-gov`. */
  readonly partition: string
  readonly bucket: string
  /** As in a trail's S3KeyPrefix, without the slash that follows it; absent and empty are the same. */
  readonly prefix?: string
}

export interface CloudTrailBucketPolicyOptions extends CloudTrailBucket {
  /** Accounts that deliver to the bucket, at least one; each gets its own resource. */
  readonly accounts: readonly string[]
  /** Restricts both rights to deliveries of these trails. */
  readonly trailArns?: readonly string[]
}

/**
 * The JSON text of the bucket policy that lets CloudTrail check the bucket and write log files, in AWS's standard form.
 * @throws {RangeError} no account, or more than a bucket policy can hold.
 * Source: AWS CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail".
 */
export function cloudTrailBucketPolicy(options: CloudTrailBucketPolicyOptions): string {
  const { partition, bucket, accounts, prefix, trailArns = [] } = options
  if (accounts.length === 0) throw new RangeError('a bucket policy for CloudTrail needs an account')
  const bucketArn = `arn:${partition}:s3:::${bucket}`
  const sourceArn = trailArns.length > 0 ? { 'aws:SourceArn': oneOrList(trailArns) } : undefined
  const text = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'AWSCloudTrailAclCheck20150319',
        Effect: 'Allow',
        Principal: { Service: cloudTrailService },
        Action: 's3:GetBucketAcl',
        Resource: bucketArn,
        ...(sourceArn && { Condition: { StringEquals: sourceArn } }),
      },
      {
        Sid: 'AWSCloudTrailWrite20150319',
        Effect: 'Allow',
        Principal: { Service: cloudTrailService },
        Action: 's3:PutObject',
        Resource: oneOrList(
          accounts.map((account) => `${bucketArn}/${keyStart(literal(prefix ?? ''))}AWSLogs/${account}/*`),
        ),
        Condition: { StringEquals: { 's3:x-amz-acl': aclHeaderValue, ...sourceArn } },
      },
    ],
  })
  if (Buffer.byteLength(text) > policyTextBytesMax)
    throw new RangeError(`a bucket policy for ${accounts.length} accounts exceeds ${policyTextBytesMax} bytes`)
  return text
}

const oneOrList = (values: readonly string[]): string | readonly string[] => (values.length === 1 ? values[0]! : values)
const keyStart = (prefix: string): string => (prefix === '' ? '' : `${prefix}/`)
/** A prefix may hold characters that mean something in a policy. */
const literal = (prefix: string): string => prefix.replace(/[*?$]/g, (char) => `\${${char}}`)

/** One trail's deliveries for one account. */
export interface CloudTrailDelivery extends CloudTrailBucket {
  /** The account whose folder is written, which is also the trail's for all but organization trails. */
  readonly account: string
  readonly trailArn: string
}

export type DeliveryRight = 's3:GetBucketAcl' | 's3:PutObject'
export type DeliveryAnswer = { readonly ok: true } | { readonly ok: false; readonly missing: DeliveryRight }

/**
 * Whether a bucket's policies let CloudTrail deliver: both rights, for the exact key space of the trail and account, to the
 * service or, as old policies have it, to one of CloudTrail's own accounts. What denies the service denies delivery,
 * whatever is granted to those accounts. `missing` is the first right that is not there.
 */
export function mayDeliver(policies: readonly PolicyDocument[], delivery: CloudTrailDelivery): DeliveryAnswer {
  const identities = deliveryIdentities(delivery)
  let able = identities
  for (const right of ['s3:GetBucketAcl', 's3:PutObject'] as const) {
    const ask = (identity: DeliveryIdentity): PolicyDecision =>
      evaluatePolicies(policies, deliveryRequest(right, identity, delivery))
    const denied = ask(identities[0]!).effect === 'deny'
    able = denied ? [] : able.filter((identity) => ask(identity).effect === 'allow')
    if (able.length === 0) return { ok: false, missing: right }
  }
  return { ok: true }
}

interface DeliveryIdentity {
  readonly principal: RequestPrincipal
  readonly context: PolicyRequest['context']
}

/** As whom CloudTrail may come: first the service, then its old accounts. */
function deliveryIdentities({ partition }: CloudTrailDelivery): readonly DeliveryIdentity[] {
  const service: DeliveryIdentity = {
    principal: { kind: 'service', service: cloudTrailService },
    context: { 'aws:PrincipalIsAWSService': 'true', 'aws:PrincipalServiceName': cloudTrailService },
  }
  const accounts = cloudTrailAccounts.map((account): DeliveryIdentity => {
    const arn = `arn:${partition}:iam::${account}:root`
    return {
      principal: { kind: 'aws', account, arn },
      context: { 'aws:PrincipalIsAWSService': 'false', 'aws:PrincipalAccount': account, 'aws:PrincipalArn': arn },
    }
  })
  return [service, ...accounts]
}

/** The request CloudTrail will make; only writes carry the header that sets the ACL. */
function deliveryRequest(
  right: DeliveryRight,
  identity: DeliveryIdentity,
  delivery: CloudTrailDelivery,
): PolicyRequest {
  const { partition, bucket, prefix = '', account, trailArn } = delivery
  const bucketArn = `arn:${partition}:s3:::${bucket}`
  const writes = right === 's3:PutObject'
  return {
    principal: identity.principal,
    action: right,
    resource: writes ? `${bucketArn}/${keyStart(prefix)}AWSLogs/${account}/CloudTrail/x` : bucketArn,
    context: {
      ...identity.context,
      'aws:SourceArn': trailArn,
      'aws:SourceAccount': account,
      's3:x-amz-acl': writes ? aclHeaderValue : undefined,
    },
  }
}
