import type { AccountId, Region } from '@opentrail/core/event'
import { policyTemplates } from '@opentrail/core/policy'
import { partitionOf } from '@opentrail/core/trail'
import type { FixedBucket, FixedBuckets } from './fixed-objects.ts'

/** AWS has one such bucket in each Region, open to everyone. */
const namePrefix = 'awscloudtrail-policy-'
/** When the templates of this version were written. */
const writtenAt = Date.UTC(2026, 10, 21)

export interface PolicyTemplatesOptions {
  /** Whose the buckets are: in this account the reading by others is recorded, too. */
  readonly owner: AccountId
  readonly regions: readonly Region[]
  /** Buckets made before their names were reserved: they stay what they are, and their Regions have no templates. */
  readonly existing: readonly string[]
}

/** The buckets from which `aws cloudtrail create-subscription` takes its policies: one of each Region, part of the program. */
export function policyTemplateBuckets({ owner, regions, existing }: PolicyTemplatesOptions): FixedBuckets {
  const served = regions.filter((region) => !existing.includes(templateBucketName(region)))
  return {
    buckets: served.map((region) => templateBucket(region, owner)),
    // Those of Regions that are not configured too: one made today would be in the way of the Region tomorrow.
    isReserved: (bucket) => bucket.startsWith(namePrefix),
  }
}

export const templateBucketName = (region: Region): string => `${namePrefix}${region}`

function templateBucket(region: Region, owner: AccountId): FixedBucket {
  const name = templateBucketName(region)
  const description = { name, owner, region, createdAt: writtenAt }
  return {
    settings: { description, documents: { policy: readOnlyPolicy(name), publicAccessBlock: openToAccounts } },
    objects: policyTemplates(partitionOf(region)).map(({ key, text }) => ({
      key,
      body: Buffer.from(text),
      contentType: 'application/json',
      lastModified: writtenAt,
    })),
  }
}

/**
 * Every user of every account reads, nobody writes, the owner included. Not for who has not signed: what strangers read would
 * be recorded, and they must not be able to fill the journal.
 */
const readOnlyPolicy = (bucket: string): string => {
  const Resource = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`]
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'ReadByEveryUser',
        Effect: 'Allow',
        Principal: '*',
        Action: ['s3:GetObject', 's3:ListBucket'],
        Resource,
        Condition: { StringEquals: { 'aws:PrincipalType': 'User' } },
      },
      { Sid: 'WrittenByNobody', Effect: 'Deny', Principal: '*', NotAction: ['s3:Get*', 's3:List*'], Resource },
    ],
  })
}

/** A policy for everyone is not for the public of other accounts unless this says so. */
const openToAccounts =
  '<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls>' +
  '<BlockPublicPolicy>false</BlockPublicPolicy><RestrictPublicBuckets>false</RestrictPublicBuckets></PublicAccessBlockConfiguration>'
