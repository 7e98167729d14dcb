import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import type { Random } from '../clock/index.ts'
import { apiError } from './operation.ts'

/** The places of 100 streams are some 6,000 characters. */
export const cursorCharsMax = 12_000
const version = 1
const nonceBytes = 12
const tagBytes = 16

/** Texts that only this deployment can make: AES-256-GCM over JSON, bound to what they are for. */
export interface Seals {
  /** `identity`: canonical text of the request, without its cursor. */
  seal(content: unknown, identity: string): string
  /** @throws {ApiError} InvalidNextTokenException: altered, or of another request. */
  open(text: string, identity: string): unknown
}

/** @throws {RangeError} the key is not 32 bytes long. */
export function createSeals(key: Uint8Array, random: Random, purpose: string): Seals {
  if (key.length !== 32) throw new RangeError(`the key of cursors has ${key.length} bytes instead of 32`)
  const aad = Buffer.from(purpose)
  return {
    seal(content, identity) {
      const nonce = random.bytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad)
      const text = JSON.stringify([version, hashOf(identity), content])
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
        'base64url',
      )
    },
    open(text, identity) {
      const content = decrypt(key, aad, text)
      if (!Array.isArray(content) || content[0] !== version)
        throw apiError('InvalidNextTokenException', 'The cursor is not one that this server has issued.')
      if (content[1] !== hashOf(identity))
        throw apiError('InvalidNextTokenException', 'The cursor was issued for a request with other parameters.')
      return content[2]
    },
  }
}

const hashOf = (identity: string): string => createHash('sha256').update(identity).digest('base64url')

function decrypt(key: Uint8Array, aad: Uint8Array, text: string): unknown {
  const sealed = Buffer.from(text, 'base64url')
  // The decoder skips what is not base64url and ignores left-over bits; only the text that was issued is accepted.
  if (sealed.length < nonceBytes + tagBytes || sealed.toString('base64url') !== text) return undefined
  const end = sealed.length - tagBytes
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(aad).setAuthTag(sealed.subarray(end))
  try {
    const content = Buffer.concat([decipher.update(sealed.subarray(nonceBytes, end)), decipher.final()])
    return JSON.parse(content.toString()) as unknown
  } catch {
    return undefined
  }
}
