import {
  bucketTaken,
  bucketsMax,
  checkNewBucketName,
  checkNewPolicy,
  type BucketAdministration,
  type BucketDescription,
  type CheckPolicy,
} from './bucket-administration.ts'
import { BucketError } from './bucket-store.ts'
import {
  bucketKey,
  bucketPrefix,
  decodeBucket,
  encodeRecord,
  newKey,
  objectPrefix,
  type BucketRecord,
} from './directory-records.ts'
import type { IndexReader, ObjectIndex } from './object-index.ts'
import { checkBucketName, isBucketName } from './s3-names.ts'

/** @throws {BucketError} InvalidBucketName, NoSuchBucket */
export function readBucket(index: IndexReader, bucket: string): BucketRecord {
  checkBucketName(bucket)
  const stored = index.get(bucketKey(bucket))
  if (!stored) throw new BucketError('NoSuchBucket', `there is no bucket ${bucket}`)
  return decodeBucket(stored)
}

export interface DirectoryBucketsOptions {
  readonly index: ObjectIndex
  readonly now: () => number
  readonly checkPolicy: CheckPolicy | undefined
}

/** The buckets themselves, as records of the index. */
export function createDirectoryBuckets({
  index,
  now,
  checkPolicy,
}: DirectoryBucketsOptions): Pick<
  BucketAdministration,
  'createBucket' | 'putPolicy' | 'deleteBucket' | 'describeBucket' | 'listBuckets'
> {
  return {
    async createBucket(bucket, { owner, region, policy }) {
      checkNewBucketName(bucket)
      checkNewPolicy(bucket, policy, checkPolicy)
      await index.transact((transaction) => {
        const existing = transaction.get(bucketKey(bucket))
        if (existing) throw bucketTaken(bucket, decodeBucket(existing).owner, owner)
        if (transaction.range(bucketPrefix, undefined, bucketsMax).length === bucketsMax)
          throw new BucketError('TooManyBuckets', `there are ${bucketsMax} buckets already`)
        const record = { owner, region, createdAt: now(), ...(policy !== undefined && { policy }) }
        transaction.put(bucketKey(bucket), encodeRecord(record))
        transaction.remove(newKey)
      })
    },
    async putPolicy(bucket, policy) {
      checkNewPolicy(bucket, policy, checkPolicy)
      await index.transact((transaction) => {
        const { policy: _before, ...record } = readBucket(transaction, bucket)
        transaction.put(bucketKey(bucket), encodeRecord({ ...record, ...(policy !== undefined && { policy }) }))
      })
    },
    async deleteBucket(bucket) {
      await index.transact((transaction) => {
        readBucket(transaction, bucket)
        if (transaction.range(objectPrefix(bucket), undefined, 1).length > 0)
          throw new BucketError('BucketNotEmpty', `${bucket} still has objects`)
        transaction.remove(bucketKey(bucket))
      })
    },
    async describeBucket(bucket) {
      const stored = isBucketName(bucket) ? index.get(bucketKey(bucket)) : undefined
      return stored && described(bucket, stored)
    },
    async listBuckets() {
      return index
        .range(bucketPrefix, undefined, bucketsMax)
        .map(({ key, value }) => described(key.toString('utf8', bucketPrefix.length), value))
    },
  }
}

function described(name: string, stored: Buffer): BucketDescription {
  const { owner, region, createdAt } = decodeBucket(stored)
  return { name, owner, region, createdAt }
}
