import type { Encryption } from './object-store.ts'

/** What an object carries beside its bytes. Header names as S3 sends them, metadata names in lower case without `x-amz-meta-`. */
export interface ObjectAttributes {
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly metadata?: Readonly<Record<string, string>>
}

/** On whose behalf a call is made: a store that keeps policies judges by it; to a remote one it is what its own credentials say. */
export type BucketCaller =
  /** OpenTrail itself, for its owner: reading back, showing, exporting. No policy is asked. */
  | { readonly kind: 'owner' }
  /** CloudTrail's service principal, delivering for a trail; the bucket's policy has to let it in. */
  | {
      readonly kind: 'delivery'
      readonly trailArn: string
      /** Account that owns the trail. */
      readonly account: string
    }

export interface NewObject extends ObjectAttributes {
  readonly bucket: string
  readonly key: string
  readonly body: Uint8Array
  readonly caller: BucketCaller
  /** `If-None-Match: *`. Without `supportsConditionalPut` the store at most looks first, so two writers at once may both succeed. */
  readonly onlyIfAbsent?: boolean
  /** How it is encrypted at rest; absent: as the bucket says. */
  readonly encryption?: Encryption
}

export interface ObjectHead extends ObjectAttributes {
  readonly key: string
  readonly size: number
  /** Without quotes. */
  readonly etag: string
  /** Milliseconds since the epoch. */
  readonly lastModified: number
}

export interface ListedObject {
  readonly key: string
  readonly size: number
  readonly etag: string
  readonly lastModified: number
}

/** Where log files go. Every adapter passes `bucketStoreContract`. Names and keys are untrusted. */
export interface BucketStore {
  /**
   * A put with `onlyIfAbsent` fails with PreconditionFailed where the key is taken, however many write at once. As far as known: a
   * remote store is believed until a put shows that it cannot.
   */
  supportsConditionalPut(bucket: string): boolean
  /** @throws {BucketError} NoSuchBucket, AccessDenied, ... */
  headBucket(bucket: string): Promise<{ readonly region?: string }>
  /** The bucket's policy as its JSON text; undefined where it has none. @throws {BucketError} */
  policy(bucket: string): Promise<string | undefined>
  /** Resolves once the object would survive a power cut (as far as the store promises it). @throws {BucketError} */
  put(object: NewObject): Promise<{ readonly etag: string }>
  /** @throws {BucketError} NoSuchKey, NoSuchBucket, ...; EntityTooLarge beyond `bytesMax`. */
  get(bucket: string, key: string, options: { readonly bytesMax: number }): Promise<ObjectHead & { body: Uint8Array }>
  /** @throws {BucketError} NoSuchKey, NoSuchBucket, ... */
  head(bucket: string, key: string): Promise<ObjectHead>
  /** Keys in UTF-8 byte order that begin with `prefix` and come after `after`; at most `limit` (1,000). */
  list(
    bucket: string,
    options: { readonly prefix?: string; readonly after?: string; readonly limit?: number },
  ): Promise<{ readonly objects: readonly ListedObject[]; readonly isTruncated: boolean }>
  close(): Promise<void>
}

/**
 * A failure with S3's code (`NoSuchBucket`, `AccessDenied`, `SlowDown`, `PreconditionFailed`, ...), or one of ours for what
 * is no answer of S3: `NetworkingError`, `RequestTimeout`, `InvalidResponse`.
 */
export class BucketError extends Error {
  override readonly name = 'BucketError'
  readonly code: string
  /** The store may or may not have taken the object: read back before trying again. */
  readonly isOutcomeUnknown: boolean
  /** What was asked for is a delete marker, of this version id: with NoSuchKey and MethodNotAllowed. */
  readonly deleteMarker: string | undefined
  constructor(
    code: string,
    message: string,
    options?: ErrorOptions & { readonly isOutcomeUnknown?: boolean; readonly deleteMarker?: string },
  ) {
    super(message, options)
    this.code = code
    this.isOutcomeUnknown = options?.isOutcomeUnknown ?? false
    this.deleteMarker = options?.deleteMarker
  }
}
