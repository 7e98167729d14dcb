import { hash, sign, verify, type KeyObject } from 'node:crypto'
import type { DigestFile } from './digest-file.ts'

export const sha256Hex = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex')

/** What of a digest its signature covers, beside its bytes. */
export type SignedFields = Pick<
  DigestFile,
  'digestEndTime' | 'digestS3Bucket' | 'digestS3Object' | 'previousDigestSignature'
>

/**
 * The text that is signed: end time, place, SHA-256 of the uncompressed JSON, and the previous digest's signature, or the
 * four letters `null` in the first digest of a chain. `bytes` is the JSON exactly as stored, never re-serialised.
 * Source: CloudTrail User Guide, "Custom implementations of CloudTrail log file integrity validation".
 */
export function textToSign(digest: SignedFields, bytes: Uint8Array): string {
  const place = `${digest.digestS3Bucket}/${digest.digestS3Object}`
  return [digest.digestEndTime, place, sha256Hex(bytes), digest.previousDigestSignature ?? 'null'].join('\n')
}

/** RSASSA-PKCS1-v1_5 with SHA-256, in lower hex. @throws {Error} `privateKey` is no RSA private key. */
export const signDigest = (text: string, privateKey: KeyObject): string =>
  sign('sha256', Buffer.from(text), privateKey).toString('hex')

/** Whether `signature` (hex) is `publicKey`'s for `text`. Never throws: what is no signature is not valid. */
export function isSignatureOf(text: string, signature: string, publicKey: KeyObject): boolean {
  try {
    return verify('sha256', Buffer.from(text), publicKey, Buffer.from(signature, 'hex'))
  } catch {
    return false
  }
}

/** How digests and ListPublicKeys name a key: MD5 of its PKCS#1 `RSAPublicKey`, an identifier and no protection. */
export const publicKeyFingerprint = (pkcs1Der: Uint8Array): string => hash('md5', pkcs1Der, 'hex')

/** The user metadata of a digest's object; `backfillGeneratedAt` in ms, for backfill digests only. */
export const digestMetadata = (
  signature: string,
  backfillGeneratedAt?: number,
): {
  readonly signature: string
  readonly 'signature-algorithm': 'SHA256withRSA'
  readonly 'backfill-generation-timestamp'?: string
} => ({
  signature,
  'signature-algorithm': 'SHA256withRSA',
  ...(backfillGeneratedAt !== undefined && {
    'backfill-generation-timestamp': new Date(backfillGeneratedAt).toISOString(),
  }),
})
