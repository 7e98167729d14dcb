import type {
  Checksum,
  Encryption,
  StoredVersion,
  VersionAttributes,
  VersionHead,
  VersionMarks,
  WriteConditions,
} from '../buckets/index.ts'
import type { Exchange } from '../http/index.ts'
import { invalidRequest, type HeaderReader } from './request-body.ts'
import { invalidArgument, S3Error } from './s3-error.ts'

type Headers = Record<string, string>

const notImplemented = (what: string): S3Error =>
  new S3Error('NotImplemented', 501, `${what} is not built in this version of OpenTrail.`)

/** What no header can carry goes as S3 keeps it: an encoded word (RFC 2047). */
export const headerText = (text: string): string =>
  /^[\x20-\x7e\t]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text.toWellFormed()).toString('base64')}?=`

/** Header values are bytes to Node.js; clients mean UTF-8. */
const storedText = (value: string): string => headerText(Buffer.from(value, 'latin1').toString('utf8').trim())

const attributeHeaders = {
  contentType: 'content-type',
  contentEncoding: 'content-encoding',
  contentLanguage: 'content-language',
  contentDisposition: 'content-disposition',
  cacheControl: 'cache-control',
  expires: 'expires',
  websiteRedirectLocation: 'x-amz-website-redirect-location',
} as const satisfies Partial<Record<keyof VersionAttributes, string>>
type AttributeName = keyof typeof attributeHeaders
const attributeNames = Object.keys(attributeHeaders) as AttributeName[]

/** The headers that an object keeps, and its metadata. */
export function readAttributes(exchange: Exchange, header: HeaderReader): VersionAttributes {
  const kept = attributeNames.flatMap((name) => {
    const sent = header(attributeHeaders[name])
    const value = name === 'contentEncoding' ? withoutFraming(sent) : sent
    return value === undefined || value === '' ? [] : [[name, storedText(value)] as const]
  })
  readRedirect(header)
  return { ...Object.fromEntries(kept), metadata: readMetadata(exchange) }
}

/** @throws {S3Error} InvalidRedirectLocation */
export function readRedirect(header: HeaderReader): string | undefined {
  const location = header(attributeHeaders.websiteRedirectLocation)
  if (location === undefined || /^(?:\/|https?:\/\/)/.test(location)) return location
  throw new S3Error(
    'InvalidRedirectLocation',
    400,
    "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
  )
}

/** `aws-chunked` says how the body is sent, and is no property of the object. */
function withoutFraming(encoding: string | undefined): string | undefined {
  const kept = encoding?.split(',').filter((word) => word.trim().toLowerCase() !== 'aws-chunked')
  return kept?.join(',').trim()
}

const metadataPrefix = 'x-amz-meta-'

function readMetadata({ incoming, query }: Exchange): Headers {
  const sent = Object.entries(incoming.headersDistinct)
    .filter(([name]) => name.startsWith(metadataPrefix))
    .map(([name, values]) => [name.slice(metadataPrefix.length), storedText((values ?? []).join(','))] as const)
  // A presigned request may have it in its query.
  const presigned = [...new URLSearchParams(query)]
    .filter(([name]) => name.toLowerCase().startsWith(metadataPrefix))
    .map(([name, value]) => [name.slice(metadataPrefix.length).toLowerCase(), headerText(value)] as const)
  return Object.fromEntries([...presigned, ...sent])
}

export function attributeResponse(attributes: VersionAttributes): Headers {
  const { metadata = {}, contentType = 'binary/octet-stream' } = attributes
  const kept = attributeNames.flatMap((name) => {
    const value = name === 'contentType' ? contentType : attributes[name]
    return value === undefined ? [] : [[responseNames[name], headerText(value)] as const]
  })
  const own = Object.entries(metadata).map(([name, value]) => [metadataPrefix + name, headerText(value)] as const)
  return Object.fromEntries([...kept, ...own])
}
const responseNames: Readonly<Record<AttributeName, string>> = {
  contentType: 'Content-Type',
  contentEncoding: 'Content-Encoding',
  contentLanguage: 'Content-Language',
  contentDisposition: 'Content-Disposition',
  cacheControl: 'Cache-Control',
  expires: 'Expires',
  websiteRedirectLocation: 'x-amz-website-redirect-location',
}

const algorithmHeader = 'x-amz-server-side-encryption'
const keyHeader = `${algorithmHeader}-aws-kms-key-id`
const bucketKeyHeader = `${algorithmHeader}-bucket-key-enabled`

/** Undefined: as the bucket says. @throws {S3Error} */
export function readEncryption(header: HeaderReader): Encryption | undefined {
  refuseCustomerKeys(header)
  const algorithm = header(algorithmHeader)
  const keyId = header(keyHeader)
  if (algorithm === 'aws:kms') {
    if (header(`${algorithmHeader}-context`) !== undefined)
      throw notImplemented('An encryption context of the caller (x-amz-server-side-encryption-context)')
    return {
      kind: 'aws:kms',
      ...(keyId !== undefined && { keyId }),
      ...(header(bucketKeyHeader)?.toLowerCase() === 'true' && { bucketKey: true }),
    }
  }
  if (keyId !== undefined)
    throw invalidArgument(
      keyHeader,
      keyId,
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
    )
  if (algorithm === undefined) return undefined
  if (algorithm === 'aws:kms:dsse') throw notImplemented('Dual-layer encryption (aws:kms:dsse)')
  if (algorithm !== 'AES256')
    throw invalidArgument(algorithmHeader, algorithm, 'The encryption method specified is not supported')
  return { kind: 'AES256' }
}

/** SSE-C. @throws {S3Error} NotImplemented: to take the object without would be to keep it as the caller did not want. */
export function refuseCustomerKeys(header: HeaderReader): void {
  for (const prefix of ['x-amz-', 'x-amz-copy-source-'])
    if (header(`${prefix}server-side-encryption-customer-algorithm`) !== undefined)
      throw notImplemented('Encryption with keys of the customer (SSE-C)')
}

export const encryptionResponse = (encryption: Encryption): Headers => ({
  [algorithmHeader]: encryption.kind,
  ...(encryption.kind === 'aws:kms' && encryption.keyId !== undefined && { [keyHeader]: encryption.keyId }),
  ...(encryption.kind === 'aws:kms' && encryption.bucketKey && { [bucketKeyHeader]: 'true' }),
})

export const checksumResponse = ({ algorithm, value }: Checksum): Headers => ({
  [`x-amz-checksum-${algorithm.toLowerCase()}`]: value,
  'x-amz-checksum-type': checksumType(value),
})
export const checksumType = (value: string): string => (value.includes('-') ? 'COMPOSITE' : 'FULL_OBJECT')

/** As in the answer to a put. */
export const storedResponse = ({ etag, versionId, checksum, encryption }: StoredVersion): Headers => ({
  ETag: `"${etag}"`,
  ...(versionId !== undefined && { 'x-amz-version-id': versionId }),
  ...encryptionResponse(encryption),
  ...(checksum && checksumResponse(checksum)),
})

/** Tags, retention and legal hold that a new object is to have. @throws {S3Error} */
export function readMarks(header: HeaderReader): VersionMarks {
  const tagging = header('x-amz-tagging')
  const mode = header('x-amz-object-lock-mode')
  const until = header('x-amz-object-lock-retain-until-date')
  const hold = header('x-amz-object-lock-legal-hold')
  if ((mode === undefined) !== (until === undefined))
    throw invalidArgument(
      mode === undefined ? 'x-amz-object-lock-mode' : 'x-amz-object-lock-retain-until-date',
      'null',
      'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
    )
  const tags = tagging === undefined ? {} : readTagSet(tagging)
  return {
    ...(Object.keys(tags).length > 0 && { tags }),
    ...(mode !== undefined &&
      until !== undefined && { retention: { mode: retentionMode(mode), until: lockDate(until) } }),
    ...(hold !== undefined && { isLegallyHeld: legalHold(hold) }),
  }
}

function retentionMode(mode: string): 'GOVERNANCE' | 'COMPLIANCE' {
  if (mode === 'GOVERNANCE' || mode === 'COMPLIANCE') return mode
  throw invalidArgument('x-amz-object-lock-mode', mode, 'Unknown wormMode directive.')
}

function legalHold(hold: string): boolean {
  if (hold === 'ON' || hold === 'OFF') return hold === 'ON'
  throw invalidArgument('x-amz-object-lock-legal-hold', hold, "Legal Hold must be either of 'ON' or 'OFF'")
}

/** ISO 8601 with a time zone. @throws {S3Error} InvalidArgument */
export function lockDate(text: string): number {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN
  if (Number.isNaN(time))
    throw invalidArgument(
      'x-amz-object-lock-retain-until-date',
      text,
      'The retain until date must be provided in ISO 8601 format',
    )
  return time
}

/** As S3: what tags are made of. */
const tagCharacters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

export function checkTag(name: string, value: string): void {
  const [isNameFine, isValueFine] = [name, value].map((text) => tagCharacters.test(text))
  if (!isNameFine || name === '' || name.length > 128)
    throw new S3Error('InvalidTag', 400, 'The TagKey you have provided is invalid')
  if (!isValueFine || value.length > 256)
    throw new S3Error('InvalidTag', 400, 'The TagValue you have provided is invalid')
}

export const tagsMax = 10
export const tooManyTags = (): S3Error =>
  new S3Error('BadRequest', 400, `Object tags cannot be greater than ${tagsMax}`)

/** `a=b&c=d`, escaped. @throws {S3Error} InvalidArgument, InvalidTag, BadRequest */
export function readTagSet(header: string): Record<string, string> {
  const tags = new Map<string, string>()
  for (const pair of header.split('&')) {
    if (pair === '') continue
    const [name, value = ''] = pair.split(/=(.*)/s).map((part) => unescapedTag(part, header))
    if (name === '' || tags.has(name!)) throw badTagging(header)
    checkTag(name!, value)
    tags.set(name!, value)
  }
  if (tags.size > tagsMax) throw tooManyTags()
  return Object.fromEntries(tags)
}

function unescapedTag(text: string, header: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw badTagging(header)
  }
}

const badTagging = (header: string): S3Error =>
  invalidArgument(
    'x-amz-tagging',
    header,
    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
  )

export const marksResponse = ({ tags, retention, isLegallyHeld }: VersionHead['marks']): Headers => ({
  ...(tags && Object.keys(tags).length > 0 && { 'x-amz-tagging-count': String(Object.keys(tags).length) }),
  ...(retention && {
    'x-amz-object-lock-mode': retention.mode,
    'x-amz-object-lock-retain-until-date': new Date(retention.until).toISOString(),
  }),
  ...(isLegallyHeld !== undefined && { 'x-amz-object-lock-legal-hold': isLegallyHeld ? 'ON' : 'OFF' }),
})

/** Conditions of a write: `If-None-Match: *`, `If-Match: <etag>`. @throws {S3Error} NotImplemented */
export function readWriteConditions(header: HeaderReader): WriteConditions {
  const ifNoneMatch = header('if-none-match')
  const ifMatch = header('if-match')
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*')
    throw new S3Error('NotImplemented', 501, 'A header you provided implies functionality that is not implemented', {
      details: { Header: 'If-None-Match', additionalMessage: 'If-None-Match takes * alone' },
    })
  if (ifMatch !== undefined && ifNoneMatch !== undefined)
    throw new S3Error('NotImplemented', 501, 'A header you provided implies functionality that is not implemented', {
      details: {
        Header: 'If-Match,If-None-Match',
        additionalMessage: 'Multiple conditional request headers present in the request',
      },
    })
  return {
    ...(ifNoneMatch !== undefined && { onlyIfAbsent: true }),
    ...(ifMatch !== undefined && { onlyIfEtag: withoutQuotes(ifMatch) }),
  }
}

export const withoutQuotes = (etag: string): string => etag.trim().replace(/^"(.*)"$/, '$1')

const privateAcls = new Set(['private', 'bucket-owner-full-control', 'bucket-owner-read'])
const otherAcls = new Set([
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'log-delivery-write',
])

/** There are no ACLs but the one that all owners have. @throws {S3Error} */
export function checkAcl(header: HeaderReader): void {
  const acl = header('x-amz-acl')
  const grants = ['full-control', 'read', 'read-acp', 'write', 'write-acp'].map((grant) =>
    header(`x-amz-grant-${grant}`),
  )
  if ((acl === undefined || privateAcls.has(acl)) && grants.every((grant) => grant === undefined)) return
  if (acl !== undefined && !otherAcls.has(acl)) throw invalidArgument('x-amz-acl', acl, 'Unknown canned ACL')
  throw aclsNotSupported()
}
export const aclsNotSupported = (): S3Error =>
  new S3Error('AccessControlListNotSupported', 400, 'The bucket does not allow ACLs')

/** @throws {S3Error} InvalidStorageClass */
export function checkStorageClass(header: HeaderReader): void {
  const storageClass = header('x-amz-storage-class')
  if (storageClass !== undefined && storageClass !== 'STANDARD')
    throw new S3Error(
      'InvalidStorageClass',
      400,
      'The storage class you specified is not valid; STANDARD is the only one here',
    )
}

/** Whoever locks an object has to make sure that it is the right one. @throws {S3Error} InvalidRequest */
export function checkLockedBody(marks: VersionMarks, hasDigest: boolean): void {
  if ((marks.retention || marks.isLegallyHeld) && !hasDigest)
    throw invalidRequest(
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    )
}
