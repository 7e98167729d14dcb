import type { ListedVersion } from '../buckets/index.ts'
import { listFolded, type ListEntry } from './list-folded.ts'
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

export const ListObjectVersions: S3Handler = async (call) => {
  const common = commonParameters(call)
  const { prefix, delimiter, text } = common
  const limit = countParameter(call, 'max-keys', pageMax)
  const keyMarker = call.parameter('key-marker') ?? ''
  const versionMarker = call.parameter('version-id-marker') ?? ''
  if (versionMarker !== '' && keyMarker === '')
    throw invalidArgument(
      'version-id-marker',
      versionMarker,
      'A version-id marker cannot be specified without a key marker.',
    )
  const marker = { key: keyMarker, versionId: versionMarker }
  await settingsOf(call)
  const page = limit === 0 ? { entries: [], isTruncated: false } : await pageOf(call, common, marker, limit)
  const last = page.isTruncated ? page.entries.at(-1) : undefined
  const content = [
    element('Name', call.bucket),
    element('Prefix', text(prefix)),
    element('KeyMarker', text(keyMarker)),
    element('VersionIdMarker', versionMarker),
    optional('NextKeyMarker', last && text(last.name)),
    optional('NextVersionIdMarker', last?.kind === 'item' ? last.item.versionId : undefined),
    element('MaxKeys', limit),
    delimiter === '' ? undefined : element('Delimiter', text(delimiter)),
    optional('EncodingType', common.encodingType),
    element('IsTruncated', page.isTruncated),
    ...page.entries.map((entry) => entryElement(entry, common, call.owner)),
  ]
  return {
    status: 200,
    headers: { 'Content-Type': 'application/xml' },
    body: xmlDocument('ListVersionsResult', content),
  }
}

const pageOf = (
  { objects, bucket }: S3Call,
  { prefix, delimiter }: CommonParameters,
  marker: { readonly key: string; readonly versionId: string },
  limit: number,
) =>
  listFolded<ListedVersion>(
    async ({ last, ...page }) => {
      const { key: after, versionId: afterVersion } = last ?? marker
      const { versions: items, isTruncated } = await objects.listVersions(bucket, {
        ...page,
        ...(after !== '' && { after }),
        ...(after !== '' && afterVersion !== '' && { afterVersion }),
      })
      return { items, isTruncated }
    },
    { prefix, delimiter, after: marker.versionId === '' ? marker.key : '', limit },
  )

function entryElement(entry: ListEntry<ListedVersion>, { text }: CommonParameters, owner: string): Markup {
  if (entry.kind === 'prefix') return element('CommonPrefixes', [element('Prefix', text(entry.name))])
  const { key, versionId, isLatest, isDeleteMarker, lastModified, etag, size, checksum } = entry.item
  const named = [element('Key', text(key)), element('VersionId', versionId), element('IsLatest', isLatest)]
  const time = element('LastModified', new Date(lastModified).toISOString())
  if (isDeleteMarker) return element('DeleteMarker', [...named, time, ownerElement(owner)])
  return element('Version', [
    ...named,
    time,
    element('ETag', `"${etag}"`),
    ...checksumElements(checksum),
    element('Size', size),
    element('StorageClass', 'STANDARD'),
    ownerElement(owner),
  ])
}
