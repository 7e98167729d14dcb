import { parseEventTime } from '../event/index.ts'
import type { DigestFile } from './digest-file.ts'
import { sha256Hex } from './digest-signature.ts'
import type { AvailableDigest, Place } from './fetched.ts'

export interface PreviousDigest extends Place {
  readonly sha256: string | null
  readonly signature: string | null
}

/** What of a digest its neighbours in the chain are compared with: small, however many log files it lists. */
export interface DigestHead {
  readonly place: Place
  /** ms */
  readonly startTime: number
  /** ms */
  readonly endTime: number
  /** Lower hex, of the bytes as stored. */
  readonly sha256: string
  /** From the object's metadata. */
  readonly signature: string | undefined
  /** Null in the first digest of a chain. */
  readonly previous: PreviousDigest | null
}

/** @param digest what `fetched.bytes` were read as. */
export function digestHead(fetched: AvailableDigest, digest: DigestFile): DigestHead {
  const { previousDigestS3Bucket: bucket, previousDigestS3Object: key } = digest
  const { previousDigestHashValue: sha256, previousDigestSignature: signature } = digest
  return {
    place: { bucket: fetched.bucket, key: fetched.key },
    startTime: parseEventTime(digest.digestStartTime) ?? 0,
    endTime: parseEventTime(digest.digestEndTime) ?? 0,
    sha256: sha256Hex(fetched.bytes),
    signature: fetched.metadata['signature'],
    previous: bucket === null || key === null ? null : { bucket, key, sha256, signature },
  }
}
