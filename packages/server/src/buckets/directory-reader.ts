import { DiskNotFoundError } from '../disk/index.ts'
import { BucketError, type BucketStore, type ObjectHead } from './bucket-store.ts'
import { readBucket } from './directory-buckets.ts'
import type { ContentFiles } from './directory-content.ts'
import { digestsOf } from './directory-digests.ts'
import { decodeObject, objectKey, objectPrefix, type ObjectRecord } from './directory-records.ts'
import type { ObjectIndex } from './object-index.ts'
import { checkListing, checkObjectPlace } from './object-limits.ts'

/** Each further attempt means that another put of the same key was completed in between. */
const readAttemptsMax = 20

export interface ObjectReaderOptions {
  readonly index: ObjectIndex
  readonly files: ContentFiles
  readonly ensureOpen: () => void
}

/** The reading half of the directory store. */
export function createObjectReader({
  index,
  files,
  ensureOpen,
}: ObjectReaderOptions): Pick<BucketStore, 'headBucket' | 'policy' | 'get' | 'head' | 'list'> {
  function storedRecord(bucket: string, key: string): Buffer {
    ensureOpen()
    checkObjectPlace(bucket, key)
    readBucket(index, bucket)
    const stored = index.get(objectKey(bucket, key))
    if (!stored) throw new BucketError('NoSuchKey', `there is no object ${key} in ${bucket}`)
    return stored
  }

  return {
    async headBucket(bucket) {
      ensureOpen()
      return { region: readBucket(index, bucket).region }
    },
    async policy(bucket) {
      ensureOpen()
      return readBucket(index, bucket).policy
    },
    async head(bucket, key) {
      return headOf(key, decodeObject(storedRecord(bucket, key)))
    },
    async get(bucket, key, { bytesMax }) {
      for (let attempt = 0; attempt < readAttemptsMax; attempt++) {
        const stored = storedRecord(bucket, key)
        const record = decodeObject(stored)
        if (record.size > bytesMax)
          throw new BucketError('EntityTooLarge', `${key} has ${record.size} bytes; at most ${bytesMax} were asked for`)
        const reading = await readContent(files, record)
        if (!(reading instanceof Error)) return { ...headOf(key, record), body: reading }
        // Replaced or deleted since the index was asked: its content is gone, and there may be another one.
        if (storedRecord(bucket, key).equals(stored))
          throw new BucketError('InternalError', `the object ${key} in ${bucket} is damaged: ${reading.message}`, {
            cause: reading,
          })
      }
      throw new BucketError('SlowDown', `the object ${key} in ${bucket} is being replaced all the time`)
    },
    async list(bucket, options) {
      ensureOpen()
      readBucket(index, bucket)
      const { prefix, after, limit } = checkListing(options)
      const base = objectPrefix(bucket)
      const under = (name: Buffer): Buffer => Buffer.concat([base, name])
      const found = index.range(under(prefix), after && under(after), limit + 1)
      const objects = found.slice(0, limit).map(({ key, value }) => {
        const { size, etag, lastModified } = decodeObject(value)
        return { key: key.toString('utf8', base.length), size, etag, lastModified }
      })
      return { objects, isTruncated: found.length > limit }
    },
  }
}

function headOf(key: string, { id: _id, sha256: _sha256, ...head }: ObjectRecord): ObjectHead {
  return { key, ...head }
}

/** The content as it was put, or what is wrong with its file. */
async function readContent(files: ContentFiles, { id, size, sha256 }: ObjectRecord): Promise<Buffer | Error> {
  try {
    const content = await files.read(id, size + 1)
    if (content.length !== size) return new Error(`content ${id} does not have its ${size} bytes`)
    if ((await digestsOf(content)).sha256 !== sha256) return new Error(`content ${id} does not have its SHA-256`)
    return content
  } catch (cause) {
    return new Error(`content ${id} ${cause instanceof DiskNotFoundError ? 'is absent' : 'cannot be read'}`, { cause })
  }
}
