/** Where a trail wants to deliver. */
export interface Destination {
  readonly bucket: string
  readonly keyPrefix?: string
  /** Account whose events are delivered; it owns the trail. */
  readonly account: string
  readonly trailArn: string
  /** Digests will be delivered, too. */
  readonly validatesLogFiles?: boolean
}

/** What stands in the way, as CreateTrail and UpdateTrail name it. */
export type DestinationFault =
  | { readonly kind: 'missing-bucket' }
  | { readonly kind: 'insufficient-policy' }
  /** The store could not be asked, or refuses for another reason; `code` is S3's. */
  | { readonly kind: 'unavailable'; readonly code: string; readonly message: string }

/**
 * The check that CloudTrail makes when a trail is created or changed: the bucket is there, its policy lets CloudTrail read
 * the ACL and write the key space, and the marker object `[prefix/]AWSLogs/<account>/CloudTrail/` (with validation, that of `CloudTrail-Digest/` too) can be
 * put.
 * Undefined: nothing stands in the way.
 */
export type CheckDestination = (destination: Destination) => Promise<DestinationFault | undefined>
