import { randomBytes } from 'node:crypto'
import { publishing, writeBody } from './body-writing.ts'
import { BucketError } from './bucket-store.ts'
import { canCombine } from './crc-combine.ts'
import { readBucket } from './directory-buckets.ts'
import { listGarbage, type Garbage } from './directory-garbage.ts'
import { encodeLayout, partsOf } from './directory-parts.ts'
import {
  decodeObject,
  decodePart,
  decodeUpload,
  encodeRecord,
  layoutKey,
  objectKey,
  partKey,
  uploadKey,
  type ObjectRecord,
  type PartRecord,
  type UploadRecord,
} from './directory-records.ts'
import { newestVersion } from './directory-versions.ts'
import type { IndexReader, IndexTransaction } from './object-index.ts'
import { attributesOf, checkNewVersion, checkObjectPlace, listLimitMax, partNumberMax } from './object-limits.ts'
import { newMarks } from './object-lock.ts'
import type {
  CompleteConditions,
  CompletedPart,
  ListedPart,
  ObjectStore,
  PartRequest,
  StoredPart,
  StoredVersion,
  UploadPlace,
  UploadRequest,
} from './object-store.ts'
import type { StoreContext } from './store-context.ts'
import {
  checkChecksums,
  checkOrder,
  checksumOf,
  checksumTypeOf,
  checkWhole,
  choose,
  objectOf,
} from './upload-completion.ts'
import { addObject, checkConditions } from './version-acts.ts'
import { keyedObject, storedVersion } from './version-head.ts'

export interface UploadsOptions {
  /** Of each part but the last. */
  readonly partBytesMin: number
}

/** Uploads in parts. A part is a content of its own; the object that they make keeps them where they are. */
export function createDirectoryUploads(
  context: StoreContext,
  { partBytesMin }: UploadsOptions,
): Pick<ObjectStore, 'createUpload' | 'putPart' | 'listParts' | 'completeUpload' | 'abortUpload'> {
  const { index, loose, keys, now } = context

  async function createUpload(request: UploadRequest): Promise<{ uploadId: string }> {
    checkNewVersion(request)
    const bucket = readBucket(index, request.bucket)
    newMarks(request, bucket, now())
    const { checksumAlgorithm, checksumType, tags, retention, isLegallyHeld } = request
    checkChecksumType(request)
    const { plaintext, wrapped } = await keys.create(
      keyedObject(bucket, request),
      request.encryption ?? bucket.encryption ?? { kind: 'AES256' },
      request.user,
    )
    plaintext.fill(0)
    const record: UploadRecord = {
      initiated: now(),
      dataKey: wrapped,
      ...attributesOf(request),
      ...(checksumAlgorithm && { checksumAlgorithm }),
      ...(checksumType && { checksumType }),
      ...(tags && { tags }),
      ...(retention && { retention }),
      ...(isLegallyHeld && { isLegallyHeld }),
    }
    const uploadId = newUploadId(record.initiated)
    await index.transact((transaction) => {
      readBucket(transaction, request.bucket)
      transaction.put(uploadKey(request.bucket, request.key, uploadId), encodeRecord(record))
    })
    return { uploadId }
  }

  async function putPart(
    part: PartRequest,
    body: AsyncIterable<Uint8Array>,
    expected: Parameters<ObjectStore['putPart']>[2] = {},
  ): Promise<StoredPart> {
    const { bucket, upload } = readUpload(index, part)
    const { number } = part
    if (!Number.isInteger(number) || number < 1 || number > partNumberMax)
      throw new BucketError(
        'InvalidArgument',
        `Part number must be an integer between 1 and ${partNumberMax}, inclusive`,
      )
    const dataKey = await keys.open(keyedObject(bucket, part), upload.dataKey, part.user)
    try {
      const { checksumAlgorithm: algorithm } = upload
      const isPromised = part.isCopy || checksumTypeOf(upload) !== 'COMPOSITE' || expected.checksum !== undefined
      // The upload's checksum is made of its parts'.
      const checksum = expected.checksum ?? (algorithm && { algorithm, value: () => undefined })
      if (algorithm && (!isPromised || checksum?.algorithm !== algorithm))
        throw new BucketError(
          'InvalidRequest',
          `Checksum Type mismatch occurred, expected checksum Type: ${algorithm.toLowerCase()}, actual checksum Type: ${expected.checksum?.algorithm.toLowerCase() ?? 'null'}`,
        )
      const written = await writeBody(
        context,
        dataKey,
        body,
        { ...expected, ...(checksum && { checksum }) },
        { withCrc64: !algorithm },
      )
      const garbage = await publishing(context, written.id, (transaction) => {
        readUpload(transaction, part)
        return putPartRecord(transaction, part, { ...written, lastModified: now() })
      })
      await loose.discardAll(garbage)
      return storedPart(written)
    } finally {
      dataKey.fill(0)
    }
  }

  async function completeUpload(
    place: UploadPlace,
    parts: readonly CompletedPart[],
    conditions: CompleteConditions = {},
  ): Promise<StoredVersion> {
    checkOrder(parts)
    checkObjectPlace(place.bucket, place.key)
    const { garbage, version } = await index.transact((transaction) => {
      const completed = completedBefore(transaction, place)
      if (completed) return { garbage: [], version: completed }
      const { bucket, upload } = readUpload(transaction, place)
      checkConditions(newestVersion(transaction, place), conditions, place.key)
      checkChecksums(upload, parts, conditions)
      const { chosen, others } = choose(partsOf(transaction, place.uploadId), parts, partBytesMin)
      const record: ObjectRecord = {
        ...objectOf(upload, place.uploadId, chosen),
        ...newMarks(upload, bucket, now(), upload.initiated),
      }
      checkWhole(upload, record, conditions)
      const unused = others.map(({ number, id }): Garbage => {
        transaction.remove(partKey(place.uploadId, number))
        return { kind: 'content', id }
      })
      for (const item of unused) listGarbage(transaction, item)
      transaction.remove(uploadKey(place.bucket, place.key, place.uploadId))
      transaction.put(layoutKey(place.uploadId), encodeLayout(chosen))
      const added = addObject(transaction, place, bucket, record, now())
      return { garbage: [...unused, ...added.garbage], version: added.version }
    })
    await loose.discardAll(garbage)
    return version
  }

  return {
    createUpload,
    putPart,
    completeUpload,
    async listParts(place, { after = 0, limit }) {
      const { upload } = readUpload(index, place)
      if (!Number.isInteger(limit) || limit < 1 || !Number.isInteger(after) || after < 0 || after > 0xffff)
        throw new BucketError('InvalidArgument', `a page of parts has 1 to ${listLimitMax}, after a part's number`)
      const count = Math.min(limit, listLimitMax)
      const found = partsOf(index, place.uploadId, after, count + 1)
      const parts = found.slice(0, count).map((part): ListedPart => {
        const { number, size, lastModified } = part
        return { number, size, lastModified, ...storedPart(part) }
      })
      return { parts, isTruncated: found.length > count, ...checksumOf(upload) }
    },
    async abortUpload(place) {
      const garbage: Garbage = { kind: 'upload', id: place.uploadId }
      await index.transact((transaction) => {
        readUpload(transaction, place)
        transaction.remove(uploadKey(place.bucket, place.key, place.uploadId))
        listGarbage(transaction, garbage)
      })
      loose.discard(garbage)
    },
  }
}

/** Uploads to one key are listed in the order in which they began. */
function newUploadId(initiated: number): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(Math.max(0, Math.floor(initiated)), 0, 6)
  return bytes.toString('hex')
}

/** @throws {BucketError} NoSuchBucket, NoSuchUpload */
function readUpload(reader: IndexReader, place: UploadPlace) {
  const { bucket: name, key, uploadId } = place
  checkObjectPlace(name, key)
  const bucket = readBucket(reader, name)
  const stored = /^[0-9a-f]{32}$/.test(uploadId) ? reader.get(uploadKey(name, key, uploadId)) : undefined
  if (!stored)
    throw new BucketError(
      'NoSuchUpload',
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    )
  return { bucket, upload: decodeUpload(stored) }
}

/** Whoever did not hear the answer asks again: the upload has made this object already. */
function completedBefore(reader: IndexReader, { bucket: name, key, uploadId }: UploadPlace): StoredVersion | undefined {
  const bucket = readBucket(reader, name)
  const stored = reader.get(objectKey(name, key))
  const record = stored && decodeObject(stored)
  return record?.upload === uploadId ? storedVersion(bucket, record) : undefined
}

function putPartRecord(transaction: IndexTransaction, { uploadId, number }: PartRequest, part: PartRecord): Garbage[] {
  const at = partKey(uploadId, number)
  const replaced = transaction.get(at)
  transaction.put(at, encodeRecord(part))
  if (!replaced) return []
  const garbage: Garbage = { kind: 'content', id: decodePart(replaced).id }
  listGarbage(transaction, garbage)
  return [garbage]
}

const storedPart = ({ etag, checksum }: StoredPart): StoredPart => ({ etag, ...(checksum && { checksum }) })

/** @throws {BucketError} InvalidRequest */
function checkChecksumType({ checksumAlgorithm: algorithm, checksumType: type }: UploadRequest): void {
  if (!type) return
  const isPossible = algorithm && (type === 'FULL_OBJECT' ? canCombine(algorithm) : algorithm !== 'CRC64NVME')
  if (!isPossible)
    throw new BucketError(
      'InvalidRequest',
      `The ${type} checksum type cannot be used with the ${algorithm} checksum algorithm.`,
    )
}
