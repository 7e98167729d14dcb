import { createNodeDisk, DiskFullError } from '../disk/index.ts'
import type { BucketAdministration, CheckPolicy } from './bucket-administration.ts'
import { BucketError, type BucketCaller, type BucketStore, type NewObject } from './bucket-store.ts'
import { createCallSlots, type CallSlots } from './call-slots.ts'
import { CallerFailure } from './caller-failure.ts'
import { createDirectoryBuckets, readBucket } from './directory-buckets.ts'
import { openDirectoryFiles, type DirectoryStoreBase } from './directory-format.ts'
import { openLooseContents } from './directory-garbage.ts'
import { createDirectoryLifecycle, type ApplyLifecycle } from './directory-lifecycle.ts'
import { createDirectoryListings } from './directory-listings.ts'
import { createDirectoryObjects } from './directory-objects.ts'
import { sealOldContents } from './directory-old-contents.ts'
import { createObjectReader } from './directory-reader.ts'
import type { BucketRecord } from './directory-records.ts'
import { createDirectoryUploads } from './directory-uploads.ts'
import { openLmdbObjectIndex } from './lmdb-object-index.ts'
import type { ObjectKeys } from './object-keys.ts'
import { checkNewObject, listLimitMax, partBytesMin as partBytesMinDefault } from './object-limits.ts'
import type { ObjectStore, ObjectUser } from './object-store.ts'
import type { StoreContext } from './store-context.ts'
import { objectHead, ownerAs } from './version-head.ts'

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
  /** Keys of the contents, which are encrypted, all of them. */
  readonly keys: ObjectKeys
  /** Asked at each put of a delivery; without it each is let in. */
  readonly mayPut?: MayPut
  readonly checkPolicy?: CheckPolicy
  /**
   * Garbage that could not be removed (of no consequence but the space), or a content of format 1 that could not be sealed:
   * both are tried again at the next opening.
   */
  readonly onGarbageFailure?: (error: unknown) => void
  /** Of each part of an upload but the last; S3's 5 MiB. */
  readonly partBytesMin?: number
}

/** The same objects twice: as deliveries see them, and with all that S3 has. */
export type DirectoryBucketStore = BucketStore &
  BucketAdministration & {
    readonly objects: ObjectStore
    /** Removes what a bucket's rules say. */
    readonly applyLifecycle: ApplyLifecycle
  }

/** Deliveries at a time: four threads of Node.js sync files, some more hash and commit meanwhile. Each holds a body in memory. */
const writesMax = 16
/** Bodies that come over a network at a time: each may be slow, and holds one batch of half a megabyte. */
const streamsMax = 128
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
  const { now, keys, mayPut = () => true, checkPolicy, onGarbageFailure = () => {} } = options
  const { index, files, isNew } = await openDirectoryFiles(base, options.directory, keys.indexKey)
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

  const context: StoreContext = { index, files, loose, keys, now }
  const reader = createObjectReader(context)
  const { putObject, ...versions } = createDirectoryObjects(context)
  const { settings, changeSettings, ...buckets } = createDirectoryBuckets({
    index,
    now,
    checkPolicy,
    discard: (garbage) => loose.discard(garbage),
  })
  const streams = createCallSlots({ active: streamsMax, waitingMax })
  const { partBytesMin = partBytesMinDefault } = options
  const uploads = createDirectoryUploads(context, { partBytesMin })
  const listings = createDirectoryListings(index)

  const read = async <T>(action: () => Promise<T>): Promise<T> => {
    ensureOpen()
    try {
      return await action()
    } catch (cause) {
      throw translated(cause)
    }
  }

  function put(object: NewObject): Promise<{ etag: string }> {
    const { bucket, key, caller, body } = object
    const mayPutInto = ({ policy, owner }: BucketRecord): void => {
      if (caller.kind === 'delivery' && !mayPut({ policy, bucket, key, caller, owner }))
        throw new BucketError('AccessDenied', `the policy of ${bucket} does not let CloudTrail in`)
    }
    return withSlot(slots, () =>
      putObject(
        {
          ...object,
          user: userOf(caller, () => readBucket(index, bucket)),
        },
        slicesOf(body),
        { mayPut: mayPutInto },
      ),
    )
  }

  const closing = new AbortController()
  const sealing = sealOldContents(context, { signal: closing.signal, onFailure: onGarbageFailure }).catch(
    onGarbageFailure,
  )

  const objects: ObjectStore = {
    settings: (bucket) => read(() => settings(bucket)),
    changeSettings: (bucket, change) => write(() => changeSettings(bucket, change)),
    putObject: (request, body) => write(() => withSlot(streams, () => putObject(request, body))),
    headObject: (place) => read(() => versions.headObject(place)),
    openObject: (request) => read(() => reader.openObject(request)),
    deleteObject: (request) => write(() => versions.deleteObject(request)),
    changeVersion: (place, change) => write(() => versions.changeVersion(place, change)),
    marks: (place) => read(() => versions.marks(place)),
    listObjects: (bucket, page) => read(() => listings.listObjects(bucket, page)),
    listVersions: (bucket, page) => read(() => listings.listVersions(bucket, page)),
    listUploads: (bucket, page) => read(() => listings.listUploads(bucket, page)),
    createUpload: (request) => write(() => uploads.createUpload(request)),
    putPart: (part, body, expected) => write(() => withSlot(streams, () => uploads.putPart(part, body, expected))),
    listParts: (upload, page) => read(() => uploads.listParts(upload, page)),
    completeUpload: (upload, parts, conditions) => write(() => uploads.completeUpload(upload, parts, conditions)),
    abortUpload: (upload) => write(() => uploads.abortUpload(upload)),
  }
  const applyLifecycle = createDirectoryLifecycle(context)
  return {
    isNew,
    objects,
    applyLifecycle: (bucket, rules, { signal }) =>
      write(() => applyLifecycle(bucket, rules, { signal: AbortSignal.any([signal, closing.signal]) })),
    supportsConditionalPut: () => true,
    headBucket: (bucket) => read(async () => ({ region: readBucket(index, bucket).region })),
    policy: (bucket) => read(async () => readBucket(index, bucket).policy),
    async put(object) {
      ensureOpen()
      checkNewObject(object)
      const { etag } = await write(() => put(object))
      return { etag }
    },
    get: (bucket, key, limits) => read(() => reader.get(bucket, key, limits)),
    head: (bucket, key) => read(async () => objectHead(await versions.headObject({ bucket, key }))),
    list: (bucket, { limit = listLimitMax, ...page }) => read(() => listings.listObjects(bucket, { ...page, limit })),
    createBucket: (bucket, chosen) => write(() => buckets.createBucket(bucket, chosen)),
    putPolicy: (bucket, policy) => write(() => buckets.putPolicy(bucket, policy)),
    deleteBucket: (bucket) => write(() => buckets.deleteBucket(bucket)),
    describeBucket: (bucket) => read(() => buckets.describeBucket(bucket)),
    listBuckets: () => read(() => buckets.listBuckets()),
    async deleteObject(bucket, key) {
      await write(() => versions.deleteObject({ bucket, key, user: ownerAs(readBucket(index, bucket)) }))
    },
    async close() {
      isClosed = true
      closing.abort()
      await Promise.allSettled([...writing, sealing])
      await loose.settled()
      await index.close()
    },
  }
}

async function withSlot<T>(slots: CallSlots, action: () => Promise<T>): Promise<T> {
  const release = await slots.take(new AbortController().signal)
  try {
    return await action()
  } finally {
    release()
  }
}

const userOf = (caller: BucketCaller, bucket: () => BucketRecord): ObjectUser =>
  caller.kind === 'delivery' ? caller : ownerAs(bucket())

function translated(cause: unknown): unknown {
  if (cause instanceof CallerFailure) return cause.cause
  if (cause instanceof BucketError) return cause
  if (cause instanceof DiskFullError)
    return new BucketError('ServiceUnavailable', 'the disk of the bucket store is full', { cause })
  return new BucketError('InternalError', 'the bucket store failed', { cause })
}

/** So that others get their turn: hashing and encrypting a slice takes some milliseconds. */
const sliceBytes = 1024 * 1024
async function* slicesOf(body: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += sliceBytes) yield body.subarray(at, at + sliceBytes)
}
