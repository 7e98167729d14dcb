import { elements, elementText } from '../xml-reader.ts'
import { SourceError, type ObjectSource } from './object-source.ts'
import { createS3Reader, type S3ReaderOptions } from './s3-reader.ts'

/** The largest page: 1,000 keys of 1,024 bytes, percent-encoded, with their other fields. */
const pageBytesMax = 8 * 2 ** 20
const metadataStart = 'x-amz-meta-'

/** Buckets over S3's protocol, each asked in its own Region. */
export function createS3Source(options: S3ReaderOptions): ObjectSource {
  const reader = createS3Reader(options)
  return {
    description: options.endpoint ?? 'S3 of AWS',
    async get({ bucket, key }, about) {
      const answer = await reader.ask({ operation: 'GetObject', bucket, key, options: about })
      if (!answer) return undefined
      const own = Object.entries(answer.headers).filter(([name]) => name.startsWith(metadataStart))
      const metadata = Object.fromEntries(own.map(([name, value]) => [name.slice(metadataStart.length), value]))
      return { body: answer.body, metadata }
    },
    async *list(bucket, prefix, after) {
      for (let last = after; ;) {
        const query = {
          'list-type': '2',
          'encoding-type': 'url',
          prefix,
          ...(last !== undefined && { 'start-after': last }),
        }
        const question = { operation: 'ListObjectsV2', bucket, query, options: { bytesMax: pageBytesMax } }
        const answer = await reader.ask(question)
        const page = readPage(answer?.body.toString() ?? '')
        yield* page.keys
        last = page.keys.at(-1)
        if (!page.isTruncated || last === undefined) return
      }
    },
    async close() {
      reader.close()
    },
  }
}

function readPage(xml: string): { keys: string[]; isTruncated: boolean } {
  const isTruncated = elementText(xml, 'IsTruncated')
  if (isTruncated === undefined) throw new SourceError('ListObjectsV2: the answer does not say whether it is whole')
  const isEncoded = elementText(xml, 'EncodingType') === 'url'
  const keys = elements(xml, 'Contents').map((object) => {
    const key = elementText(object, 'Key')
    if (key === undefined) throw new SourceError('ListObjectsV2: the answer names an object without a key')
    return isEncoded ? decodedKey(key) : key
  })
  return { keys, isTruncated: isTruncated === 'true' }
}

/** Encoded as a form is: a space as `+`. */
function decodedKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '))
  } catch (cause) {
    throw new SourceError('ListObjectsV2: the answer has a key that is badly encoded', { cause })
  }
}
