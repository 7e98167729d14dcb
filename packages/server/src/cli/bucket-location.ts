import { misuse } from './command-error.ts'

/** What `s3://bucket/key` names. */
export interface BucketLocation {
  readonly bucket: string
  /** A key or the beginning of keys; empty: the whole bucket. */
  readonly key: string
}

/** @throws {CommandError} */
export function parseLocation(text: string): BucketLocation {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(text) ?? []
  if (bucket === undefined) throw misuse(`"${text}" is no place in a bucket; write s3://BUCKET or s3://BUCKET/KEY`)
  return { bucket, key }
}

/** @throws {CommandError} the location names no object. */
export function parseObjectLocation(text: string): BucketLocation {
  const location = parseLocation(text)
  if (location.key === '' || location.key.endsWith('/'))
    throw misuse(`"${text}" names no object; "opentrail ls ${text}" lists what is there`)
  return location
}
