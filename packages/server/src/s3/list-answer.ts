import type { AccountId } from '@opentrail/core/event'
import type { BucketStore } from '../buckets/index.ts'
import type { Answer } from '../http/index.ts'
import { listObjects, type ListEntry, type ListPage } from './list-objects.ts'
import { ownerElement } from './owner.ts'
import { invalidArgument } from './s3-error.ts'
import { element, optional, urlEncoded, xmlDocument, type Markup } from './xml.ts'

/** S3's page size: asked for more, it still answers with so many. */
const keysMax = 1_000

export interface ListCall {
  readonly bucket: string
  readonly owner: AccountId
  readonly parameters: ReadonlyMap<string, string>
}

/** ListObjects and ListObjectsV2 (`list-type=2`). @throws {S3Error} InvalidArgument; BucketError */
export async function answerList(store: BucketStore, call: ListCall): Promise<Answer> {
  const asked = readParameters(call.parameters)
  const { prefix, delimiter, limit } = asked
  const page =
    limit === 0
      ? { entries: [], isTruncated: false }
      : await listObjects(store, { bucket: call.bucket, prefix, delimiter, after: asked.after, limit })
  // A bucket that is not there is not there for nothing either.
  if (limit === 0) await store.headBucket(call.bucket)
  const content = [
    element('Name', call.bucket),
    element('Prefix', asked.text(prefix)),
    ...(asked.version === 2 ? versionTwo(asked, page) : versionOne(asked, page)),
    element('MaxKeys', limit),
    delimiter === '' ? undefined : element('Delimiter', asked.text(delimiter)),
    optional('EncodingType', asked.encodingType),
    element('IsTruncated', page.isTruncated),
    ...page.entries.map((entry) => entryElement(entry, asked, call.owner)),
  ]
  return { status: 200, headers: { 'Content-Type': 'application/xml' }, body: xmlDocument('ListBucketResult', content) }
}

interface ListParameters {
  readonly version: 1 | 2
  readonly prefix: string
  readonly delimiter: string
  readonly limit: number
  readonly after: string
  readonly marker: string
  readonly startAfter: string | undefined
  readonly continuationToken: string | undefined
  readonly encodingType: 'url' | undefined
  readonly withOwner: boolean
  /** Names as the answer writes them. */
  text(name: string): string
}

function readParameters(parameters: ReadonlyMap<string, string>): ListParameters {
  const version = listVersion(parameters.get('list-type'))
  const encoding = parameters.get('encoding-type')
  if (encoding !== undefined && encoding !== 'url')
    throw invalidArgument('encoding-type', encoding, 'Invalid Encoding Method specified in Request')
  const continuationToken = version === 2 ? parameters.get('continuation-token') : undefined
  const startAfter = version === 2 ? parameters.get('start-after') : undefined
  const marker = version === 1 ? (parameters.get('marker') ?? '') : ''
  return {
    version,
    prefix: parameters.get('prefix') ?? '',
    delimiter: parameters.get('delimiter') ?? '',
    limit: keyCount(parameters.get('max-keys')),
    after: continuationToken === undefined ? (startAfter ?? marker) : openToken(continuationToken),
    marker,
    startAfter,
    continuationToken,
    encodingType: encoding,
    withOwner: version === 1 || parameters.get('fetch-owner') === 'true',
    text: encoding === 'url' ? urlEncoded : (name) => name,
  }
}

function listVersion(listType: string | undefined): 1 | 2 {
  if (listType === undefined) return 1
  if (listType === '2') return 2
  throw invalidArgument('list-type', listType, 'Invalid List Type specified in Request')
}

function keyCount(text: string | undefined): number {
  if (text === undefined || text === '') return keysMax
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(number <= 2_147_483_647))
    throw invalidArgument('max-keys', text, 'Provided max-keys not an integer or within integer range')
  return Math.min(number, keysMax)
}

/** Opaque to clients; it holds nothing but the name it goes on after, so it needs no seal. */
const sealToken = (after: string): string => Buffer.from(after).toString('base64url')

function openToken(token: string): string {
  const after = Buffer.from(token, 'base64url').toString()
  // What we did not make does not come back as it was.
  if (token === '' || sealToken(after) !== token)
    throw invalidArgument('continuation-token', token, 'The continuation token provided is incorrect')
  return after
}

function versionTwo(asked: ListParameters, { entries, isTruncated }: ListPage): (Markup | undefined)[] {
  const last = entries.at(-1)
  return [
    optional('StartAfter', asked.startAfter === undefined ? undefined : asked.text(asked.startAfter)),
    optional('ContinuationToken', asked.continuationToken),
    optional('NextContinuationToken', isTruncated && last ? sealToken(last.name) : undefined),
    element('KeyCount', entries.length),
  ]
}

/** S3 names the next marker only where there is a delimiter; without one the last key is it. */
function versionOne(asked: ListParameters, { entries, isTruncated }: ListPage): (Markup | undefined)[] {
  const last = entries.at(-1)
  return [
    element('Marker', asked.text(asked.marker)),
    optional('NextMarker', isTruncated && last && asked.delimiter !== '' ? asked.text(last.name) : undefined),
  ]
}

function entryElement(entry: ListEntry, { text, withOwner }: ListParameters, owner: AccountId): Markup {
  if (entry.kind === 'prefix') return element('CommonPrefixes', [element('Prefix', text(entry.name))])
  const { key, lastModified, etag, size } = entry.object
  return element('Contents', [
    element('Key', text(key)),
    element('LastModified', new Date(lastModified).toISOString()),
    element('ETag', `"${etag}"`),
    element('Size', size),
    withOwner ? ownerElement(owner) : undefined,
    element('StorageClass', 'STANDARD'),
  ])
}
