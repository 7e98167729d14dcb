import { BucketError } from './bucket-store.ts'

export interface BucketDescription {
  readonly name: string
  /** Account that the bucket belongs to. */
  readonly owner: string
  readonly region: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** What only a store of our own can do. Each change has survived a power cut once it resolves. */
export interface BucketAdministration {
  /** @throws {BucketError} InvalidBucketName, BucketAlreadyExists, BucketAlreadyOwnedByYou, TooManyBuckets, MalformedPolicy */
  createBucket(
    bucket: string,
    options: { readonly owner: string; readonly region: string; readonly policy?: string },
  ): Promise<void>
  /** Undefined deletes the policy. @throws {BucketError} NoSuchBucket, MalformedPolicy */
  putPolicy(bucket: string, policy: string | undefined): Promise<void>
  /** @throws {BucketError} NoSuchBucket, BucketNotEmpty */
  deleteBucket(bucket: string): Promise<void>
  /** Deleting what is not there succeeds, as with S3. @throws {BucketError} NoSuchBucket */
  deleteObject(bucket: string, key: string): Promise<void>
  /** Undefined: there is no such bucket, nor could there be one of that name. */
  describeBucket(bucket: string): Promise<BucketDescription | undefined>
  /** In the order of their names. */
  listBuckets(): Promise<readonly BucketDescription[]>
  /** No bucket has ever been made, as of this opening: the first start makes the default one, however often it was killed before. */
  readonly isNew: boolean
}

/** What is wrong with a policy, or undefined. */
export type CheckPolicy = (request: { readonly policy: string; readonly bucket: string }) => string | undefined

/** As S3: one account may be allowed this many. A page of all of them fits into memory. */
export const bucketsMax = 10_000
/** As S3. */
const policyBytesMax = 20 * 1024

const label = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/
const ipAddress = /^\d{1,3}(\.\d{1,3}){3}$/
/** Names that S3 keeps for access points and other kinds of buckets. */
const reserved = /^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3|--op-s3)$/

/**
 * S3's rules for general purpose buckets: 3 to 63 lower-case letters, digits, dots and hyphens; each label between dots
 * begins and ends with a letter or digit; not in the form of an IPv4 address.
 * @throws {BucketError} InvalidBucketName
 */
export function checkNewBucketName(bucket: string): void {
  const isLong = bucket.length > 63
  const isValid = bucket.length >= 3 && !isLong && bucket.split('.').every((part) => label.test(part))
  if (!isValid || ipAddress.test(bucket) || reserved.test(bucket))
    throw new BucketError('InvalidBucketName', `no bucket can be named ${JSON.stringify(bucket.slice(0, 80))}`)
}

/** @throws {BucketError} MalformedPolicy */
export function checkNewPolicy(bucket: string, policy: string | undefined, check: CheckPolicy | undefined): void {
  if (policy === undefined) return
  const fault =
    Buffer.byteLength(policy) > policyBytesMax
      ? `a bucket's policy has at most ${policyBytesMax} bytes`
      : check?.({ policy, bucket })
  if (fault !== undefined) throw new BucketError('MalformedPolicy', fault)
}

export function bucketTaken(name: string, owner: string, caller: string): BucketError {
  return owner === caller
    ? new BucketError('BucketAlreadyOwnedByYou', `the bucket ${name} is yours already`)
    : new BucketError('BucketAlreadyExists', `the bucket ${name} belongs to another account`)
}
