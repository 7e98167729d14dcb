import { hash } from 'node:crypto'

/** Bytes of a SHA-256 hash. */
export const hashBytes = 32

export const leafPrefix = 0
export const nodePrefix = 1

/** H(0 ‖ recordHash): the record itself can be erased later while every proof stays valid. */
export function leafHash(recordHash: Uint8Array): Uint8Array {
  const input = Buffer.alloc(1 + recordHash.length, leafPrefix)
  input.set(recordHash, 1)
  return hash('sha256', input, 'buffer')
}

/** H(1 ‖ left ‖ right), of two hashes of 32 bytes each (RFC 6962 §2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = Buffer.alloc(1 + 2 * hashBytes, nodePrefix)
  input.set(left, 1)
  input.set(right, 1 + hashBytes)
  return hash('sha256', input, 'buffer')
}

/** The root of the tree without leaves: SHA-256 of nothing (RFC 6962 §2.1). */
export const emptyRoot = (): Uint8Array => hash('sha256', '', 'buffer')

/** Whether an untrusted value is a hash by its type and length. */
export const isHash = (value: unknown): value is Uint8Array => value instanceof Uint8Array && value.length === hashBytes

export const sameHash = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0
