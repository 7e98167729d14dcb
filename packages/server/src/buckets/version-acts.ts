import { BucketError } from './bucket-store.ts'
import { readBucket } from './directory-buckets.ts'
import type { Garbage } from './directory-garbage.ts'
import type { BucketRecord, ObjectRecord } from './directory-records.ts'
import {
  addVersion,
  findVersion,
  newestVersion,
  newVersionFields,
  parseVersionId,
  removeVersion,
  versionIdOf,
  type FoundVersion,
  type ObjectPlace,
} from './directory-versions.ts'
import type { IndexReader, IndexTransaction } from './object-index.ts'
import { checkRemovable } from './object-lock.ts'
import type { Deleted, DeleteRequest, StoredVersion, VersionPlace, WriteConditions } from './object-store.ts'
import { storedVersion } from './version-head.ts'

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
