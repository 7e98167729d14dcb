import { BucketError, type ObjectAttributes } from './bucket-store.ts'

/**
 * Buckets of the ordinary kind. Anything else must not reach the SDK, which takes an ARN for an access point in any Region and some
 * endings for services of their own, and would send the call, signed, to another host than the configured one.
 */
const bucketName = /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const otherService = /--(x|op|table)-s3$|\.mrap$/
/** S3's limit, of the key's UTF-8, and so of everything that one can begin with. */
export const keyBytesMax = 1_024

export const isBucketName = (bucket: string): boolean => bucketName.test(bucket) && !otherService.test(bucket)

/** @throws {BucketError} InvalidBucketName */
export function checkBucketName(bucket: string): void {
  if (!isBucketName(bucket))
    throw new BucketError('InvalidBucketName', `no bucket can be named ${JSON.stringify(bucket.slice(0, 80))}`)
}

/** @throws {BucketError} InvalidBucketName, InvalidArgument, KeyTooLongError */
export function checkPlace(bucket: string, key: string): void {
  checkBucketName(bucket)
  if (key === '' || !key.isWellFormed()) throw new BucketError('InvalidArgument', 'a key is text that is not empty')
  const bytes = Buffer.byteLength(key)
  if (bytes > keyBytesMax)
    throw new BucketError('KeyTooLongError', `a key has at most ${keyBytesMax} bytes, not ${bytes}`)
}

/** Header values go over the wire as they are signed only in ASCII. @throws {BucketError} InvalidArgument */
export function checkAttributes({ contentType, contentEncoding, metadata }: ObjectAttributes): void {
  const values = [contentType ?? '', contentEncoding ?? '', ...Object.values(metadata ?? {})]
  if (!values.every((value) => /^[\x20-\x7e]*$/.test(value)))
    throw new BucketError('InvalidArgument', 'attributes of an object are printable ASCII')
  if (!Object.keys(metadata ?? {}).every((name) => /^[a-z0-9._-]+$/.test(name)))
    throw new BucketError('InvalidArgument', 'names of metadata are lower-case letters, digits, ".", "_" and "-"')
}
