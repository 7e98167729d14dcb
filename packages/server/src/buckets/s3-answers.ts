import type { HeadObjectOutput, ListObjectsV2Output, PutObjectOutput } from '@aws-sdk/client-s3'
import { BucketError, type ListedObject, type ObjectAttributes, type ObjectHead } from './bucket-store.ts'
import type { ExchangeAnswer } from './s3-exchange.ts'

/** An answer that S3 would not give. For a put this leaves open what was stored. */
export const invalidResponse = (text: string, isOutcomeUnknown = false): BucketError =>
  new BucketError('InvalidResponse', text, { isOutcomeUnknown })

const withoutQuotes = (etag: string): string => etag.replace(/^(?:W\/)?"(.*)"$/, '$1')

/**
 * The ETag of an object that was just put. Where it is an MD5, it has to be the body's: that of one put without KMS is, and another
 * one says that the store has something else.
 */
export function storedEtag({ ETag }: PutObjectOutput, { headers }: ExchangeAnswer, md5: Buffer): string {
  if (ETag === undefined || ETag === '') throw invalidResponse('the answer to PutObject has no ETag', true)
  const etag = withoutQuotes(ETag)
  const hasOwnKey =
    (headers['x-amz-server-side-encryption'] ?? '').startsWith('aws:kms') ||
    headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined
  if (!hasOwnKey && /^[0-9a-f]{32}$/i.test(etag) && etag.toLowerCase() !== md5.toString('hex'))
    throw invalidResponse(`the store answers with the MD5 ${etag} for a body of MD5 ${md5.toString('hex')}`, true)
  return etag
}

export function objectHead(key: string, output: HeadObjectOutput, size: number | undefined): ObjectHead {
  const { ETag, LastModified } = output
  if (ETag === undefined || LastModified === undefined || size === undefined)
    throw invalidResponse(`the answer for ${key} has no ETag, Last-Modified or Content-Length`)
  return { key, size, etag: withoutQuotes(ETag), lastModified: LastModified.getTime(), ...attributes(output) }
}

function attributes({ ContentType, ContentEncoding, Metadata }: HeadObjectOutput): ObjectAttributes {
  return {
    ...(ContentType !== undefined && { contentType: ContentType }),
    ...(ContentEncoding !== undefined && { contentEncoding: ContentEncoding }),
    ...(Metadata !== undefined && Object.keys(Metadata).length > 0 && { metadata: Metadata }),
  }
}

/** One page, its keys decoded where the store has encoded them as asked: a key may hold what XML cannot. */
export function listedPage(output: ListObjectsV2Output): { objects: ListedObject[]; isTruncated: boolean } {
  const { Contents = [], IsTruncated, EncodingType } = output
  if (IsTruncated === undefined) throw invalidResponse('the answer to ListObjectsV2 does not say whether it is whole')
  const objects = Contents.map(({ Key, Size, ETag, LastModified }) => {
    if (Key === undefined || Size === undefined || LastModified === undefined)
      throw invalidResponse('the answer to ListObjectsV2 names an object without key, size or date')
    const key = EncodingType === 'url' ? decodedKey(Key) : Key
    return { key, size: Size, etag: withoutQuotes(ETag ?? ''), lastModified: LastModified.getTime() }
  })
  return { objects, isTruncated: IsTruncated }
}

/** Encoded as a form is: a space as `+`. */
function decodedKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '))
  } catch (error) {
    throw new BucketError('InvalidResponse', 'the answer to ListObjectsV2 has a key that is badly encoded', {
      cause: error,
    })
  }
}
