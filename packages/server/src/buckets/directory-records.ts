import type { WrappedKey } from './object-keys.ts'
import type {
  BucketDocument,
  Checksum,
  ChecksumAlgorithm,
  DefaultRetention,
  Encryption,
  VersionAttributes,
  VersionMarks,
} from './object-store.ts'

/*
 * The index's keys: one letter for the kind, then names separated by NUL, which neither has. Letters that later versions
 * need are free; docs/reference/directory-store.md says which.
 */
export const formatKey = Buffer.from('f')
/** There until every content that format 1 wrote is sealed. */
export const oldKey = Buffer.from('e')
/** There until the first bucket is made. */
export const newKey = Buffer.from('n')
export const bucketPrefix = Buffer.from('b')
export const loosePrefix = Buffer.from('l')
export const wastePrefix = Buffer.from('w')
export const bucketKey = (bucket: string): Buffer => Buffer.from(`b${bucket}`)
export const objectPrefix = (bucket: string): Buffer => Buffer.from(`o${bucket}\0`)
export const objectKey = (bucket: string, key: string): Buffer => Buffer.from(`o${bucket}\0${key}`)
export const versionPrefix = (bucket: string): Buffer => Buffer.from(`v${bucket}\0`)
export const versionsPrefix = (bucket: string, key: string): Buffer => Buffer.from(`v${bucket}\0${key}\0`)
/** The later the position, the earlier in the index. */
export const versionKey = (bucket: string, key: string, position: number): Buffer =>
  Buffer.concat([versionsPrefix(bucket, key), descending(position)])
/** Where the version `null` is in `v`: its position. */
export const nullKey = (bucket: string, key: string): Buffer => Buffer.from(`u${bucket}\0${key}`)
export const uploadPrefix = (bucket: string): Buffer => Buffer.from(`m${bucket}\0`)
export const uploadKey = (bucket: string, key: string, uploadId: string): Buffer =>
  Buffer.concat([Buffer.from(`m${bucket}\0${key}\0`), Buffer.from(uploadId, 'hex')])
export const partPrefix = (uploadId: string): Buffer => Buffer.concat([Buffer.from('p'), Buffer.from(uploadId, 'hex')])
export function partKey(uploadId: string, number: number): Buffer {
  const suffix = Buffer.alloc(2)
  suffix.writeUInt16BE(number)
  return Buffer.concat([partPrefix(uploadId), suffix])
}
/** Of a completed upload: its contents, all in one value. */
export const layoutKey = (uploadId: string): Buffer => Buffer.concat([Buffer.from('c'), Buffer.from(uploadId, 'hex')])
/** A content id that belongs to no object: its file, if there is one, is garbage. */
export const looseKey = (id: string): Buffer => Buffer.concat([loosePrefix, Buffer.from(id, 'hex')])
export const looseId = (key: Buffer): string => key.toString('hex', loosePrefix.length)
/** An upload whose parts are garbage, all of them. */
export const wasteKey = (uploadId: string): Buffer => Buffer.concat([wastePrefix, Buffer.from(uploadId, 'hex')])
/** The content of an object that is too small for a file of its own: sealed as a file's is. */
export const inlineKey = (id: string): Buffer => Buffer.concat([inlinePrefix, Buffer.from(id, 'hex')])
export const isInlineKey = (key: Buffer): boolean => key[0] === inlinePrefix[0]
const inlinePrefix = Buffer.from('i')
export const noValue = Buffer.alloc(0)

const positionBytes = 8
const positionMax = 2n ** 64n - 1n
/** Of a position, so that the latest comes first. */
export function descending(position: number): Buffer {
  const bytes = Buffer.alloc(positionBytes)
  bytes.writeBigUInt64BE(positionMax - BigInt(position))
  return bytes
}

/** Of a key under `v`: the object's key, behind `base`. */
export const keyOfVersion = (key: Buffer, base: number): string =>
  key.toString('utf8', base, key.length - positionBytes - 1)

export interface BucketRecord {
  readonly owner: string
  readonly region: string
  readonly createdAt: number
  readonly policy?: string
  readonly documents?: Readonly<Partial<Record<Exclude<BucketDocument, 'policy'>, string>>>
  readonly versioning?: 'Enabled' | 'Suspended'
  readonly objectLock?: { readonly defaultRetention?: DefaultRetention }
  readonly tags?: Readonly<Record<string, string>>
  readonly encryption?: Encryption
}

/** One version: bytes in one content, or in the parts of an upload, or a delete marker. */
export interface ObjectRecord extends VersionAttributes, VersionMarks {
  /** Which content, 32 hexadecimal digits. */
  readonly id?: string
  /** The content is in the index, under `inlineKey`; else it is a file. */
  readonly isInline?: true
  /** Completed upload whose parts are the content. */
  readonly upload?: string
  readonly size: number
  /** MD5, hexadecimal, as S3's ETag of a single put; of an upload `md5(md5s)-N`. */
  readonly etag: string
  readonly lastModified: number
  /** Hexadecimal; only with contents that are not encrypted. */
  readonly sha256?: string
  /** Absent: written under format 1, not encrypted. */
  readonly dataKey?: WrappedKey
  readonly checksum?: Checksum
  /** In which order the key's versions were made; absent: 1,000 times `lastModified`. */
  readonly position?: number
  /** Makes version ids that nobody guesses, 16 hexadecimal digits. Absent: the version `null`. */
  readonly tail?: string
  readonly isDeleteMarker?: true
}

export interface UploadRecord extends VersionAttributes, VersionMarks {
  readonly initiated: number
  readonly dataKey: WrappedKey
  readonly checksumAlgorithm?: ChecksumAlgorithm
  readonly checksumType?: 'COMPOSITE' | 'FULL_OBJECT'
}
export interface PartRecord {
  readonly id: string
  readonly size: number
  readonly etag: string
  readonly lastModified: number
  readonly checksum?: Checksum
  /** CRC-64/NVME, Base64: where the upload asks for no checksum, for its object. Parts of older versions have none. */
  readonly crc64?: string
}

export const encodeRecord = (record: BucketRecord | ObjectRecord | UploadRecord | PartRecord): Buffer =>
  Buffer.from(JSON.stringify(record))
export const decodeBucket = (value: Buffer): BucketRecord => JSON.parse(value.toString()) as BucketRecord
export const decodeObject = (value: Buffer): ObjectRecord => JSON.parse(value.toString()) as ObjectRecord
export const decodeUpload = (value: Buffer): UploadRecord => JSON.parse(value.toString()) as UploadRecord
export const decodePart = (value: Buffer): PartRecord => JSON.parse(value.toString()) as PartRecord

export const positionOf = ({ position, lastModified }: ObjectRecord): number => position ?? lastModified * 1_000
