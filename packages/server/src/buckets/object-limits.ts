import { BucketError, type NewObject } from './bucket-store.ts'
import { checkAttributes, checkPlace, keyBytesMax } from './s3-names.ts'

/** A body is held in memory whole while it is hashed and written; log files have some megabytes. S3 itself takes 5 GiB in one put. */
export const objectBytesMax = 64 * 1024 * 1024
/** As S3: names and values of user-defined metadata together. */
const metadataBytesMax = 2 * 1024
/** HTTP servers take header lines of some kilobytes; no content type comes near. */
const headerBytesMax = 1024
/** As S3: one page of a listing. */
export const listLimitMax = 1_000

/** What the stores of our own refuse before anything is written. @throws {BucketError} with S3's codes */
export function checkNewObject(object: NewObject): void {
  checkObjectPlace(object.bucket, object.key)
  checkAttributes(object)
  for (const header of [object.contentType, object.contentEncoding])
    if (header !== undefined && header.length > headerBytesMax)
      throw new BucketError('InvalidArgument', `a header of an object has at most ${headerBytesMax} bytes`)
  const metadata = Object.entries(object.metadata ?? {})
    .flat()
    .join('')
  if (metadata.length > metadataBytesMax)
    throw new BucketError('MetadataTooLarge', `metadata has at most ${metadataBytesMax} bytes, not ${metadata.length}`)
  if (object.body.length > objectBytesMax)
    throw new BucketError('EntityTooLarge', `an object has at most ${objectBytesMax} bytes, not ${object.body.length}`)
}

/** Any key goes but one with NUL, which separates the parts of the index's own keys. @throws {BucketError} */
export function checkObjectPlace(bucket: string, key: string): void {
  checkPlace(bucket, key)
  if (key.includes('\0')) throw new BucketError('InvalidArgument', 'a key has no NUL')
}

function listingBytes(text: string): Buffer {
  if (!text.isWellFormed() || text.includes('\0') || Buffer.byteLength(text) > keyBytesMax)
    throw new BucketError('InvalidArgument', `a prefix or start is text of at most ${keyBytesMax} bytes without NUL`)
  return Buffer.from(text)
}

/** The part of a bucket that a listing asks for, as bytes. @throws {BucketError} InvalidArgument */
export function checkListing(options: { prefix?: string; after?: string; limit?: number }): {
  prefix: Buffer
  after: Buffer | undefined
  limit: number
} {
  const { prefix = '', after, limit = listLimitMax } = options
  if (!Number.isInteger(limit) || limit < 1)
    throw new BucketError('InvalidArgument', `a page has 1 to ${listLimitMax} keys, not ${limit}`)
  return {
    prefix: listingBytes(prefix),
    after: after === undefined ? undefined : listingBytes(after),
    limit: Math.min(limit, listLimitMax),
  }
}
