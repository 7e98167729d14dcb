import type { ListedUpload } from '../buckets/index.ts'
import { listFolded } from './list-folded.ts'
import { commonParameters, countParameter, pageMax } from './list-parameters.ts'
import { ownersOf } from './owner.ts'
import { settingsOf, type S3Handler } from './s3-call.ts'
import { element, optional, xmlDocument } from './xml.ts'

const uploadIdForm = /^[0-9a-f]{32}$/

export const ListMultipartUploads: S3Handler = async (call) => {
  const common = commonParameters(call)
  const { prefix, delimiter, text } = common
  const limit = countParameter(call, 'max-uploads', pageMax)
  const keyMarker = call.parameter('key-marker') ?? ''
  const idMarker = call.parameter('upload-id-marker') ?? ''
  // As S3: without a key it counts for nothing. One of nobody's making is behind no upload.
  const from = { key: keyMarker, uploadId: keyMarker !== '' && uploadIdForm.test(idMarker) ? idMarker : '' }
  await settingsOf(call)
  const question = { prefix, delimiter, after: from.uploadId === '' ? keyMarker : '', limit }
  const page =
    limit === 0
      ? { entries: [], isTruncated: false }
      : await listFolded<ListedUpload>(async ({ last, ...asked }) => {
          const { key: after, uploadId: afterUpload } = last ?? from
          const { uploads: items, isTruncated } = await call.objects.listUploads(call.bucket, {
            ...asked,
            ...(after !== '' && { after }),
            ...(after !== '' && afterUpload !== '' && { afterUpload }),
          })
          return { items, isTruncated }
        }, question)
  const last = page.isTruncated ? page.entries.at(-1) : undefined
  const content = [
    element('Bucket', call.bucket),
    element('KeyMarker', text(keyMarker)),
    element('UploadIdMarker', idMarker),
    optional('NextKeyMarker', last && text(last.name)),
    optional('NextUploadIdMarker', last?.kind === 'item' ? last.item.uploadId : undefined),
    element('Prefix', text(prefix)),
    delimiter === '' ? undefined : element('Delimiter', text(delimiter)),
    optional('EncodingType', common.encodingType),
    element('MaxUploads', limit),
    element('IsTruncated', page.isTruncated),
    ...page.entries.map((entry) =>
      entry.kind === 'prefix'
        ? element('CommonPrefixes', [element('Prefix', text(entry.name))])
        : element('Upload', [
            element('Key', text(entry.item.key)),
            element('UploadId', entry.item.uploadId),
            ...ownersOf(call),
            element('StorageClass', 'STANDARD'),
            element('Initiated', new Date(entry.item.initiated).toISOString()),
            optional('ChecksumAlgorithm', entry.item.checksumAlgorithm),
            optional('ChecksumType', entry.item.checksumType),
          ]),
    ),
  ]
  return {
    status: 200,
    headers: { 'Content-Type': 'application/xml' },
    body: xmlDocument('ListMultipartUploadsResult', content),
  }
}
