import type { AccountId, Region } from '@opentrail/core/event'
import type { Principal } from '../accounts/index.ts'
import type { BucketAdministration, BucketSettings, ObjectStore, ObjectUser } from '../buckets/index.ts'
import type { Answer, Exchange } from '../http/index.ts'
import type { HeaderReader, RequestBody } from './request-body.ts'
import type { S3Request } from './s3-request.ts'

/** Who asks: somebody who has proven it, or anybody. */
export type Caller = { readonly kind: 'user'; readonly principal: Principal } | { readonly kind: 'anonymous' }

/** The stores behind the front. */
export interface S3Stores {
  readonly objects: ObjectStore
  readonly administration: Pick<
    BucketAdministration,
    'createBucket' | 'deleteBucket' | 'describeBucket' | 'listBuckets'
  >
}

/** An object, or a version of it. */
export interface ObjectPlace {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
}

/** One call on its way: authenticated, and authorised for what its operation says. */
export interface S3Call extends S3Stores {
  readonly exchange: Exchange
  readonly request: S3Request
  readonly caller: Caller
  /** Where the signature was made for. */
  readonly region: Region
  /** Domain time, milliseconds since the epoch. */
  now(): number
  readonly regions: ReadonlySet<string>
  /** Empty in calls on the service. */
  readonly bucket: string
  /** Empty in calls on a bucket. */
  readonly key: string
  /** Whose the bucket is. */
  readonly owner: AccountId
  readonly body: RequestBody
  /** A header; a presigned request may have it in its query. `name` in lower case. */
  readonly header: HeaderReader
  parameter(name: string): string | undefined
  /** As the stores know the caller. */
  readonly user: ObjectUser
  /** Whether the caller may do something else, too. `place` is the call's own where absent. */
  may(action: string, place?: Partial<ObjectPlace>): Promise<boolean>
  /** @throws {S3Error} AccessDenied */
  authorise(action: string, place?: Partial<ObjectPlace>): Promise<void>
  /** Adds to the record's `requestParameters`: what the body asks for. */
  note(parameters: Readonly<Record<string, unknown>>): void
  /**
   * Makes the call's record durable before what it changes is changed: without its record there is then no change, whatever
   * crashes. Should the change fail after it, a second record says so.
   */
  recordFirst(): Promise<void>
}

/** Bytes that are read while they are sent. */
export interface StreamedContent {
  readonly size: number
  read(): AsyncIterable<Uint8Array>
  close(): Promise<void>
}
export interface S3Answer extends Answer {
  /** Instead of `body`. */
  readonly content?: StreamedContent
}
export type S3Handler = (call: S3Call) => Promise<S3Answer>

export const settingsOf = ({ objects, bucket }: S3Call): Promise<BucketSettings> => objects.settings(bucket)

/** The object that the path and `versionId` name. */
export function placeOf(call: S3Call): ObjectPlace {
  const { bucket, key } = call
  const versionId = call.parameter('versionId')
  // An empty one names none: some clients send it so.
  return { bucket, key, ...(versionId !== undefined && versionId !== '' && { versionId }) }
}
