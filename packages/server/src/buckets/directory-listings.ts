import { readBucket } from './directory-buckets.ts'
import {
  decodeObject,
  decodeUpload,
  descending,
  keyOfVersion,
  objectKey,
  objectPrefix,
  positionOf,
  uploadPrefix,
  versionKey,
  versionPrefix,
  versionsPrefix,
  type ObjectRecord,
} from './directory-records.ts'
import { checksumOf } from './upload-completion.ts'
import { findVersion, nullVersion, parseVersionId, versionIdOf } from './directory-versions.ts'
import type { IndexReader, ObjectIndex } from './object-index.ts'
import { checkListing } from './object-limits.ts'
import type { ListedContent, ListedUpload, ListedVersion, ListPage, ObjectStore } from './object-store.ts'

const uploadIdBytes = 16
/** Behind all versions of a key, and all uploads to it, and before the next key. */
const last = Buffer.alloc(uploadIdBytes, 0xff)

export function createDirectoryListings(
  index: ObjectIndex,
): Pick<ObjectStore, 'listObjects' | 'listVersions' | 'listUploads'> {
  return {
    async listObjects(bucket, page) {
      readBucket(index, bucket)
      const { prefix, after, limit } = checkListing(page)
      const base = objectPrefix(bucket)
      const under = (name: Buffer): Buffer => Buffer.concat([base, name])
      const found = index.range(under(prefix), after && under(after), limit + 1)
      const objects = found
        .slice(0, limit)
        .map(({ key, value }) => listed(key.toString('utf8', base.length), decodeObject(value)))
      return { objects, isTruncated: found.length > limit }
    },
    async listVersions(bucket, page) {
      readBucket(index, bucket)
      const { limit } = checkListing(page)
      const found = versionsAfter(index, bucket, page, limit + 1)
      return { versions: found.slice(0, limit).map(listedVersion), isTruncated: found.length > limit }
    },
    async listUploads(bucket, page) {
      readBucket(index, bucket)
      const { prefix, after, limit } = checkListing(page)
      const base = uploadPrefix(bucket)
      const { afterUpload } = page
      const behind =
        after && afterUpload !== undefined
          ? Buffer.concat([base, after, Buffer.from([0]), Buffer.from(afterUpload, 'hex')])
          : after && Buffer.concat([base, after, Buffer.from([0]), last])
      const found = index.range(Buffer.concat([base, prefix]), behind, limit + 1)
      const uploads = found.slice(0, limit).map(({ key, value }): ListedUpload => {
        const at = key.length - uploadIdBytes
        const upload = decodeUpload(value)
        const [name, uploadId] = [key.toString('utf8', base.length, at - 1), key.toString('hex', at)]
        return { key: name, uploadId, initiated: upload.initiated, ...checksumOf(upload) }
      })
      return { uploads, isTruncated: found.length > limit }
    },
  }
}

function listed(key: string, { size, etag, lastModified, checksum }: ObjectRecord): ListedContent {
  return { key, size, etag, lastModified, ...(checksum && { checksum }) }
}

const listedVersion = ({ key, record, isLatest }: VersionRecord): ListedVersion => ({
  ...listed(key, record),
  versionId: versionIdOf(record),
  isLatest,
  isDeleteMarker: record.isDeleteMarker ?? false,
})

export interface VersionRecord {
  readonly key: string
  readonly record: ObjectRecord
  readonly isLatest: boolean
}
type ListedRecord = { readonly key: string; readonly bytes: Buffer; readonly record: ObjectRecord }

/** The current versions and the others, each in the order of keys, made one list. */
export function versionsAfter(
  reader: IndexReader,
  bucket: string,
  page: ListPage & { readonly afterVersion?: string },
  count: number,
): VersionRecord[] {
  const start = startOf(reader, bucket, page)
  const current = rangeOf(reader, objectPrefix(bucket), start.prefix, start.current, count, (key, base) =>
    key.toString('utf8', base),
  )
  const others = rangeOf(reader, versionPrefix(bucket), start.prefix, start.others, count, keyOfVersion)
  const merged: VersionRecord[] = []
  let [o, v] = [0, 0]
  while (merged.length < count && (o < current.length || v < others.length)) {
    const [first, other] = [current[o], others[v]]
    const isCurrent = first !== undefined && (other === undefined || Buffer.compare(first.bytes, other.bytes) <= 0)
    const { key, record } = isCurrent ? first : other!
    merged.push({ key, record, isLatest: isCurrent || isNewest(reader, bucket, key, record) })
    if (isCurrent) o += 1
    else v += 1
  }
  return merged
}

/** Of a version that is not under `o`. Only a delete marker can be the newest there. */
function isNewest(reader: IndexReader, bucket: string, key: string, record: ObjectRecord): boolean {
  if (!record.isDeleteMarker || reader.get(objectKey(bucket, key))) return false
  const [first] = reader.range(versionsPrefix(bucket, key), undefined, 1)
  return first !== undefined && first.key.equals(versionKey(bucket, key, positionOf(record)))
}

/** Where both lists go on, as the ends of index keys. */
function startOf(
  reader: IndexReader,
  bucket: string,
  page: ListPage & { readonly afterVersion?: string },
): { prefix: Buffer; current: Buffer | undefined; others: Buffer | undefined } {
  const { prefix, after } = checkListing(page)
  const { after: key, afterVersion } = page
  if (!after) return { prefix, current: undefined, others: undefined }
  const behindKey = Buffer.concat([after, Buffer.from([0]), last])
  if (key === undefined || afterVersion === undefined || !after.equals(Buffer.from(key)))
    return { prefix, current: after, others: behindKey }
  const id = parseVersionId(afterVersion)
  const named = id === nullVersion ? findVersion(reader, { bucket, key }, afterVersion) : undefined
  // The version `null` that the last page ended with is gone: what is left of the key is told of again rather than passed over.
  const position = id === nullVersion ? (named ? positionOf(named.record) : Infinity) : id.position
  const stored = reader.get(objectKey(bucket, key))
  // Since then an older version may have become the current one.
  const isOlder = stored !== undefined && positionOf(decodeObject(stored)) < position
  const versionsOfKey = Buffer.concat([after, Buffer.from([0])])
  return {
    prefix,
    current: isOlder ? justBefore(after) : after,
    others: position === Infinity ? versionsOfKey : Buffer.concat([versionsOfKey, descending(position)]),
  }
}

function rangeOf(
  reader: IndexReader,
  base: Buffer,
  prefix: Buffer,
  after: Buffer | undefined,
  count: number,
  keyOf: (key: Buffer, base: number) => string,
): ListedRecord[] {
  const found = reader.range(Buffer.concat([base, prefix]), after && Buffer.concat([base, after]), count)
  return found.map(({ key: stored, value }) => {
    const key = keyOf(stored, base.length)
    return { key, bytes: Buffer.from(key), record: decodeObject(value) }
  })
}

/** The greatest bytes below a key that could be another one's: its last byte one less, and the highest behind it. */
function justBefore(key: Buffer): Buffer {
  const before = Buffer.from(key)
  before[before.length - 1]! -= 1
  return Buffer.concat([before, last])
}
