import type { BucketStore } from '../buckets/index.ts'
import type { Answer, Exchange } from '../http/index.ts'
import type { Asking } from './authorise.ts'
import {
  answerHeadBucket,
  answerListBuckets,
  answerLocation,
  answerPolicy,
  type OwnedBucket,
} from './bucket-answers.ts'
import { answerList } from './list-answer.ts'
import { answerGet, answerHead, type ObjectBudget } from './object-answer.ts'
import { S3Error } from './s3-error.ts'
import type { S3Request } from './s3-request.ts'

/** Which buckets there are, and whose they are. */
export interface BucketOwners {
  /** Undefined: there is no such bucket. Asked with each call, of whatever name the client sent. */
  describeBucket(bucket: string): Promise<OwnedBucket | undefined>
  listBuckets(): Promise<readonly OwnedBucket[]>
}

export interface Answering {
  readonly buckets: BucketStore
  readonly owners: BucketOwners
  /** Its Region is the one of buckets that have none of their own. */
  readonly home: { readonly region: string }
  readonly objectBudget: ObjectBudget
}

/** The calls that are built; all others are NotImplemented, in S3's own code. @throws {S3Error}; BucketError */
export async function dispatch(
  { header }: Exchange,
  request: S3Request,
  { principal, owner = principal.account }: Asking,
  { buckets, owners, home, objectBudget }: Answering,
): Promise<Answer> {
  const { bucket = '', key = '', parameters, operation } = request
  switch (operation.name) {
    case 'ListBuckets':
      return answerListBuckets(await owners.listBuckets(), principal.account, parameters)
    case 'HeadBucket':
      return answerHeadBucket(buckets, bucket, home.region)
    case 'GetBucketLocation':
      return answerLocation(buckets, bucket, home.region)
    case 'GetBucketPolicy':
      return answerPolicy(buckets, bucket)
    case 'ListObjects':
      return answerList(buckets, { bucket, owner, parameters })
    case 'GetObject':
      return answerGet(buckets, { bucket, key, parameters, header }, objectBudget)
    case 'HeadObject':
      return answerHead(buckets, { bucket, key, parameters, header })
    default:
      throw new S3Error('NotImplemented', 501, `${operation.name} is not built in this version of OpenTrail.`)
  }
}
