/** One log file as a digest lists it. Key order is the file's. */
export interface DigestLogFile {
  readonly s3Bucket: string
  readonly s3Object: string
  /** Lower-hex SHA-256 of the uncompressed log file. */
  readonly hashValue: string
  readonly hashAlgorithm: 'SHA-256'
  readonly newestEventTime: string
  readonly oldestEventTime: string
}

/**
 * A digest file: the log files that were delivered in one hour, and a link to the digest of the hour before. Times are
 * `YYYY-MM-DDTHH:MM:SSZ`; the five `previousDigest` members are null together, in the first digest of a chain.
 * Source: CloudTrail User Guide, "CloudTrail digest file structure"; the order of keys is observed.
 */
export interface DigestFile {
  readonly awsAccountId: string
  readonly digestStartTime: string
  readonly digestEndTime: string
  readonly digestS3Bucket: string
  readonly digestS3Object: string
  readonly digestPublicKeyFingerprint: string
  readonly digestSignatureAlgorithm: 'SHA256withRSA'
  readonly newestEventTime: string | null
  readonly oldestEventTime: string | null
  readonly previousDigestS3Bucket: string | null
  readonly previousDigestS3Object: string | null
  /** Lower-hex SHA-256 of the previous digest's uncompressed JSON. */
  readonly previousDigestHashValue: string | null
  readonly previousDigestHashAlgorithm: 'SHA-256' | null
  /** The previous object's `signature` metadata. */
  readonly previousDigestSignature: string | null
  readonly logFiles: readonly DigestLogFile[]
}

/**
 * The JSON of a digest, as it is hashed, signed and (compressed) stored: one compact line without a newline, all keys in
 * CloudTrail's order, nulls written out. Members that are no part of a digest are left out.
 */
export function digestBytes(digest: DigestFile): Uint8Array {
  const ordered: DigestFile = {
    awsAccountId: digest.awsAccountId,
    digestStartTime: digest.digestStartTime,
    digestEndTime: digest.digestEndTime,
    digestS3Bucket: digest.digestS3Bucket,
    digestS3Object: digest.digestS3Object,
    digestPublicKeyFingerprint: digest.digestPublicKeyFingerprint,
    digestSignatureAlgorithm: digest.digestSignatureAlgorithm,
    newestEventTime: digest.newestEventTime,
    oldestEventTime: digest.oldestEventTime,
    previousDigestS3Bucket: digest.previousDigestS3Bucket,
    previousDigestS3Object: digest.previousDigestS3Object,
    previousDigestHashValue: digest.previousDigestHashValue,
    previousDigestHashAlgorithm: digest.previousDigestHashAlgorithm,
    previousDigestSignature: digest.previousDigestSignature,
    logFiles: digest.logFiles.map(orderedEntry),
  }
  return new TextEncoder().encode(JSON.stringify(ordered))
}

const orderedEntry = (entry: DigestLogFile): DigestLogFile => ({
  s3Bucket: entry.s3Bucket,
  s3Object: entry.s3Object,
  hashValue: entry.hashValue,
  hashAlgorithm: entry.hashAlgorithm,
  newestEventTime: entry.newestEventTime,
  oldestEventTime: entry.oldestEventTime,
})
