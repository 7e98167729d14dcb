import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { Random } from '../clock/index.ts'
import { keyBytes, nonceBytes, openBytes, sealBytes } from './sealed-bytes.ts'

/** The key that all others are wrapped with. `id` tells two of them apart and reveals nothing of either. */
export interface RootKey {
  readonly id: string
  readonly key: KeyObject
}

/** Something is wrong with the root key as configured: the server cannot start, and its owner has to act. */
export class RootKeyError extends Error {
  override readonly name = 'RootKeyError'
}

/** A key as stored: wrapped with the root key of that id. */
export interface WrappedKey {
  readonly rootKeyId: string
  /** Nonce, ciphertext and tag, Base64. */
  readonly wrapped: string
}

/** 32 bytes as 64 hexadecimal digits or as Base64, white space around them aside. @throws {RootKeyError} naming `origin`. */
export function parseRootKey(text: string, origin: string): RootKey {
  const trimmed = text.trim()
  const bytes = /^[\da-f]{64}$/i.test(trimmed) ? Buffer.from(trimmed, 'hex') : fromBase64(trimmed)
  if (bytes === undefined)
    throw new RootKeyError(`${origin} does not hold a root key: expected 32 bytes as Base64 or hexadecimal digits`)
  if (bytes.length !== keyBytes)
    throw new RootKeyError(`${origin} holds a root key of ${bytes.length} bytes; it must have ${keyBytes}`)
  return rootKey(bytes)
}

export function rootKey(bytes: Uint8Array): RootKey {
  const id = createHmac('sha256', bytes).update('opentrail root key id').digest('hex').slice(0, 16)
  return { id, key: createSecretKey(bytes) }
}

function fromBase64(text: string): Buffer | undefined {
  if (text === '' || !/^[\w+/-]+={0,2}$/.test(text)) return undefined
  return Buffer.from(text, 'base64')
}

const noHeader = new Uint8Array(0)

/** `place` says what the key is for, so that a wrapped key put elsewhere does not open. */
export function wrapKey(root: RootKey, random: Random, key: KeyObject, place: string): WrappedKey {
  const sealed = sealBytes(root.key, random.bytes(nonceBytes), noHeader, [key.export()], `key/${place}`)
  return { rootKeyId: root.id, wrapped: sealed.toString('base64') }
}

/**
 * @throws {RootKeyError} wrapped with another root key.
 * @throws {CipherError} changed, or not wrapped for this place.
 */
export function unwrapKey(root: RootKey, wrapped: WrappedKey, place: string): KeyObject {
  if (wrapped.rootKeyId !== root.id)
    throw new RootKeyError(
      `the root key does not match: the data was encrypted under root key ${wrapped.rootKeyId}, given is ${root.id}`,
    )
  return createSecretKey(openBytes(root.key, 0, Buffer.from(wrapped.wrapped, 'base64'), `key/${place}`))
}

/** A stable key of its own for each `info`. */
export const subkey = (key: KeyObject, info: string): Buffer =>
  Buffer.from(hkdfSync('sha256', key, new Uint8Array(0), info, keyBytes))
