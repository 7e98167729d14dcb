import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { BucketError } from './bucket-store.ts'
import { formatKey } from './directory-records.ts'
import type { IndexReader, ObjectIndex } from './object-index.ts'

const nonceBytes = 24
const tagBytes = 16
const version = 1
const headerBytes = 1 + nonceBytes

/**
 * An index whose values are sealed, each bound to its key; the keys stay as they are, for their order is the listing's.
 * XAES-256-GCM (C2SP): a nonce is so long that random ones never meet, however many records are ever written. What format 1
 * wrote is not sealed, and read as it is; the format's own record never is.
 */
export function createSealedObjectIndex(index: ObjectIndex, secret: Uint8Array): ObjectIndex {
  const mask = cmacSubkey(secret)
  /** Two blocks under the secret are the key of one value. */
  function valueKey(nonce: Uint8Array): Buffer {
    const blocks = Buffer.alloc(32)
    for (const [at, number] of [1, 2].entries()) {
      blocks.set([0, number, 0x58, 0], at * 16)
      blocks.set(nonce.subarray(0, 12), at * 16 + 4)
      for (let byte = 0; byte < 16; byte++) blocks[at * 16 + byte]! ^= mask[byte]!
    }
    return encryptBlocks(secret, blocks)
  }
  function seal(key: Buffer, value: Buffer): Buffer {
    if (value.length === 0 || key.equals(formatKey)) return value
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', valueKey(nonce), nonce.subarray(12), { authTagLength: tagBytes })
    const sealed = cipher.setAAD(key).update(value)
    cipher.final()
    return Buffer.concat([Buffer.from([version]), nonce, sealed, cipher.getAuthTag()])
  }
  function open(key: Buffer, value: Buffer): Buffer {
    if (value[0] !== version) return value
    const nonce = value.subarray(1, headerBytes)
    const decipher = createDecipheriv('aes-256-gcm', valueKey(nonce), nonce.subarray(12), { authTagLength: tagBytes })
    decipher.setAAD(key).setAuthTag(value.subarray(-tagBytes))
    const plain = decipher.update(value.subarray(headerBytes, -tagBytes))
    try {
      decipher.final()
    } catch (cause) {
      throw new BucketError('InternalError', 'a record in the index of the bucket store was changed', { cause })
    }
    return plain
  }
  const readerOn = (reader: IndexReader): IndexReader => ({
    get(key) {
      const value = reader.get(key)
      return value && open(key, value)
    },
    range: (prefix, after, limit) =>
      reader.range(prefix, after, limit).map(({ key, value }) => ({ key, value: open(key, value) })),
  })
  return {
    ...readerOn(index),
    transact: (change) =>
      index.transact((transaction) =>
        change({
          ...readerOn(transaction),
          put: (key, value) => transaction.put(key, seal(key, value)),
          remove: (key) => transaction.remove(key),
        }),
      ),
    close: () => index.close(),
  }
}

/** Tells whether two secrets are the same, and nothing of either. */
export const secretId = (secret: Uint8Array): string =>
  createHmac('sha256', secret).update('opentrail bucket index').digest('hex').slice(0, 16)

function encryptBlocks(key: Uint8Array, blocks: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
  return Buffer.concat([cipher.update(blocks), cipher.final()])
}

/** NIST SP 800-38B, 6.1: K1. */
function cmacSubkey(key: Uint8Array): Buffer {
  const block = encryptBlocks(key, Buffer.alloc(16))
  const doubled = Buffer.alloc(16)
  for (let byte = 0; byte < 16; byte++) doubled[byte] = (block[byte]! << 1) | ((block[byte + 1] ?? 0) >> 7)
  if (block[0]! & 0x80) doubled[15]! ^= 0x87
  return doubled
}
