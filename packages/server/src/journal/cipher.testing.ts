import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import type { AccountId } from '@opentrail/core/event'
import { CipherError, type RecordCipher } from '../keyring/index.ts'

/** Real AES-256-GCM with a key made from the account's number; nonces count up. `destroy` loses an account's key. */
export function createTestCipher(): RecordCipher & {
  destroy(account: AccountId): void
  restore(account: AccountId): void
} {
  const destroyed = new Set<AccountId>()
  const keys = new Map<AccountId, Buffer>()
  let nonces = 0
  const keyOf = (account: AccountId): Buffer => {
    if (destroyed.has(account)) throw new CipherError(`the key of ${account} is destroyed`)
    const key = keys.get(account) ?? createHash('sha256').update(`test key of ${account}`).digest()
    keys.set(account, key)
    return key
  }
  return {
    async prepare(account) {
      keyOf(account)
    },
    seal(account, plaintext, context) {
      const nonce = Buffer.alloc(12)
      nonce.writeUInt32LE(process.pid, 0)
      nonce.writeUInt32LE(nonces++, 4)
      const cipher = createCipheriv('aes-256-gcm', keyOf(account), nonce).setAAD(Buffer.from(context))
      const parts = plaintext.map((part) => cipher.update(part))
      parts.push(cipher.final())
      return Buffer.concat([nonce, ...parts, cipher.getAuthTag()])
    },
    async open(account, sealed, context) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
      const decipher = createDecipheriv('aes-256-gcm', keyOf(account), bytes.subarray(0, 12))
      decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-16))
      try {
        return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
      } catch (cause) {
        throw new CipherError(`changed bytes or another context than ${context}`, { cause })
      }
    },
    destroy: (account) => destroyed.add(account),
    restore: (account) => destroyed.delete(account),
  }
}
