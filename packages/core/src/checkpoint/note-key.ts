import { createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto'
import { decodeBase64, encodeBase64, isKeyName } from './note-text.ts'

/** Who signs notes: name and id say which key a signature is of, the public key verifies it. */
export interface NoteKey {
  /** By recommendation a URL without its scheme, such as `example.com/audit`; for a log's key the log's origin. */
  readonly name: string
  /** First four bytes of the hash of name, algorithm and public key, as a number. It identifies and protects nothing. */
  readonly id: number
  /** Ed25519, 32 bytes as RFC 8032 encodes it. */
  readonly publicKey: Uint8Array
}

export interface NoteSigner {
  readonly key: NoteKey
  /** The Ed25519 signature, 64 bytes. */
  sign(text: Uint8Array): Uint8Array
}

export type VerifierKeyReading =
  { readonly ok: true; readonly key: NoteKey } | { readonly ok: false; readonly message: string }

const publicKeyBytes = 32
const signatureBytes = 64
/** The signature type byte of Ed25519 in the C2SP signed-note specification. */
const ed25519Type = 0x01
/** Characters of a verifier key; a name that long is none. */
const verifierKeyCharsMax = 1024

/**
 * A key under its name, with the id that C2SP signed-note gives it.
 * @throws {RangeError} the name is empty or has spaces or a plus, or the public key has not 32 bytes.
 */
export function noteKey(name: string, publicKey: Uint8Array): NoteKey {
  if (!isKeyName(name)) throw new RangeError('a key name is not empty and has no spaces, control characters or +')
  if (publicKey.length !== publicKeyBytes) throw new RangeError(`an Ed25519 public key has ${publicKeyBytes} bytes`)
  const digest = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), encodedKey(publicKey)]), 'buffer')
  return { name, id: digest.readUInt32BE(0), publicKey: Uint8Array.from(publicKey) }
}

/** The form in which verifiers are given a key: `name+id+key`, id in eight hex digits, key in Base64 after its type byte. */
export const encodeVerifierKey = ({ name, id, publicKey }: NoteKey): string =>
  `${name}+${writeKeyId(id)}+${encodeBase64(encodedKey(publicKey))}`

const refused = (message: string) => ({ ok: false, message }) as const

/** Reads a verifier key; one whose id is not that of its name and public key is refused. */
export function parseVerifierKey(text: string): VerifierKeyReading {
  const malformed = 'A verifier key has the form name+id+key: no spaces, eight hex digits, Base64.'
  if (text.length > verifierKeyCharsMax) return refused(`A verifier key has at most ${verifierKeyCharsMax} characters.`)
  const {
    name = '',
    id = '',
    base64 = '',
  } = /^(?<name>[^+]+)\+(?<id>[0-9a-f]{8})\+(?<base64>.+)$/su.exec(text)?.groups ?? {}
  const encoded = decodeBase64(base64)
  if (!isKeyName(name) || encoded === undefined || encoded.length === 0) return refused(malformed)
  if (encoded[0] !== ed25519Type || encoded.length !== 1 + publicKeyBytes)
    return refused('The verifier key is not of an Ed25519 key.')
  const key = noteKey(name, encoded.subarray(1))
  return writeKeyId(key.id) === id ? { ok: true, key } : refused('The id of the verifier key is not that of its key.')
}

/** A signer with an Ed25519 private key. @throws {RangeError} another kind of key, or not a key name. */
export function noteSigner(name: string, privateKey: KeyObject): NoteSigner {
  const { x } = privateKey.asymmetricKeyType === 'ed25519' ? createPublicKey(privateKey).export({ format: 'jwk' }) : {}
  if (x === undefined) throw new RangeError('notes are signed with Ed25519 keys')
  return {
    key: noteKey(name, Buffer.from(x, 'base64url')),
    sign: (text) => sign(null, text, privateKey),
  }
}

/** Whether the bytes are this key's signature of the text. Never throws. */
export function isSignedBy({ publicKey }: NoteKey, text: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== signatureBytes) return false
  try {
    const x = Buffer.from(publicKey).toString('base64url')
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    return verify(null, text, key, signature)
  } catch {
    // No point of the curve: nothing can have been signed with that key.
    return false
  }
}

/** The id as it stands in a verifier key: eight hex digits. */
export const writeKeyId = (id: number): string => id.toString(16).padStart(8, '0')

const encodedKey = (publicKey: Uint8Array): Uint8Array => Uint8Array.of(ed25519Type, ...publicKey)
