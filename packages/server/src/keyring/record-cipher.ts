import type { Random } from '../clock/index.ts'
import type { AccountKeys } from './account-keys.ts'
import { CipherError, type RecordCipher } from './cipher.ts'
import { nonceBytes, openBytes, sealBytes } from './sealed-bytes.ts'

/** The header of a ciphertext: its version, then the key's id (four bytes, big-endian). Nonce, data and tag follow. */
const version = 1
const headerBytes = 5

export function createRecordCipher(keys: AccountKeys, random: Random): RecordCipher {
  return {
    prepare: (account) => keys.prepare(account),
    seal(account, plaintext, context) {
      const { id, key } = keys.take(account)
      const header = Buffer.allocUnsafe(headerBytes)
      header[0] = version
      header.writeUInt32BE(id, 1)
      return sealBytes(key, random.bytes(nonceBytes), header, plaintext, `${account}\n${context}`)
    },
    async open(account, sealed, context) {
      if (sealed.length < headerBytes || sealed[0] !== version)
        throw new CipherError(`no ciphertext of version ${version}: ${sealed.length} bytes, the first is ${sealed[0]}`)
      const id = Buffer.from(sealed.buffer, sealed.byteOffset, headerBytes).readUInt32BE(1)
      const key = await keys.find(account, id)
      return openBytes(key, headerBytes, sealed, `${account}\n${context}`)
    },
  }
}
