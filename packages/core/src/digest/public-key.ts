import { createPublicKey, type KeyObject } from 'node:crypto'
import { publicKeyFingerprint } from './digest-signature.ts'

/** A key that digests may be signed with, as the verifier's own source vouches for it (ListPublicKeys, or a kept file). */
export interface PublicKey {
  readonly fingerprint: string
  /** First and last moment that it may sign, ms. */
  readonly validityStart: number
  readonly validityEnd: number
  /** Undefined where the bytes are no PKCS#1 RSA key. */
  readonly key: KeyObject | undefined
  /** The fingerprint really is the key's. */
  readonly isNamedRightly: boolean
}

export interface PublicKeySource {
  /** PKCS#1 `RSAPublicKey` DER: what `Value` of ListPublicKeys is the base64 of. */
  readonly der: Uint8Array
  readonly validityStart: number
  readonly validityEnd: number
  /** As the source names it; computed where absent. */
  readonly fingerprint?: string
}

export type PublicKeys = ReadonlyMap<string, PublicKey>

/** A key of 16,384 bits takes 2 KiB; what is larger is no key and not given to the parser. */
const derBytesMax = 4096

/** Keys by fingerprint. Never throws: a key that cannot be read is a finding of the digests that it is said to have signed. */
export const publicKeys = (sources: Iterable<PublicKeySource>): PublicKeys =>
  new Map(Array.from(sources, readPublicKey).map((key) => [key.fingerprint, key]))

function readPublicKey({ der, validityStart, validityEnd, fingerprint }: PublicKeySource): PublicKey {
  const computed = publicKeyFingerprint(der)
  return {
    fingerprint: fingerprint ?? computed,
    validityStart,
    validityEnd,
    key: readPkcs1(der),
    isNamedRightly: fingerprint === undefined || fingerprint === computed,
  }
}

function readPkcs1(der: Uint8Array): KeyObject | undefined {
  if (der.length > derBytesMax) return undefined
  try {
    return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'pkcs1' })
  } catch {
    return undefined
  }
}
