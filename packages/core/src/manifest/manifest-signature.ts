import { digestMetadata, sha256Hex } from '../digest/index.ts'

/** What of a manifest its signature covers, beside its bytes. */
export interface SignedPlace {
  readonly bucket: string
  readonly key: string
  /** Lower hex SHA-256 of the digest's uncompressed JSON. */
  readonly digestHashValue: string
}

/**
 * The text that is signed, with the key of the digest and like it (`signDigest`). `bytes` is the JSON exactly as stored.
 * The first line keeps it from ever being taken for a digest's, which begins with a time.
 */
export const manifestTextToSign = ({ bucket, key, digestHashValue }: SignedPlace, bytes: Uint8Array): string =>
  ['OpenTrail-Manifest/1', `${bucket}/${key}`, sha256Hex(bytes), digestHashValue].join('\n')

/** The user metadata of a manifest's object: those of a digest. */
export const manifestMetadata = (signature: string): Readonly<Record<string, string>> => digestMetadata(signature)
