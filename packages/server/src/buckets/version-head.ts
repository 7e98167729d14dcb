import { partitionOf } from '@opentrail/core/trail'
import type { ObjectHead } from './bucket-store.ts'
import { layoutOf } from './directory-parts.ts'
import type { BucketRecord, ObjectRecord } from './directory-records.ts'
import { nullVersion, versionIdOf, type ObjectPlace } from './directory-versions.ts'
import type { IndexReader } from './object-index.ts'
import type { KeyedObject } from './object-keys.ts'
import { attributesOf } from './object-limits.ts'
import type { Encryption, ObjectUser, StoredVersion, VersionHead, VersionMarks } from './object-store.ts'

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

/** What delivery's side of the store shows of an object. */
export function objectHead({
  key,
  size,
  etag,
  lastModified,
  contentType,
  contentEncoding,
  metadata,
}: ObjectHead): ObjectHead {
  return {
    key,
    size,
    etag,
    lastModified,
    ...(contentType !== undefined && { contentType }),
    ...(contentEncoding !== undefined && { contentEncoding }),
    ...(metadata && { metadata }),
  }
}

export const keyedObject = ({ owner, region }: BucketRecord, { bucket, key }: ObjectPlace): KeyedObject => ({
  bucket,
  key,
  owner,
  region,
})

/** OpenTrail itself, for the bucket's owner. */
export const ownerAs = ({ owner, region }: BucketRecord): ObjectUser => ({
  kind: 'account',
  account: owner,
  arn: `arn:${partitionOf(region)}:iam::${owner}:root`,
})
