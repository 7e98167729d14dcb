import type { BucketLocation } from '../bucket-location.ts'
import { SourceError } from '../validation/object-source.ts'
import { createS3Reader, type S3ReaderOptions } from '../validation/s3-reader.ts'
import { createS3Source } from '../validation/s3-source.ts'
import { elements, elementText } from '../xml-reader.ts'
import type { Entry, LogStore } from './log-store.ts'

/** The largest page: 1,000 keys of 1,024 bytes, percent-encoded, with their other fields. */
const pageBytesMax = 8 * 2 ** 20

/** A bucket, or what is below a prefix of it; a prefix that does not end in a slash is an object's key. */
export function openS3LogStore({ bucket, key }: BucketLocation, options: S3ReaderOptions): LogStore {
  const reader = createS3Reader(options)
  const cut = key.lastIndexOf('/') + 1
  const [start, only] = [key.slice(0, cut), key.slice(cut)]
  return {
    description: `s3://${bucket}`,
    start,
    ...(only !== '' && { only }),
    async *entries(folder) {
      for (let token: string | undefined; ;) {
        const query = {
          'list-type': '2',
          'encoding-type': 'url',
          delimiter: '/',
          prefix: folder,
          ...(token !== undefined && { 'continuation-token': token }),
        }
        const about = { operation: 'ListObjectsV2', bucket, query, options: { bytesMax: pageBytesMax } }
        const page = readPage((await reader.ask(about))?.body.toString() ?? '', folder)
        yield* page.entries
        token = page.nextToken
        if (token === undefined) return
      }
    },
    get: async (name, about) => (await reader.ask({ operation: 'GetObject', bucket, key: name, options: about }))?.body,
    objectSource: () => createS3Source(options),
    async close() {
      reader.close()
    },
  }
}

function readPage(xml: string, folder: string): { readonly entries: readonly Entry[]; readonly nextToken?: string } {
  const isTruncated = elementText(xml, 'IsTruncated')
  const nextToken = elementText(xml, 'NextContinuationToken')
  if (isTruncated === undefined || (isTruncated === 'true' && nextToken === undefined))
    throw new SourceError('ListObjectsV2: the answer does not say whether it is whole')
  const isEncoded = elementText(xml, 'EncodingType') === 'url'
  const nameOf = (element: string, tag: string): string => {
    const text = elementText(element, tag)
    if (text === undefined) throw new SourceError(`ListObjectsV2: the answer has an entry without its ${tag}`)
    return (isEncoded ? decoded(text) : text).slice(folder.length)
  }
  const folders = elements(xml, 'CommonPrefixes').map((element): Entry => ({
    kind: 'folder',
    name: nameOf(element, 'Prefix').replace(/\/$/, ''),
  }))
  const files = elements(xml, 'Contents').map((element): Entry => ({
    kind: 'file',
    name: nameOf(element, 'Key'),
    size: Number(elementText(element, 'Size')),
    version: elementText(element, 'ETag') ?? elementText(element, 'LastModified') ?? '',
  }))
  // A folder's own marker object has no name in it.
  const entries = [...folders, ...files.filter(({ name }) => name !== '')]
  return { entries, ...(isTruncated === 'true' && nextToken !== undefined && { nextToken }) }
}

/** Encoded as a form is: a space as `+`. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (cause) {
    throw new SourceError('ListObjectsV2: the answer has a key that is badly encoded', { cause })
  }
}
