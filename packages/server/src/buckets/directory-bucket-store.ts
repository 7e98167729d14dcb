import { dirname, join } from 'node:path'
import { createNodeDisk, DiskFullError, type Disk } from '../disk/index.ts'
import type { BucketAdministration, CheckPolicy } from './bucket-administration.ts'
import { BucketError, type BucketCaller, type BucketStore, type NewObject } from './bucket-store.ts'
import { createCallSlots } from './call-slots.ts'
import { createDirectoryBuckets, readBucket } from './directory-buckets.ts'
import { createContentFiles, type ContentFiles } from './directory-content.ts'
import { digestsOf } from './directory-digests.ts'
import { openLooseContents } from './directory-garbage.ts'
import { createObjectReader } from './directory-reader.ts'
import {
  checkFormat,
  decodeObject,
  encodeFormat,
  encodeRecord,
  formatKey,
  looseKey,
  newKey,
  noValue,
  objectKey,
  type ObjectRecord,
} from './directory-records.ts'
import { openLmdbObjectIndex } from './lmdb-object-index.ts'
import { checkNewObject, checkObjectPlace } from './object-limits.ts'
import type { IndexReader, ObjectIndex } from './object-index.ts'

/** Whether a bucket's policy (its JSON text) lets a delivery in. Asked within the put's own transaction, so it must be quick. */
export type MayPut = (request: {
  readonly policy: string | undefined
  readonly bucket: string
  readonly key: string
  readonly caller: BucketCaller
  /** Account that the bucket belongs to. */
  readonly owner: string
}) => boolean

export interface DirectoryBucketStoreOptions {
  /** Made where it is absent. One process at a time may use it: the data directory's lock sees to that. */
  readonly directory: string
  /** Domain time, in milliseconds since the epoch: an object's `lastModified`. */
  readonly now: () => number
  /** Asked at each put of a delivery; without it each is let in. */
  readonly mayPut?: MayPut
  readonly checkPolicy?: CheckPolicy
  /** Garbage that could not be removed: of no consequence but the space, and tried again at the next opening. */
  readonly onGarbageFailure?: (error: unknown) => void
}

export type DirectoryBucketStore = BucketStore & BucketAdministration

/** What a directory store stands on; another one for simulated power cuts. */
export interface DirectoryStoreBase {
  readonly disk: Disk
  readonly openIndex: (directory: string) => ObjectIndex | Promise<ObjectIndex>
}

/** Writes at a time: four threads of Node.js sync files, some more hash and commit meanwhile. Each holds a body in memory. */
const writesMax = 16
/** Beyond it a put is refused as SlowDown, which the callers of a remote store have to expect too. */
const waitingMax = 1_000

/**
 * Buckets in a directory: contents as files under `objects/`, keys in the LMDB file under `index/`. The format and the
 * life of one put are in docs/reference/directory-store.md.
 * @throws {BucketError} InternalError: the directory is another version's, or damaged.
 */
export function openDirectoryBucketStore(options: DirectoryBucketStoreOptions): Promise<DirectoryBucketStore> {
  return openDirectoryBucketStoreOn({ disk: createNodeDisk(), openIndex: openLmdbObjectIndex }, options)
}

export async function openDirectoryBucketStoreOn(
  base: DirectoryStoreBase,
  options: DirectoryBucketStoreOptions,
): Promise<DirectoryBucketStore> {
  const { now, mayPut = () => true, checkPolicy, onGarbageFailure = () => {} } = options
  const { index, files, isNew } = await openFiles(base, options.directory)
  const loose = await openLooseContents({ index, files, onFailure: onGarbageFailure }).catch(async (cause: unknown) => {
    await index.close()
    throw translated(cause)
  })
  const slots = createCallSlots({ active: writesMax, waitingMax })
  const writing = new Set<Promise<unknown>>()
  let isClosed = false
  const ensureOpen = (): void => {
    if (isClosed) throw new BucketError('ServiceUnavailable', 'the bucket store has been closed')
  }
  /** Closing waits for it. */
  async function write<T>(action: () => Promise<T>): Promise<T> {
    ensureOpen()
    const result = action()
    writing.add(result)
    try {
      return await result
    } catch (cause) {
      throw translated(cause)
    } finally {
      writing.delete(result)
    }
  }

  /** What may refuse a put: asked before anything is written, and again in the transaction that makes it visible. */
  function checkPut(reader: IndexReader, { bucket, key, caller, onlyIfAbsent }: NewObject): ObjectRecord | undefined {
    const { policy, owner } = readBucket(reader, bucket)
    if (caller.kind === 'delivery' && !mayPut({ policy, bucket, key, caller, owner }))
      throw new BucketError('AccessDenied', `the policy of ${bucket} does not let CloudTrail in`)
    const existing = reader.get(objectKey(bucket, key))
    if (existing && onlyIfAbsent)
      throw new BucketError('PreconditionFailed', `there is an object ${key} in ${bucket} already`)
    return existing && decodeObject(existing)
  }

  /** Makes the content the object's, and what was replaced garbage, in one step. */
  async function publish(object: NewObject, id: string, digests: { etag: string; sha256: string }): Promise<void> {
    const { contentType, contentEncoding, metadata, bucket, key } = object
    const replaced = await index.transact((transaction) => {
      const existing = checkPut(transaction, object)
      const record: ObjectRecord = {
        id,
        size: object.body.length,
        ...digests,
        lastModified: now(),
        ...(contentType !== undefined && { contentType }),
        ...(contentEncoding !== undefined && { contentEncoding }),
        metadata: { ...metadata },
      }
      if (existing) transaction.put(looseKey(existing.id), noValue)
      transaction.remove(looseKey(id))
      transaction.put(objectKey(bucket, key), encodeRecord(record))
      return existing?.id
    })
    if (replaced !== undefined) loose.discard(replaced)
  }

  async function put(object: NewObject): Promise<{ etag: string }> {
    const release = await slots.take(new AbortController().signal)
    try {
      checkPut(index, object)
      const digests = await digestsOf(object.body)
      const id = await loose.take()
      try {
        await files.write(id, object.body)
        await publish(object, id, digests)
      } catch (error) {
        // Of an unknown outcome, the file may be the object's: the index decides at the next opening.
        if (!(error instanceof BucketError && error.isOutcomeUnknown)) loose.discard(id)
        throw error
      }
      return { etag: digests.etag }
    } finally {
      release()
    }
  }

  const buckets = createDirectoryBuckets({ index, now, checkPolicy })
  return {
    isNew,
    supportsConditionalPut: () => true,
    async put(object) {
      ensureOpen()
      checkNewObject(object)
      return write(() => put(object))
    },
    ...createObjectReader({ index, files, ensureOpen }),
    createBucket: (bucket, settings) => write(() => buckets.createBucket(bucket, settings)),
    putPolicy: (bucket, policy) => write(() => buckets.putPolicy(bucket, policy)),
    deleteBucket: (bucket) => write(() => buckets.deleteBucket(bucket)),
    async describeBucket(bucket) {
      ensureOpen()
      return buckets.describeBucket(bucket)
    },
    async listBuckets() {
      ensureOpen()
      return buckets.listBuckets()
    },
    async deleteObject(bucket, key) {
      ensureOpen()
      checkObjectPlace(bucket, key)
      await write(async () => {
        const id = await index.transact((transaction) => {
          readBucket(transaction, bucket)
          const existing = transaction.get(objectKey(bucket, key))
          if (!existing) return undefined
          const { id } = decodeObject(existing)
          transaction.put(looseKey(id), noValue)
          transaction.remove(objectKey(bucket, key))
          return id
        })
        if (id !== undefined) loose.discard(id)
      })
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await Promise.allSettled(writing)
      await loose.settled()
      await index.close()
    },
  }
}

/** @throws {BucketError} InternalError */
async function openFiles(
  { disk, openIndex }: DirectoryStoreBase,
  directory: string,
): Promise<{ index: ObjectIndex; files: ContentFiles; isNew: boolean }> {
  const objects = join(directory, 'objects')
  const indexDirectory = join(directory, 'index')
  let index: ObjectIndex | undefined
  try {
    for (const path of [objects, indexDirectory]) await disk.makeDirectory(path)
    for (const path of [directory, dirname(directory)]) await disk.syncDirectory(path)
    index = await openIndex(indexDirectory)
    const format = index.get(formatKey)
    if (format) checkFormat(format)
    else if ((await disk.list(objects)).length > 0)
      throw new BucketError('InternalError', `${objects} has files and ${indexDirectory} is empty: put it back`)
    // At each opening: a process that died may have left what can be read and is not yet durable. Nothing is built on it
    // before, and above all no file is removed because of it.
    await index.transact((transaction) => {
      transaction.put(formatKey, encodeFormat())
      if (!format) transaction.put(newKey, noValue)
    })
    await disk.syncDirectory(indexDirectory)
    return { index, files: createContentFiles(disk, objects), isNew: index.get(newKey) !== undefined }
  } catch (cause) {
    await index?.close()
    if (cause instanceof BucketError) throw cause
    throw new BucketError('InternalError', `the bucket store in ${directory} cannot be opened`, { cause })
  }
}

function translated(cause: unknown): BucketError {
  if (cause instanceof BucketError) return cause
  if (cause instanceof DiskFullError)
    return new BucketError('ServiceUnavailable', 'the disk of the bucket store is full', { cause })
  return new BucketError('InternalError', 'the bucket store cannot write to its directory', { cause })
}
