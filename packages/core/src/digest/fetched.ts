/** A place in a bucket. */
export interface Place {
  readonly bucket: string
  readonly key: string
}
export const isSamePlace = (one: Place, other: Place): boolean => one.bucket === other.bucket && one.key === other.key

/** What came of an object that could not be had. */
export type Unavailable = Place &
  (
    | { readonly status: 'not-found' }
    /** The bytes are no gzip, or their checksum is wrong. */
    | { readonly status: 'not-gzip' }
    /** The gzip stream ends before its end. */
    | { readonly status: 'cut-short' }
    /** The store refused or failed, or the object is larger than the caller inflates: nothing can be said of it. */
    | { readonly status: 'unreadable'; readonly reason: string }
  )

export type AvailableDigest = Place & {
  readonly status: 'found'
  /** User metadata, names in lower case and without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>
  /** The uncompressed content of the first gzip member. */
  readonly bytes: Uint8Array
  /** Something follows the first gzip member. */
  readonly hasTrailingData: boolean
}
/** A digest as read from a bucket: all of it is untrusted. */
export type FetchedDigest = AvailableDigest | Unavailable

/** A log file as read from a bucket; hashed while it streams, so it need not fit into memory. */
export type FetchedLogFile =
  | (Place & {
      readonly status: 'found'
      /** Lower-hex SHA-256 of the uncompressed content of the first gzip member. */
      readonly sha256: string
      readonly hasTrailingData: boolean
    })
  | Unavailable
