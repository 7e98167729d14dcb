import type { OpenObject, VersionHead } from '../buckets/index.ts'
import { judgeConditions } from './conditions.ts'
import {
  checkAcl,
  checkStorageClass,
  checksumType,
  encryptionResponse,
  readAttributes,
  readEncryption,
  readMarks,
  readRedirect,
  readWriteConditions,
  refuseCustomerKeys,
} from './object-headers.ts'
import { authoriseMarks } from './put-object.ts'
import { invalidRequest, putBytesMax, readAlgorithm } from './request-body.ts'
import type { ObjectPlace, S3Call, S3Handler } from './s3-call.ts'
import { accessDenied, invalidArgument, S3Error } from './s3-error.ts'
import { element, xmlDocument } from './xml.ts'
import type { ByteRange } from './byte-range.ts'

export const CopyObject: S3Handler = (call) =>
  fromSource(call, async (source, object) => {
    const { bucket, key, header, objects, user } = call
    const { head } = object
    checkAcl(header)
    checkStorageClass(header)
    if (head.size > putBytesMax) throw tooLargeToCopy()
    const takesTags = directive(call, 'x-amz-tagging-directive') === 'COPY'
    const attributes =
      directive(call, 'x-amz-metadata-directive') === 'REPLACE' ? readAttributes(call.exchange, header) : head
    const encryption = readEncryption(header)
    checkIsChange(call, source, attributes !== head || encryption !== undefined)
    const marks = await copiedMarks(call, source, head, takesTags)
    const algorithm = readAlgorithm(header('x-amz-checksum-algorithm')) ?? head.checksum?.algorithm
    const { contentType, contentEncoding, contentLanguage, contentDisposition, cacheControl, expires, metadata } =
      attributes
    const websiteRedirectLocation = readRedirect(header)
    const stored = await objects.putObject(
      {
        bucket,
        key,
        ...(contentType !== undefined && { contentType }),
        ...(contentEncoding !== undefined && { contentEncoding }),
        ...(contentLanguage !== undefined && { contentLanguage }),
        ...(contentDisposition !== undefined && { contentDisposition }),
        ...(cacheControl !== undefined && { cacheControl }),
        ...(expires !== undefined && { expires }),
        ...(websiteRedirectLocation !== undefined && { websiteRedirectLocation }),
        ...(metadata && { metadata }),
        ...readWriteConditions(header),
        ...marks,
        ...(encryption && { encryption }),
        expected: { size: head.size, ...(algorithm && { checksum: { algorithm, value: () => undefined } }) },
        user,
      },
      object.read({ from: 0, to: head.size }),
    )
    const { checksum, etag, lastModified, versionId } = stored
    const result = [
      element('LastModified', new Date(lastModified).toISOString()),
      element('ETag', `"${etag}"`),
      checksum && element(`Checksum${checksum.algorithm}`, checksum.value),
      checksum && element('ChecksumType', checksumType(checksum.value)),
    ]
    const headers = {
      'Content-Type': 'application/xml',
      ...encryptionResponse(stored.encryption),
      ...(versionId !== undefined && { 'x-amz-version-id': versionId }),
      ...(head.versionId !== undefined && { 'x-amz-copy-source-version-id': head.versionId }),
    }
    return { status: 200, headers, body: xmlDocument('CopyObjectResult', result) }
  })

/** Opens what a copy is made of, for a caller who may read it, if it is as the caller wants it. */
export async function fromSource<Result>(
  call: S3Call,
  use: (source: ObjectPlace, object: OpenObject) => Promise<Result>,
): Promise<Result> {
  refuseCustomerKeys(call.header)
  const source = readCopySource(call.header('x-amz-copy-source') ?? '')
  await call.authorise(source.versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion', source)
  const expectedOwner = call.header('x-amz-source-expected-bucket-owner')
  const { description } = await call.objects.settings(source.bucket)
  if (expectedOwner !== undefined && expectedOwner !== description.owner) throw accessDenied('Access Denied')
  const object = await call.objects.openObject({ ...source, user: call.user })
  try {
    if (judgeConditions(object.head, (name) => call.header(`x-amz-copy-source-${name}`)) !== 'met')
      throw new S3Error('PreconditionFailed', 412, 'At least one of the pre-conditions you specified did not hold')
    return await use(source, object)
  } finally {
    await object.close()
  }
}

/** `bucket/key?versionId=...`, escaped, with or without a slash in front. @throws {S3Error} InvalidArgument */
export function readCopySource(header: string): ObjectPlace {
  const fault = (message: string) => invalidArgument('x-amz-copy-source', header, message)
  const [, path = '', versionId] = /^\/?(.*?)(?:\?versionId=([^&]*))?$/s.exec(header) ?? []
  const slash = path.indexOf('/') < 0 ? path.search(/%2f/i) : path.indexOf('/')
  if (slash < 1) throw fault('Copy Source must mention the source bucket and key: sourcebucket/sourcekey')
  const width = path[slash] === '/' ? 1 : 3
  try {
    const [bucket, key] = [decodeURIComponent(path.slice(0, slash)), decodeURIComponent(path.slice(slash + width))]
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) throw fault('Invalid copy source bucket name')
    if (key === '') throw fault('Copy Source must mention the source bucket and key: sourcebucket/sourcekey')
    return { bucket, key, ...(versionId !== undefined && { versionId: decodeURIComponent(versionId) }) }
  } catch (error) {
    if (error instanceof URIError) throw fault('Invalid copy source encoding.')
    throw error
  }
}

function directive(call: S3Call, name: string): 'COPY' | 'REPLACE' {
  const text = call.header(name) ?? 'COPY'
  if (text === 'COPY' || text === 'REPLACE') return text
  throw invalidArgument(name, text, `Unknown ${name.includes('tagging') ? 'tagging' : 'metadata'} directive.`)
}

function checkIsChange(call: S3Call, { bucket, key, versionId }: ObjectPlace, changes: boolean): void {
  if (changes || bucket !== call.bucket || key !== call.key || versionId !== undefined) return
  if (call.header('x-amz-storage-class') !== undefined || call.header('x-amz-website-redirect-location') !== undefined)
    return
  throw invalidRequest(
    'This copy request is illegal because it is trying to copy an object to itself without changing the ' +
      "object's metadata, storage class, website redirect location or encryption attributes.",
  )
}

/** Retention and legal hold are never copied; tags are, unless others are sent. */
async function copiedMarks(call: S3Call, source: ObjectPlace, { marks }: VersionHead, takesTags: boolean) {
  const { tags: sent, ...locks } = readMarks(call.header)
  await authoriseMarks(call, locks)
  if (!takesTags) {
    if (sent) await call.authorise('s3:PutObjectTagging')
    return { ...locks, ...(sent && { tags: sent }) }
  }
  if (!marks.tags || Object.keys(marks.tags).length === 0) return locks
  await call.authorise(source.versionId === undefined ? 's3:GetObjectTagging' : 's3:GetObjectVersionTagging', source)
  await call.authorise('s3:PutObjectTagging')
  return { ...locks, tags: marks.tags }
}

const tooLargeToCopy = (): S3Error =>
  invalidRequest(
    `The specified copy source is larger than the maximum allowable size for a copy source: ${putBytesMax}`,
  )

/** `bytes=first-last`, both there and within the source. @throws {S3Error} */
export function readCopyRange(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) {
    if (size > putBytesMax) throw tooLargeToCopy()
    return undefined
  }
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header) ?? []
  const range = { first: Number(first), last: Number(last) }
  if (first === undefined || range.first > range.last)
    throw invalidArgument(
      'x-amz-copy-source-range',
      header,
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
    )
  if (range.last >= size)
    throw invalidArgument(
      'x-amz-copy-source-range',
      header,
      `Range specified is not valid for source object of size: ${size}`,
    )
  if (range.last - range.first >= putBytesMax) throw tooLargeToCopy()
  return range
}
