import { writeObject } from './body-writing.ts'
import { ofCaller } from './caller-failure.ts'
import { readBucket } from './directory-buckets.ts'
import type { BucketRecord } from './directory-records.ts'
import { newestVersion, putVersion } from './directory-versions.ts'
import type { IndexReader } from './object-index.ts'
import { attributesOf, checkNewVersion, checkObjectPlace } from './object-limits.ts'
import { checkMarks, newMarks } from './object-lock.ts'
import type { ObjectStore, PutRequest, StoredVersion, VersionHead, VersionMarks } from './object-store.ts'
import type { StoreContext } from './store-context.ts'
import { addObject, checkConditions, deleteVersion, findNamed } from './version-acts.ts'
import { headOf, keyedObject, marksOf } from './version-head.ts'

export interface PutOptions {
  /** Asked before anything is written, and again in the transaction that makes the object visible. */
  readonly mayPut?: (bucket: BucketRecord) => void
}

/** As S3: what nobody brought a checksum for gets this one. */
const standardChecksum = { algorithm: 'CRC64NVME', value: () => undefined } as const

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
        const expected = { checksum: standardChecksum, ...request.expected }
        const { content, publish } = await writeObject(context, plaintext, body, expected)
        const { garbage, version } = await publish((transaction) => {
          const bucket = check(transaction)
          const record = { ...content, dataKey: wrapped, lastModified: now(), ...attributesOf(request) }
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
