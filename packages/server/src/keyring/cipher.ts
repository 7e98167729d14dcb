import type { AccountId } from '@opentrail/core/event'

/**
 * Encryption at rest with one data key per account. Ciphertexts name the key that made them, so a rotated key still
 * opens what it closed. AES-256-GCM; `context` is authenticated with the data and must be the same on opening.
 */
export interface RecordCipher {
  /** Makes sure the account's current key is in memory, so that `seal` can be synchronous on the hot path. */
  prepare(account: AccountId): Promise<void>
  /** Ciphertext with key id, nonce and tag. @throws {Error} when `prepare` was not awaited for the account before. */
  seal(account: AccountId, plaintext: readonly Uint8Array[], context: string): Buffer
  /** @throws {CipherError} unknown or destroyed key, other context, or changed bytes. */
  open(account: AccountId, sealed: Uint8Array, context: string): Promise<Buffer>
}

export class CipherError extends Error {
  override readonly name = 'CipherError'
}
