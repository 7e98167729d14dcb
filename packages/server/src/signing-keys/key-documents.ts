import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { Region } from '@opentrail/core/event'
import type { KeyRing } from '../keyring/index.ts'
import { fingerprintOf, pkcs1, type KeyPair } from './key-pair.ts'
import type { KeyPeriod } from './key-periods.ts'
import { SigningKeyDestroyedError, SigningKeyError, type PublicKeyView, type SigningKey } from './signing-keys.ts'

/** Times in milliseconds. */
export interface KeyDocument {
  readonly fingerprint: string
  readonly validFrom: number
  readonly validTo: number
  readonly createdAt: number
  /** Base64 of PKCS#1 DER. */
  readonly publicKey: string
  /** Base64 of PKCS#8 DER sealed by the key ring; absent once destroyed. */
  readonly privateKey?: string
}

/** A Region's keys of one period. Only the last may still have its private half; another is made when it is gone. */
export interface PeriodDocument {
  readonly keys: readonly KeyDocument[]
}

export const signingKeysPrefix = 'signing-keys/'
export const regionPrefix = (region: Region): string => `${signingKeysPrefix}${region}/`
/** In the order of time, between the years 0 and 9999. */
export const periodKey = (region: Region, { start }: KeyPeriod): string =>
  `${regionPrefix(region)}${new Date(start).toISOString()}`
export const regionOfKey = (key: string): Region => key.split('/')[1] as Region

/** Binds a private half to its place: put into another key's document it does not open. */
const purpose = (region: Region, fingerprint: string): string => `signing-key/${region}/${fingerprint}`

export function sealKeyPair(
  keyRing: Pick<KeyRing, 'sealSecret'>,
  region: Region,
  { publicKey, privateKey }: KeyPair,
  { validFrom, validTo, createdAt }: Pick<KeyDocument, 'validFrom' | 'validTo' | 'createdAt'>,
): KeyDocument {
  const fingerprint = fingerprintOf(publicKey)
  const secret = privateKey.export({ type: 'pkcs8', format: 'der' })
  const sealed = keyRing.sealSecret(purpose(region, fingerprint), secret)
  const encoded = { publicKey: publicKey.toString('base64'), privateKey: sealed.toString('base64') }
  return { fingerprint, validFrom, validTo, createdAt, ...encoded }
}

/** @throws {SigningKeyDestroyedError | SigningKeyError} naming the key. */
export function openSigningKey(
  keyRing: Pick<KeyRing, 'openSecret'>,
  region: Region,
  document: KeyDocument,
): SigningKey {
  const { fingerprint, privateKey: sealed } = document
  const view = viewOf(region, document)
  if (sealed === undefined)
    throw new SigningKeyDestroyedError(`the private half of signing key ${fingerprint} of ${region} was destroyed`)
  try {
    const secret = keyRing.openSecret(purpose(region, fingerprint), Buffer.from(sealed, 'base64'))
    const privateKey = createPrivateKey({ key: secret, type: 'pkcs8', format: 'der' })
    if (!pkcs1(createPublicKey(privateKey)).equals(view.publicKey)) throw new Error('its two halves are of two keys')
    return { ...view, sign: (text) => sign('sha256', Buffer.from(text), privateKey).toString('hex') }
  } catch (cause) {
    throw new SigningKeyError(`signing key ${fingerprint} of ${region} cannot be opened`, { cause })
  }
}

/** @throws {SigningKeyError} the public half is not the one that was stored: nobody is to verify with it. */
export function viewOf(region: Region, { fingerprint, validFrom, validTo, publicKey }: KeyDocument): PublicKeyView {
  const bytes = Buffer.from(publicKey, 'base64')
  if (fingerprintOf(bytes) !== fingerprint)
    throw new SigningKeyError(`the public half of signing key ${fingerprint} of ${region} was changed in the store`)
  return { fingerprint, publicKey: bytes, validFrom, validTo }
}

export const withoutPrivateHalf = ({ privateKey: _destroyed, ...rest }: KeyDocument): KeyDocument => rest
