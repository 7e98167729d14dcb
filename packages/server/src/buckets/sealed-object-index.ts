import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { systemRandom } from '../clock/index.ts'
import { BucketError } from './bucket-store.ts'
import { bucketPrefix, formatKey, isInlineKey } from './directory-records.ts'
import type { IndexReader, ObjectIndex } from './object-index.ts'

const nonceBytes = 24
const tagBytes = 16
const version = 1
const headerBytes = 1 + nonceBytes

/**
 * An index whose values are sealed, each bound to its key; the keys stay as they are, for their order is the listing's.
 * XAES-256-GCM (C2SP): a nonce is so long that random ones never meet, however many records are ever written. What format 1
 * wrote is not sealed, and read as it is; the format's own record never is, and contents are sealed under keys of their own.
 */
export function createSealedObjectIndex(index: ObjectIndex, secret: Uint8Array): ObjectIndex {
  // Node.js takes keys as bytes, too, and is several times slower with them.
  const key = createSecretKey(secret)
  const mask = cmacSubkey(key)
  // Whole blocks under ECB leave nothing behind for the next ones.
  const blockCipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
  /** Two blocks under the secret are the key of one value. */
  function valueKey(nonce: Uint8Array): KeyObject {
    const blocks = Buffer.alloc(32)
    for (const [at, number] of [1, 2].entries()) {
      blocks.set([0, number, 0x58, 0], at * 16)
      blocks.set(nonce.subarray(0, 12), at * 16 + 4)
      for (let byte = 0; byte < 16; byte++) blocks[at * 16 + byte]! ^= mask[byte]!
    }
    return createSecretKey(blockCipher.update(blocks))
  }
  function seal(name: Buffer, value: Buffer): Buffer {
    if (value.length === 0 || isKeptAsIs(name)) return value
    const nonce = systemRandom.bytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', valueKey(nonce), nonce.subarray(12), { authTagLength: tagBytes })
    const sealed = cipher.setAAD(name).update(value)
    cipher.final()
    return Buffer.concat([Buffer.from([version]), nonce, sealed, cipher.getAuthTag()])
  }
  function open(name: Buffer, value: Buffer): Buffer {
    if (value[0] !== version || isKeptAsIs(name)) return value
    const nonce = value.subarray(1, headerBytes)
    const decipher = createDecipheriv('aes-256-gcm', valueKey(nonce), nonce.subarray(12), { authTagLength: tagBytes })
    decipher.setAAD(name).setAuthTag(value.subarray(-tagBytes))
    const plain = decipher.update(value.subarray(headerBytes, -tagBytes))
    try {
      decipher.final()
    } catch (cause) {
      throw new BucketError('InternalError', 'a record in the index of the bucket store was changed', { cause })
    }
    return plain
  }
  const openBucket = remembering(open)
  const readerOn = (reader: IndexReader): IndexReader => ({
    get(name) {
      const value = reader.get(name)
      return value && (name[0] === bucketPrefix[0] ? openBucket : open)(name, value)
    },
    range: (prefix, after, limit) =>
      reader.range(prefix, after, limit).map(({ key: name, value }) => ({ key: name, value: open(name, value) })),
  })
  return {
    ...readerOn(index),
    transact: (change) =>
      index.transact((transaction) =>
        change({
          ...readerOn(transaction),
          put: (name, value) => transaction.put(name, seal(name, value)),
          remove: (name) => transaction.remove(name),
        }),
      ),
    close: () => index.close(),
  }
}

const isKeptAsIs = (name: Buffer): boolean => isInlineKey(name) || name.equals(formatKey)

/** Each call asks for its bucket some times, and there are a few. */
const rememberedMax = 64

/** The last values that were opened. What is sealed the same is the same, so a change needs nobody to forget it. */
function remembering(open: (name: Buffer, value: Buffer) => Buffer): (name: Buffer, value: Buffer) => Buffer {
  const kept = new Map<string, { readonly sealed: Buffer; readonly plain: Buffer }>()
  return (name, sealed) => {
    const id = name.toString('latin1')
    const known = kept.get(id)
    if (known?.sealed.equals(sealed)) return known.plain
    const plain = open(name, sealed)
    if (!known && kept.size >= rememberedMax) kept.delete(kept.keys().next().value!)
    kept.set(id, { sealed: Buffer.from(sealed), plain })
    return plain
  }
}

/** Tells whether two secrets are the same, and nothing of either. */
export const secretId = (secret: Uint8Array): string =>
  createHmac('sha256', secret).update('opentrail bucket index').digest('hex').slice(0, 16)

function encryptBlocks(key: KeyObject, blocks: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
  return Buffer.concat([cipher.update(blocks), cipher.final()])
}

/** NIST SP 800-38B, 6.1: K1. */
function cmacSubkey(key: KeyObject): Buffer {
  const block = encryptBlocks(key, Buffer.alloc(16))
  const doubled = Buffer.alloc(16)
  for (let byte = 0; byte < 16; byte++) doubled[byte] = (block[byte]! << 1) | ((block[byte + 1] ?? 0) >> 7)
  if (block[0]! & 0x80) doubled[15]! ^= 0x87
  return doubled
}
