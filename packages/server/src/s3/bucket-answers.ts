import type { AccountId } from '@opentrail/core/event'
import type { BucketStore } from '../buckets/index.ts'
import type { Answer } from '../http/index.ts'
import { ownerElement } from './owner.ts'
import { S3Error, invalidArgument } from './s3-error.ts'
import { element, optional, xmlDocument } from './xml.ts'

/** A bucket and the account that it belongs to. */
export interface OwnedBucket {
  readonly name: string
  readonly owner: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

const xml = { 'Content-Type': 'application/xml' }
/** S3's page size; accounts there have so many buckets at most. */
const bucketsMax = 10_000

/** ListBuckets: those of the caller's own account, by name. @throws {S3Error} InvalidArgument */
export function answerListBuckets(
  buckets: readonly OwnedBucket[],
  account: AccountId,
  parameters: ReadonlyMap<string, string>,
): Answer {
  const prefix = parameters.get('prefix')
  const token = parameters.get('continuation-token') ?? ''
  const limit = pageSize(parameters.get('max-buckets'))
  // Names are ASCII: every order of them is the same.
  const own = buckets
    .filter((bucket) => bucket.owner === account && bucket.name.startsWith(prefix ?? '') && bucket.name > token)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const page = own.slice(0, limit)
  const content = [
    ownerElement(account),
    element(
      'Buckets',
      page.map(({ name, createdAt }) =>
        element('Bucket', [element('Name', name), element('CreationDate', new Date(createdAt).toISOString())]),
      ),
    ),
    optional('ContinuationToken', own.length > limit ? page.at(-1)?.name : undefined),
    optional('Prefix', prefix),
  ]
  return { status: 200, headers: xml, body: xmlDocument('ListAllMyBucketsResult', content) }
}

function pageSize(text: string | undefined): number {
  if (text === undefined) return bucketsMax
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (number < 1 || number > bucketsMax)
    throw invalidArgument('max-buckets', text, `max-buckets must be from 1 to ${bucketsMax}`)
  return number
}

/** A bucket without a Region of its own is everywhere; it is said to be in the server's. */
const regionOf = async (store: BucketStore, bucket: string, home: string): Promise<string> =>
  (await store.headBucket(bucket)).region ?? home

export async function answerHeadBucket(store: BucketStore, bucket: string, home: string): Promise<Answer> {
  const region = await regionOf(store, bucket, home)
  return { status: 200, headers: { ...xml, 'x-amz-bucket-region': region, 'x-amz-access-point-alias': 'false' } }
}

/** The first Region of all has no name here. */
export async function answerLocation(store: BucketStore, bucket: string, home: string): Promise<Answer> {
  const region = await regionOf(store, bucket, home)
  const content = region === 'us-east-1' ? [] : [{ markup: region }]
  return { status: 200, headers: xml, body: xmlDocument('LocationConstraint', content) }
}

export async function answerPolicy(store: BucketStore, bucket: string): Promise<Answer> {
  const policy = await store.policy(bucket)
  if (policy === undefined)
    throw new S3Error('NoSuchBucketPolicy', 404, 'The bucket policy does not exist', {
      details: { BucketName: bucket },
    })
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body: policy }
}
