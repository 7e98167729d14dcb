import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual, type KeyObject } from 'node:crypto'
import type { Random } from '../clock/index.ts'
import { contextBytes } from './encryption-context.ts'
import type { EncryptionContext } from './key-service.ts'

/**
 * A ciphertext blob, version 1 (docs/reference/kms.md):
 *
 *   1  version: 1
 *  16  key id, a UUID
 *   4  material version, big-endian
 *  16  salt
 *  12  nonce
 *   n  ciphertext, as long as the plaintext
 *  16  tag of AES-256-GCM
 *  16  mark: HMAC-SHA-256 of all before it, cut to 16 bytes
 *
 * The data are sealed with a key derived from the material and the salt, so that no number of messages uses up a material's
 * nonces. The header and the encryption context are authenticated with them. The mark is made with a key of the whole
 * installation: what was changed anywhere is recognised before its key is looked for, and tells nothing about keys.
 */
const formatVersion = 1
const keyIdAt = 1
const materialAt = 17
const saltAt = 21
const nonceAt = 37
const bodyAt = 49
const saltBytes = 16
const nonceBytes = 12
const tagBytes = 16
const markBytes = 16

/** What a blob is longer than its plaintext. */
export const ciphertextOverheadBytes = bodyAt + tagBytes + markBytes

export interface CiphertextOrigin {
  readonly keyId: string
  readonly materialVersion: number
}

export function sealCiphertext(
  options: CiphertextOrigin & {
    readonly material: KeyObject
    readonly markKey: Uint8Array
    readonly random: Random
    readonly context: EncryptionContext
  },
  plaintext: Uint8Array,
): Buffer {
  const { keyId, materialVersion, material, markKey, random, context } = options
  const header = Buffer.alloc(bodyAt)
  header[0] = formatVersion
  header.write(keyId.replaceAll('-', ''), keyIdAt, 'hex')
  header.writeUInt32BE(materialVersion, materialAt)
  header.set(random.bytes(saltBytes), saltAt)
  header.set(random.bytes(nonceBytes), nonceAt)
  const cipher = createCipheriv('aes-256-gcm', messageKey(material, header), header.subarray(nonceAt, bodyAt), {
    authTagLength: tagBytes,
  })
  cipher.setAAD(Buffer.concat([header, contextBytes(context)]))
  const body = cipher.update(plaintext)
  cipher.final()
  const sealed = Buffer.concat([header, body, cipher.getAuthTag()])
  return Buffer.concat([sealed, mark(markKey, sealed)])
}

/** Undefined: not a blob of this installation as it was made. */
export function readCiphertext(blob: Uint8Array, markKey: Uint8Array): CiphertextOrigin | undefined {
  const markAt = blob.length - markBytes
  if (markAt < bodyAt + tagBytes || blob[0] !== formatVersion) return undefined
  if (!timingSafeEqual(mark(markKey, blob.subarray(0, markAt)), blob.subarray(markAt))) return undefined
  const header = Buffer.from(blob.subarray(0, bodyAt))
  const hex = header.toString('hex', keyIdAt, materialAt)
  const keyId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return { keyId, materialVersion: header.readUInt32BE(materialAt) }
}

/** Undefined: another material, or another encryption context. Of a blob that `readCiphertext` has read. */
export function openCiphertext(blob: Uint8Array, material: KeyObject, context: EncryptionContext): Buffer | undefined {
  const header = blob.subarray(0, bodyAt)
  const tagAt = blob.length - markBytes - tagBytes
  const decipher = createDecipheriv('aes-256-gcm', messageKey(material, header), header.subarray(nonceAt, bodyAt), {
    authTagLength: tagBytes,
  })
  decipher.setAAD(Buffer.concat([header, contextBytes(context)]))
  decipher.setAuthTag(blob.subarray(tagAt, tagAt + tagBytes))
  const plaintext = decipher.update(blob.subarray(bodyAt, tagAt))
  try {
    decipher.final()
    return plaintext
  } catch {
    plaintext.fill(0)
    return undefined
  }
}

const messageKey = (material: KeyObject, header: Uint8Array): Buffer =>
  Buffer.from(hkdfSync('sha256', material, header.subarray(saltAt, nonceAt), 'opentrail/kms/message/1', 32))

const mark = (markKey: Uint8Array, sealed: Uint8Array): Buffer =>
  createHmac('sha256', markKey).update(sealed).digest().subarray(0, markBytes)
