import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { CipherError } from './cipher.ts'

const algorithm = 'aes-256-gcm'
export const nonceBytes = 12
export const tagBytes = 16
export const keyBytes = 32

/**
 * `header`, nonce, ciphertext and tag in one buffer. The header stays readable and is authenticated together with
 * `context`, so neither can be exchanged. The nonce must never repeat under a key.
 */
export function sealBytes(
  key: KeyObject,
  nonce: Uint8Array,
  header: Uint8Array,
  plaintext: readonly Uint8Array[],
  context: string,
): Buffer {
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(authenticated(header, context))
  // Joined first: a call per small part would cost ten times the copy.
  const body = cipher.update(plaintext.length === 1 ? plaintext[0]! : Buffer.concat(plaintext))
  cipher.final()
  return Buffer.concat([header, nonce, body, cipher.getAuthTag()])
}

/** @throws {CipherError} another key, header or context, or changed bytes; which of them cannot be known. */
export function openBytes(key: KeyObject, headerBytes: number, sealed: Uint8Array, context: string): Buffer {
  const bodyStart = headerBytes + nonceBytes
  const tagStart = sealed.length - tagBytes
  if (tagStart < bodyStart) throw new CipherError(`${sealed.length} bytes are too few for a ciphertext`)
  const nonce = sealed.subarray(headerBytes, bodyStart)
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
  decipher.setAAD(authenticated(sealed.subarray(0, headerBytes), context))
  decipher.setAuthTag(sealed.subarray(tagStart))
  const plaintext = decipher.update(sealed.subarray(bodyStart, tagStart))
  try {
    decipher.final()
  } catch (cause) {
    throw new CipherError('the ciphertext was changed, or sealed with another key or for another context', { cause })
  }
  return plaintext
}

/** The header has a fixed length per version, so where the context begins is never in doubt. */
const authenticated = (header: Uint8Array, context: string): Buffer => Buffer.concat([header, Buffer.from(context)])
