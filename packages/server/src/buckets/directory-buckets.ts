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
import { ofCaller } from './caller-failure.ts'
import { listGarbage, type Garbage } from './directory-garbage.ts'
import {
  bucketKey,
  bucketPrefix,
  decodeBucket,
  encodeRecord,
  newKey,
  objectPrefix,
  uploadPrefix,
  versionPrefix,
  type BucketRecord,
} from './directory-records.ts'
import { changedRecord, settingsOf } from './directory-settings.ts'
import type { IndexReader, IndexTransaction, ObjectIndex } from './object-index.ts'
import type { ObjectStore } from './object-store.ts'
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
  readonly discard: (garbage: Garbage) => void
}

/** Uploads that end with their bucket, in one transaction; whoever has more of them aborts them first. */
const uploadsEndedMax = 1_000
const uploadIdBytes = 16

/** The buckets themselves, as records of the index. */
export function createDirectoryBuckets({
  index,
  now,
  checkPolicy,
  discard,
}: DirectoryBucketsOptions): Pick<
  BucketAdministration,
  'createBucket' | 'putPolicy' | 'deleteBucket' | 'describeBucket' | 'listBuckets'
> &
  Pick<ObjectStore, 'settings' | 'changeSettings'> {
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
      const ended = await index.transact((transaction) => {
        readBucket(transaction, bucket)
        for (const prefix of [objectPrefix(bucket), versionPrefix(bucket)])
          if (transaction.range(prefix, undefined, 1).length > 0)
            throw new BucketError('BucketNotEmpty', `${bucket} still has objects, or versions of them`)
        transaction.remove(bucketKey(bucket))
        return endUploads(transaction, bucket)
      })
      for (const garbage of ended) discard(garbage)
    },
    async settings(bucket) {
      return settingsOf(bucket, readBucket(index, bucket))
    },
    async changeSettings(bucket, change) {
      await index.transact((transaction) => {
        const before = readBucket(transaction, bucket)
        const after = changedRecord(
          bucket,
          before,
          ofCaller(() => change(settingsOf(bucket, before))),
          checkPolicy,
        )
        transaction.put(bucketKey(bucket), encodeRecord(after))
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

/** As with S3, uploads that were begun do not keep a bucket. @throws {BucketError} BucketNotEmpty: too many of them. */
function endUploads(transaction: IndexTransaction, bucket: string): Garbage[] {
  const uploads = transaction.range(uploadPrefix(bucket), undefined, uploadsEndedMax + 1)
  if (uploads.length > uploadsEndedMax)
    throw new BucketError('BucketNotEmpty', `${bucket} has more than ${uploadsEndedMax} uploads: abort them first`)
  return uploads.map(({ key }) => {
    const garbage: Garbage = { kind: 'upload', id: key.toString('hex', key.length - uploadIdBytes) }
    transaction.remove(key)
    listGarbage(transaction, garbage)
    return garbage
  })
}
