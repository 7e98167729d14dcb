import { createHash } from 'node:crypto'
import {
  bucketTaken,
  bucketsMax,
  checkNewBucketName,
  checkNewPolicy,
  type BucketAdministration,
  type BucketDescription,
  type CheckPolicy,
} from './bucket-administration.ts'
import { BucketError, type BucketStore, type NewObject, type ObjectHead } from './bucket-store.ts'
import type { MayPut } from './directory-bucket-store.ts'
import { checkListing, checkNewObject, checkObjectPlace } from './object-limits.ts'
import { checkBucketName } from './s3-names.ts'

interface StoredObject extends ObjectHead {
  readonly body: Uint8Array
}

interface MemoryBucket {
  readonly owner: string
  readonly region: string
  readonly createdAt: number
  policy: string | undefined
  readonly objects: Map<string, StoredObject>
}

export interface MemoryBucketStoreOptions {
  readonly now?: () => number
  readonly mayPut?: MayPut
  readonly checkPolicy?: CheckPolicy
  /** Asked before each call of the port; what it throws the call rejects with. */
  readonly fault?: (call: { readonly operation: keyof BucketStore; readonly bucket: string }) => void
}

/** Buckets for tests and simulations: gone with the process. */
export function createMemoryBucketStore(options: MemoryBucketStoreOptions = {}): BucketStore & BucketAdministration {
  const { now = () => 0, mayPut = () => true } = options
  const buckets = new Map<string, MemoryBucket>()
  let isClosed = false

  /** As with every other store, nothing happens within the caller's own turn. What follows happens in one. */
  async function begin(operation: keyof BucketStore, bucket: string): Promise<void> {
    await Promise.resolve()
    if (isClosed) throw new BucketError('ServiceUnavailable', 'the bucket store has been closed')
    options.fault?.({ operation, bucket })
  }
  function bucketNamed(name: string): MemoryBucket {
    checkBucketName(name)
    const bucket = buckets.get(name)
    if (!bucket) throw new BucketError('NoSuchBucket', `there is no bucket ${name}`)
    return bucket
  }
  async function objectOf(operation: 'get' | 'head', name: string, key: string): Promise<StoredObject> {
    await begin(operation, name)
    checkObjectPlace(name, key)
    const object = bucketNamed(name).objects.get(key)
    if (!object) throw new BucketError('NoSuchKey', `there is no object ${key} in ${name}`)
    return object
  }

  return {
    isNew: true,
    supportsConditionalPut: () => true,
    async headBucket(name) {
      await begin('headBucket', name)
      return { region: bucketNamed(name).region }
    },
    async policy(name) {
      await begin('policy', name)
      return bucketNamed(name).policy
    },
    async put(object) {
      await begin('put', object.bucket)
      const { owner, policy, objects } = bucketNamed(object.bucket)
      checkNewObject(object)
      const { bucket, key, caller } = object
      if (caller.kind === 'delivery' && !mayPut({ policy, bucket, key, caller, owner }))
        throw new BucketError('AccessDenied', `the policy of ${bucket} does not let CloudTrail in`)
      if (object.onlyIfAbsent && objects.has(key))
        throw new BucketError('PreconditionFailed', `there is an object ${key} in ${bucket} already`)
      const stored = storedObject(object, now())
      objects.set(key, stored)
      return { etag: stored.etag }
    },
    async get(name, key, { bytesMax }) {
      const object = await objectOf('get', name, key)
      if (object.size > bytesMax)
        throw new BucketError('EntityTooLarge', `${key} has ${object.size} bytes; at most ${bytesMax} were asked for`)
      return { ...object, body: Uint8Array.from(object.body) }
    },
    async head(name, key) {
      const { body: _body, ...head } = await objectOf('head', name, key)
      return head
    },
    async list(name, listing) {
      await begin('list', name)
      const { objects } = bucketNamed(name)
      const { prefix, after, limit } = checkListing(listing)
      const found = [...objects.values()]
        .map(({ key, size, etag, lastModified }) => ({ bytes: Buffer.from(key), key, size, etag, lastModified }))
        .filter(({ bytes }) => bytes.subarray(0, prefix.length).equals(prefix))
        .filter(({ bytes }) => after === undefined || Buffer.compare(bytes, after) > 0)
        .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
      const page = found.slice(0, limit).map(({ bytes: _bytes, ...listed }) => listed)
      return { objects: page, isTruncated: found.length > limit }
    },
    async close() {
      isClosed = true
    },
    async createBucket(name, { owner, region, policy }) {
      checkNewBucketName(name)
      checkNewPolicy(name, policy, options.checkPolicy)
      const existing = buckets.get(name)
      if (existing) throw bucketTaken(name, existing.owner, owner)
      if (buckets.size >= bucketsMax) throw new BucketError('TooManyBuckets', `there are ${bucketsMax} buckets already`)
      buckets.set(name, { owner, region, policy, createdAt: now(), objects: new Map() })
    },
    async putPolicy(name, policy) {
      const bucket = bucketNamed(name)
      checkNewPolicy(name, policy, options.checkPolicy)
      bucket.policy = policy
    },
    async deleteBucket(name) {
      if (bucketNamed(name).objects.size > 0) throw new BucketError('BucketNotEmpty', `${name} still has objects`)
      buckets.delete(name)
    },
    async deleteObject(name, key) {
      checkObjectPlace(name, key)
      bucketNamed(name).objects.delete(key)
    },
    async describeBucket(name) {
      const bucket = buckets.get(name)
      return bucket && described(name, bucket)
    },
    async listBuckets() {
      return [...buckets].map(([name, bucket]) => described(name, bucket)).sort((a, b) => (a.name < b.name ? -1 : 1))
    },
  }
}

const described = (name: string, { owner, region, createdAt }: MemoryBucket): BucketDescription => ({
  name,
  owner,
  region,
  createdAt,
})

function storedObject(object: NewObject, lastModified: number): StoredObject {
  const body = Uint8Array.from(object.body)
  return {
    key: object.key,
    size: body.length,
    etag: createHash('md5').update(body).digest('hex'),
    lastModified,
    ...(object.contentType !== undefined && { contentType: object.contentType }),
    ...(object.contentEncoding !== undefined && { contentEncoding: object.contentEncoding }),
    metadata: { ...object.metadata },
    body,
  }
}
