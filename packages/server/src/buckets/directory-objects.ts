import { BucketError } from './bucket-store.ts'
import { createBodyDigests } from './body-digests.ts'
import { ofCaller } from './caller-failure.ts'
import { readBucket } from './directory-buckets.ts'
import type { ContentFiles } from './directory-content.ts'
import type { Garbage, LooseContents } from './directory-garbage.ts'
import { looseKey, type BucketRecord, type ObjectRecord } from './directory-records.ts'
import {
  addVersion,
  findVersion,
  newestVersion,
  newVersionFields,
  nullVersion,
  parseVersionId,
  putVersion,
  removeVersion,
  versionIdOf,
  type FoundVersion,
  type ObjectPlace,
} from './directory-versions.ts'
import type { IndexReader, IndexTransaction, ObjectIndex } from './object-index.ts'
import type { KeyedObject, ObjectKeys } from './object-keys.ts'
import { attributesOf, checkNewVersion, checkObjectPlace, putBytesMax } from './object-limits.ts'
import { checkMarks, checkRemovable, newMarks } from './object-lock.ts'
import type {
  Deleted,
  DeleteRequest,
  Encryption,
  ObjectStore,
  PutRequest,
  StoredVersion,
  VersionHead,
  VersionMarks,
  VersionPlace,
  WriteConditions,
} from './object-store.ts'
import { layoutOf } from './directory-parts.ts'
import { writeSealed } from './sealed-content.ts'

/** What the parts of the directory store share. */
export interface StoreContext {
  readonly index: ObjectIndex
  readonly files: ContentFiles
  readonly loose: LooseContents
  readonly keys: ObjectKeys
  /** Domain time, ms. */
  readonly now: () => number
}

export interface PutOptions {
  /** Asked before anything is written, and again in the transaction that makes the object visible. */
  readonly mayPut?: (bucket: BucketRecord) => void
}

/** Bytes that are written and belong to nobody yet. */
export interface WrittenBody extends Pick<ObjectRecord, 'size' | 'etag' | 'checksum'> {
  readonly id: string
}

/** Writes the body of a put, or a part, to a content of its own that is on the list of loose ones; a failure leaves it there. */
export async function writeBody(
  { files, loose }: StoreContext,
  dataKey: Uint8Array,
  body: AsyncIterable<Uint8Array>,
  expected: PutRequest['expected'],
): Promise<WrittenBody> {
  const digests = createBodyDigests(expected ?? {}, putBytesMax)
  const id = await loose.take()
  try {
    await writeSealed(files, id, dataKey, body, digests)
    const { md5, size, checksum } = digests.finish()
    return { id, size, etag: md5.toString('hex'), ...(checksum && { checksum }) }
  } catch (error) {
    loose.discard({ kind: 'content', id })
    throw error
  }
}

/** Runs a transaction that gives a written content to somebody; if it does not, the content is garbage. */
export async function publishing<T>(
  { index, loose }: StoreContext,
  id: string,
  change: (transaction: IndexTransaction) => T,
): Promise<T> {
  try {
    return await index.transact((transaction) => {
      transaction.remove(looseKey(id))
      return change(transaction)
    })
  } catch (error) {
    // Of an unknown outcome, the file may be the object's: the index decides at the next opening.
    if (!(error instanceof BucketError && error.isOutcomeUnknown)) loose.discard({ kind: 'content', id })
    throw error
  }
}

export function createDirectoryObjects(context: StoreContext): Pick<
  ObjectStore,
  'headObject' | 'deleteObject' | 'changeVersion' | 'marks'
> & {
  putObject(request: PutRequest, body: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<StoredVersion>
} {
  const { index, loose, keys, now } = context

  async function changeVersion(
    place: Parameters<ObjectStore['changeVersion']>[0],
    change: (marks: VersionMarks, head: VersionHead) => VersionMarks,
  ): Promise<void> {
    await index.transact((transaction) => {
      const { bucket, found } = findNamed(transaction, place)
      const { bypassesGovernance = false } = place
      const before = marksOf(found.record)
      const { tags, retention, isLegallyHeld } = ofCaller(() => change(before, headOf(place.key, bucket, found.record)))
      const after = { ...(tags && { tags }), ...(retention && { retention }), ...(isLegallyHeld && { isLegallyHeld }) }
      checkMarks(before, after, bucket, { now: now(), bypassesGovernance })
      const { tags: _tags, retention: _retention, isLegallyHeld: _isLegallyHeld, ...record } = found.record
      putVersion(transaction, place, { record: { ...record, ...after }, isCurrent: found.isCurrent })
    })
  }

  return {
    async putObject(request, body, { mayPut } = {}) {
      checkNewVersion(request)
      const check = (reader: IndexReader): BucketRecord => {
        const bucket = readBucket(reader, request.bucket)
        mayPut?.(bucket)
        checkConditions(newestVersion(reader, request), request, request.key)
        newMarks(request, bucket, now())
        return bucket
      }
      const bucket = check(index)
      const { plaintext, wrapped } = await keys.create(
        keyedObject(bucket, request),
        request.encryption ?? bucket.encryption ?? { kind: 'AES256' },
        request.user,
      )
      try {
        const written = await writeBody(context, plaintext, body, request.expected)
        const { garbage, version } = await publishing(context, written.id, (transaction) => {
          const bucket = check(transaction)
          const record = { ...written, dataKey: wrapped, lastModified: now(), ...attributesOf(request) }
          return addObject(transaction, request, bucket, { ...record, ...newMarks(request, bucket, now()) }, now())
        })
        await loose.discardAll(garbage)
        return version
      } finally {
        plaintext.fill(0)
      }
    },
    async headObject(place) {
      checkObjectPlace(place.bucket, place.key)
      const { bucket, found } = findNamed(index, place)
      return headOf(place.key, bucket, found.record, index)
    },
    async marks(place) {
      checkObjectPlace(place.bucket, place.key)
      return marksOf(findNamed(index, place).found.record)
    },
    async changeVersion(place, change) {
      checkObjectPlace(place.bucket, place.key)
      await changeVersion(place, change)
    },
    async deleteObject(request) {
      checkObjectPlace(request.bucket, request.key)
      const { garbage, deleted } = await index.transact((transaction) => deleteVersion(transaction, request, now()))
      await loose.discardAll(garbage)
      return deleted
    },
  }
}

export const keyedObject = ({ owner, region }: BucketRecord, { bucket, key }: ObjectPlace): KeyedObject => ({
  bucket,
  key,
  owner,
  region,
})

/** Makes a record the newest version, in the way of its bucket. */
export function addObject(
  transaction: IndexTransaction,
  place: ObjectPlace,
  bucket: BucketRecord,
  body: ObjectRecord,
  now: number,
): { garbage: Garbage[]; version: StoredVersion } {
  const newest = newestVersion(transaction, place)
  const record = { ...body, ...newVersionFields(newest, bucket.versioning, now) }
  return { garbage: addVersion(transaction, place, record), version: storedVersion(bucket, record) }
}

export function storedVersion({ versioning }: BucketRecord, record: ObjectRecord): StoredVersion {
  const { etag, size, lastModified, checksum } = record
  return {
    etag,
    size,
    lastModified,
    ...(versioning && { versionId: versionIdOf(record) }),
    ...(checksum && { checksum }),
    encryption: encryptionOf(record),
  }
}

/** As S3: with a version id that version, for good; without one a delete marker, or the object of a bucket without versions. */
export function deleteVersion(
  transaction: IndexTransaction,
  request: DeleteRequest,
  now: number,
): { garbage: Garbage[]; deleted: Deleted } {
  const { versioning } = readBucket(transaction, request.bucket)
  const newest = newestVersion(transaction, request)
  const { versionId, onlyIfEtag } = request
  const found = versionId === undefined ? newest : findVersion(transaction, request, versionId)
  if (onlyIfEtag !== undefined && found && !found.record.isDeleteMarker && !isEtag(found.record, onlyIfEtag))
    throw preconditionFailed()
  if (versionId !== undefined || versioning === undefined) {
    if (found) checkRemovable(found.record, { ...request, now })
    const garbage = found ? removeVersion(transaction, request, found) : []
    const isDeleteMarker = found?.record.isDeleteMarker ?? false
    return { garbage, deleted: { ...(versionId !== undefined && { versionId }), isDeleteMarker } }
  }
  const marker: ObjectRecord = {
    size: 0,
    etag: '',
    lastModified: now,
    isDeleteMarker: true,
    ...newVersionFields(newest, versioning, now),
  }
  const garbage = addVersion(transaction, request, marker)
  return { garbage, deleted: { versionId: versionIdOf(marker), isDeleteMarker: true } }
}

/** The object that a call names. @throws {BucketError} NoSuchBucket, NoSuchKey, NoSuchVersion, MethodNotAllowed */
export function findNamed(
  reader: IndexReader,
  place: VersionPlace,
): { readonly bucket: BucketRecord; readonly found: FoundVersion } {
  const bucket = readBucket(reader, place.bucket)
  const { key, versionId } = place
  if (versionId !== undefined) parseVersionId(versionId)
  const found = versionId === undefined ? newestVersion(reader, place) : findVersion(reader, place, versionId)
  if (found && !found.record.isDeleteMarker) return { bucket, found }
  const marker = found && { deleteMarker: versionIdOf(found.record) }
  if (versionId === undefined)
    throw new BucketError('NoSuchKey', `there is no object ${key} in ${place.bucket}`, marker)
  if (marker) throw new BucketError('MethodNotAllowed', `this version of ${key} is a delete marker`, marker)
  throw new BucketError('NoSuchVersion', `there is no such version of ${key} in ${place.bucket}`)
}

/** @throws {BucketError} PreconditionFailed, NoSuchKey */
export function checkConditions(
  newest: FoundVersion | undefined,
  { onlyIfAbsent, onlyIfEtag }: WriteConditions,
  key: string,
): void {
  const existing = newest?.record.isDeleteMarker ? undefined : newest?.record
  if (existing && onlyIfAbsent) throw new BucketError('PreconditionFailed', `there is an object ${key} already`)
  if (onlyIfEtag === undefined) return
  if (!existing) throw new BucketError('NoSuchKey', `there is no object ${key} to replace`)
  if (!isEtag(existing, onlyIfEtag)) throw preconditionFailed()
}

const isEtag = ({ etag }: ObjectRecord, wanted: string): boolean => wanted === '*' || wanted === etag
const preconditionFailed = (): BucketError =>
  new BucketError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')

export function encryptionOf({ dataKey }: Pick<ObjectRecord, 'dataKey'>): Encryption {
  if (dataKey?.by !== 'kms') return { kind: 'AES256' }
  return { kind: 'aws:kms', keyId: dataKey.keyArn, ...(dataKey.bucketKey && { bucketKey: true }) }
}

export const marksOf = ({ tags, retention, isLegallyHeld }: ObjectRecord): VersionMarks => ({
  ...(tags && { tags }),
  ...(retention && { retention }),
  ...(isLegallyHeld && { isLegallyHeld }),
})

/** With `reader`, also the parts of an upload. */
export function headOf(
  key: string,
  { versioning }: BucketRecord,
  record: ObjectRecord,
  reader?: IndexReader,
): VersionHead {
  const { size, etag, lastModified, checksum, upload, isDeleteMarker = false } = record
  return {
    key,
    size,
    etag,
    lastModified,
    ...attributesOf(record),
    ...(versioning && { versionId: record.tail === undefined ? nullVersion : versionIdOf(record) }),
    isDeleteMarker,
    ...(checksum && { checksum }),
    encryption: encryptionOf(record),
    marks: marksOf(record),
    ...(upload !== undefined &&
      reader && { parts: layoutOf(reader, upload).map(({ number, size }) => ({ number, size })) }),
  }
}
