import { BucketError, type ObjectAttributes } from './bucket-store.ts'

/*
 * The index's keys: one letter for the kind, then names separated by NUL, which neither has. Letters that later versions
 * need are free; docs/reference/directory-store.md says which.
 */
export const formatKey = Buffer.from('f')
/** There until the first bucket is made. */
export const newKey = Buffer.from('n')
export const bucketPrefix = Buffer.from('b')
export const loosePrefix = Buffer.from('l')
export const bucketKey = (bucket: string): Buffer => Buffer.from(`b${bucket}`)
export const objectPrefix = (bucket: string): Buffer => Buffer.from(`o${bucket}\0`)
export const objectKey = (bucket: string, key: string): Buffer => Buffer.from(`o${bucket}\0${key}`)
/** A content id that belongs to no object: its file, if there is one, is garbage. */
export const looseKey = (id: string): Buffer => Buffer.concat([loosePrefix, Buffer.from(id, 'hex')])
export const looseId = (key: Buffer): string => key.toString('hex', loosePrefix.length)
export const noValue = Buffer.alloc(0)

export interface BucketRecord {
  readonly owner: string
  readonly region: string
  readonly createdAt: number
  readonly policy?: string
}

export interface ObjectRecord extends ObjectAttributes {
  /** Which content file, 32 hexadecimal digits. */
  readonly id: string
  readonly size: number
  /** MD5, hexadecimal, as S3's ETag of a single put. */
  readonly etag: string
  /** Hexadecimal. */
  readonly sha256: string
  readonly lastModified: number
}

export const encodeRecord = (record: BucketRecord | ObjectRecord): Buffer => Buffer.from(JSON.stringify(record))
export const decodeBucket = (value: Buffer): BucketRecord => JSON.parse(value.toString()) as BucketRecord
export const decodeObject = (value: Buffer): ObjectRecord => JSON.parse(value.toString()) as ObjectRecord

/** The number goes up with every change that an older program would misread. */
const format = 1

/** @throws {BucketError} InternalError: written by a newer program, or no format at all. */
export function checkFormat(value: Buffer): void {
  let found: unknown
  try {
    found = (JSON.parse(value.toString()) as { format?: unknown } | null)?.format
  } catch {
    // Said below.
  }
  if (found === format) return
  const what = typeof found === 'number' ? `was written by a newer OpenTrail (format ${found})` : 'is damaged'
  throw new BucketError('InternalError', `the index of the bucket store ${what}; this one knows format ${format}`)
}

export const encodeFormat = (): Buffer => Buffer.from(JSON.stringify({ format }))
