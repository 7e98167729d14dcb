import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { CipherError, type RecordCipher } from '../keyring/index.ts'
import { createObjectKeys, type ObjectKeys } from './object-keys.ts'

/** Real encryption under a key that everybody knows. */
const key = Buffer.alloc(32, 'test')

export function createTestRingCipher(): RecordCipher {
  return {
    async prepare() {},
    seal(account, plaintext, context) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(`${account}\n${context}`))
      return Buffer.concat([
        nonce,
        ...plaintext.map((part) => cipher.update(part)),
        cipher.final(),
        cipher.getAuthTag(),
      ])
    },
    async open(account, sealed, context) {
      const bytes = Buffer.from(sealed)
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
      decipher.setAAD(Buffer.from(`${account}\n${context}`)).setAuthTag(bytes.subarray(-16))
      try {
        return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
      } catch (cause) {
        throw new CipherError('changed, or of another place', { cause })
      }
    },
  }
}

export const createTestKeys = (): ObjectKeys =>
  createObjectKeys({ cipher: createTestRingCipher(), indexKey: Buffer.alloc(32, 'index') })
