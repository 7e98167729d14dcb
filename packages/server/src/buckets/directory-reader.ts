import { BucketError, type BucketStore } from './bucket-store.ts'
import { layoutOf } from './directory-parts.ts'
import { inlineKey, noValue, type ObjectRecord } from './directory-records.ts'
import type { IndexReader } from './object-index.ts'
import { checkObjectPlace } from './object-limits.ts'
import type { ObjectUser, OpenObject, OpenRequest, VersionPlace } from './object-store.ts'
import { readContent, type StoredContent } from './sealed-content.ts'
import type { StoreContext } from './store-context.ts'
import { findNamed } from './version-acts.ts'
import { headOf, keyedObject, objectHead, ownerAs } from './version-head.ts'

/** The reading of contents. */
export interface ObjectReader {
  openObject(request: OpenRequest): Promise<OpenObject>
  get: BucketStore['get']
}

export function createObjectReader(context: StoreContext): ObjectReader {
  const { index, files, loose, keys } = context

  async function open(place: VersionPlace, user: ObjectUser | undefined): Promise<OpenObject> {
    checkObjectPlace(place.bucket, place.key)
    const { bucket, found } = findNamed(index, place)
    const { record } = found
    const contents = contentsOf(index, record)
    const head = headOf(place.key, bucket, record, index)
    // In the same turn as the index was read: what is deleted from now on keeps its files until they are released.
    const release = loose.pin(record.upload ?? record.id!)
    let dataKey: Buffer | undefined
    try {
      if (record.dataKey) dataKey = await keys.open(keyedObject(bucket, place), record.dataKey, user ?? ownerAs(bucket))
    } catch (error) {
      release()
      throw error
    }
    return {
      head,
      async *read({ from, to }) {
        try {
          for (const { content, start } of contents) {
            const range = { from: Math.max(0, from - start), to: Math.min(content.size, to - start) }
            if (range.from < range.to || content.size === record.size)
              yield* readContent(files, content, dataKey, range)
          }
        } catch (cause) {
          if (!(cause instanceof Error)) throw cause
          const what = `the object ${place.key} in ${place.bucket} is damaged: ${cause.message}`
          throw new BucketError('InternalError', what, { cause })
        }
      },
      async close() {
        dataKey?.fill(0)
        release()
      },
    }
  }

  return {
    openObject: (request) => open(request, request.user),
    async get(bucket, key, { bytesMax }) {
      checkObjectPlace(bucket, key)
      const { found } = findNamed(index, { bucket, key })
      const { size } = found.record
      if (size > bytesMax)
        throw new BucketError('EntityTooLarge', `${key} has ${size} bytes; at most ${bytesMax} were asked for`)
      const object = await open({ bucket, key }, undefined)
      try {
        const pieces: Uint8Array[] = []
        for await (const piece of object.read({ from: 0, to: object.head.size })) pieces.push(piece)
        return { ...objectHead(object.head), body: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces) }
      } finally {
        await object.close()
      }
    },
  }
}

function contentsOf(reader: IndexReader, record: ObjectRecord): { content: StoredContent; start: number }[] {
  const { id, upload, size, sha256, isInline } = record
  if (upload === undefined) {
    const sealed = isInline && (reader.get(inlineKey(id!)) ?? noValue)
    return [
      { content: { id: id!, size, ...(sha256 !== undefined && { sha256 }), ...(sealed && { sealed }) }, start: 0 },
    ]
  }
  let start = 0
  return layoutOf(reader, upload).map((content) => {
    const from = start
    start += content.size
    return { content, start: from }
  })
}
