import { BucketError, type NewObject, type ObjectAttributes } from './bucket-store.ts'
import type { VersionAttributes, VersionMarks, VersionPlace } from './object-store.ts'
import { checkAttributes, checkPlace, keyBytesMax } from './s3-names.ts'

/** Of a body that is handed over whole, in memory; log files have some megabytes. */
export const objectBytesMax = 64 * 1024 * 1024
/** As S3: one put, or one part. */
export const putBytesMax = 5 * 1024 ** 3
/** As S3: an object that an upload makes. */
export const uploadBytesMax = 5 * 1024 ** 4
/** As S3: but for the last one. */
export const partBytesMin = 5 * 1024 * 1024
/** As S3. */
export const partNumberMax = 10_000
/** As S3: of an object. */
const objectTagsMax = 10
/** As S3: names and values of user-defined metadata together. */
const metadataBytesMax = 2 * 1024
/** HTTP servers take header lines of some kilobytes; no content type comes near. */
const headerBytesMax = 1024
/** As S3: one page of a listing. */
export const listLimitMax = 1_000

/** What the stores of our own refuse before anything is written. @throws {BucketError} with S3's codes */
export function checkNewObject(object: NewObject): void {
  checkNewVersion(object)
  if (object.body.length > objectBytesMax)
    throw new BucketError('EntityTooLarge', `an object has at most ${objectBytesMax} bytes, not ${object.body.length}`)
}

const headers = [
  'contentType',
  'contentEncoding',
  'contentLanguage',
  'contentDisposition',
  'cacheControl',
  'expires',
  'websiteRedirectLocation',
] as const satisfies (keyof VersionAttributes)[]

/** Nothing but the attributes, those that there are; metadata always. */
export function attributesOf(attributes: VersionAttributes): VersionAttributes {
  const present = headers.flatMap((name) => (attributes[name] === undefined ? [] : [[name, attributes[name]] as const]))
  return { ...Object.fromEntries(present), metadata: { ...attributes.metadata } }
}

/** What a new version or upload carries. @throws {BucketError} with S3's codes */
export function checkNewVersion(version: VersionPlace & VersionAttributes & VersionMarks): void {
  checkObjectPlace(version.bucket, version.key)
  const named: ObjectAttributes = { ...(version.metadata && { metadata: version.metadata }) }
  for (const header of headers) {
    const value = version[header]
    if (value === undefined) continue
    checkAttributes({ ...named, contentType: value })
    if (value.length > headerBytesMax)
      throw new BucketError('InvalidArgument', `a header of an object has at most ${headerBytesMax} bytes`)
  }
  checkAttributes(named)
  const metadata = Object.entries(version.metadata ?? {})
    .flat()
    .join('')
  if (metadata.length > metadataBytesMax)
    throw new BucketError('MetadataTooLarge', `metadata has at most ${metadataBytesMax} bytes, not ${metadata.length}`)
  if (Object.keys(version.tags ?? {}).length > objectTagsMax)
    throw new BucketError('BadRequest', `Object tags cannot be greater than ${objectTagsMax}`)
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
export function checkListing(options: {
  readonly prefix?: string
  readonly after?: string
  readonly afterPrefix?: string
  readonly limit?: number
}): {
  prefix: Buffer
  after: Buffer | undefined
  limit: number
} {
  const { prefix = '', after, afterPrefix, limit = listLimitMax } = options
  if (!Number.isInteger(limit) || limit < 1)
    throw new BucketError('InvalidArgument', `a page has 1 to ${listLimitMax} keys, not ${limit}`)
  // No key has a byte 0xff, so this comes behind all that begin with the prefix.
  const behind = afterPrefix === undefined ? undefined : Buffer.concat([listingBytes(afterPrefix), Buffer.from([0xff])])
  const starts = [after === undefined ? undefined : listingBytes(after), behind].filter((start) => start !== undefined)
  return {
    prefix: listingBytes(prefix),
    after: starts.sort((a, b) => Buffer.compare(b, a))[0],
    limit: Math.min(limit, listLimitMax),
  }
}
