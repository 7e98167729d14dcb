import type { ListedContent } from '../buckets/index.ts'
import { listFolded, type FoldedPage, type ListEntry } from './list-folded.ts'
import {
  checksumElements,
  commonParameters,
  countParameter,
  pageMax,
  type CommonParameters,
} from './list-parameters.ts'
import { ownerElement } from './owner.ts'
import { settingsOf, type S3Call, type S3Handler } from './s3-call.ts'
import { invalidArgument } from './s3-error.ts'
import { element, optional, xmlDocument, type Markup } from './xml.ts'

/** ListObjects and ListObjectsV2 (`list-type=2`). */
export const ListObjects: S3Handler = async (call) => {
  const asked = readParameters(call)
  const { prefix, delimiter, limit } = asked
  // A bucket that is not there is not there for nothing either.
  const page = limit === 0 ? await settingsOf(call).then(() => noEntries) : await pageOf(call, asked)
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

type Page = FoldedPage<ListedContent>
const noEntries: Page = { entries: [], isTruncated: false }

const pageOf = ({ objects, bucket }: S3Call, asked: ListParameters): Promise<Page> =>
  listFolded(async ({ last, ...page }) => {
    const after = last?.key ?? asked.after
    const { objects: items, isTruncated } = await objects.listObjects(bucket, {
      ...page,
      ...(after !== '' && { after }),
    })
    return { items, isTruncated }
  }, asked)

interface ListParameters extends CommonParameters {
  readonly version: 1 | 2
  readonly limit: number
  readonly after: string
  readonly marker: string
  readonly startAfter: string | undefined
  readonly continuationToken: string | undefined
  readonly withOwner: boolean
}

function readParameters(call: S3Call): ListParameters {
  const { parameter } = call
  const version = listVersion(parameter('list-type'))
  const continuationToken = version === 2 ? parameter('continuation-token') : undefined
  const startAfter = version === 2 ? parameter('start-after') : undefined
  const marker = version === 1 ? (parameter('marker') ?? '') : ''
  return {
    ...commonParameters(call),
    version,
    limit: countParameter(call, 'max-keys', pageMax),
    after: continuationToken === undefined ? (startAfter ?? marker) : openToken(continuationToken),
    marker,
    startAfter,
    continuationToken,
    withOwner: version === 1 || parameter('fetch-owner') === 'true',
  }
}

function listVersion(listType: string | undefined): 1 | 2 {
  if (listType === undefined) return 1
  if (listType === '2') return 2
  throw invalidArgument('list-type', listType, 'Invalid List Type specified in Request')
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

function versionTwo(asked: ListParameters, { entries, isTruncated }: Page): (Markup | undefined)[] {
  const last = entries.at(-1)
  return [
    optional('StartAfter', asked.startAfter === undefined ? undefined : asked.text(asked.startAfter)),
    optional('ContinuationToken', asked.continuationToken),
    optional('NextContinuationToken', isTruncated && last ? sealToken(last.name) : undefined),
    element('KeyCount', entries.length),
  ]
}

/** S3 names the next marker only where there is a delimiter; without one the last key is it. */
function versionOne(asked: ListParameters, { entries, isTruncated }: Page): (Markup | undefined)[] {
  const last = entries.at(-1)
  return [
    element('Marker', asked.text(asked.marker)),
    optional('NextMarker', isTruncated && last && asked.delimiter !== '' ? asked.text(last.name) : undefined),
  ]
}

function entryElement(entry: ListEntry<ListedContent>, { text, withOwner }: ListParameters, owner: string): Markup {
  if (entry.kind === 'prefix') return element('CommonPrefixes', [element('Prefix', text(entry.name))])
  const { key, lastModified, etag, size, checksum } = entry.item
  return element('Contents', [
    element('Key', text(key)),
    element('LastModified', new Date(lastModified).toISOString()),
    element('ETag', `"${etag}"`),
    ...checksumElements(checksum),
    element('Size', size),
    withOwner ? ownerElement(owner) : undefined,
    element('StorageClass', 'STANDARD'),
  ])
}
