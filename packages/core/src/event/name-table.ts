/**
 * Names are hashed once, while a key is scanned, in a folded form: ASCII letters in lower case, `-` and `_` left out. The
 * one hash serves duplicate keys, known fields and secret names; whoever needs the exact name compares bytes after a hit.
 */
const foldedByte = new Uint8Array(256)
for (let byte = 0x20; byte < 256; byte++) foldedByte[byte] = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte
/** Stops a run of plain bytes: control characters, the quote, the backslash. */
export const endsRun = 0
/** Left out of the hash. */
export const notHashed = 1
foldedByte[0x22] = endsRun
foldedByte[0x5c] = endsRun
foldedByte[0x2d] = notHashed
foldedByte[0x5f] = notHashed
export { foldedByte }

export const hashStart = 0x811c9dc5 | 0
export const hashFactor = 0x01000193

/** The folded hash of a whole name, equal to what the scanner computes byte by byte. */
export function hashName(name: string): number {
  let hash = hashStart
  for (const byte of Buffer.from(name, 'utf8')) {
    const folded = foldedByte[byte]!
    // A quote or backslash can only come from an escape; hashed as it is, like the scanner does with decoded names.
    if (folded !== notHashed) hash = Math.imul(hash ^ (folded === endsRun ? byte : folded), hashFactor)
  }
  return hash
}

/** `masterUserPassword`, `master_user_password` and `Master-User-Password` fold to one name. */
export const foldName = (name: string): string => name.replace(/[-_]/g, '').toLowerCase()

/** A fixed set of names, found by their hash and then by their exact spelling; much cheaper than a Map of strings. */
export class NameTable {
  readonly #names: readonly string[]
  readonly #bytes: readonly Uint8Array[]
  readonly #hashes: Int32Array
  readonly #slots: Int32Array
  readonly #mask: number

  constructor(names: readonly string[]) {
    let size = 16
    while (size < names.length * 8) size *= 2
    this.#names = names
    this.#bytes = names.map((name) => Buffer.from(name, 'utf8'))
    this.#hashes = Int32Array.from(names, hashName)
    this.#mask = size - 1
    this.#slots = new Int32Array(size)
    for (const [index, hash] of this.#hashes.entries()) {
      let slot = hash & this.#mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask
      this.#slots[slot] = index + 1
    }
  }

  /** Whether some name has this hash, whatever its spelling. */
  hasHash(hash: number): boolean {
    for (let slot = hash & this.#mask; this.#slots[slot] !== 0; slot = (slot + 1) & this.#mask)
      if (this.#hashes[this.#slots[slot]! - 1] === hash) return true
    return false
  }

  /** Index of the name spelt by `bytes[start, end)`, or -1. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    for (let slot = hash & this.#mask; this.#slots[slot] !== 0; slot = (slot + 1) & this.#mask) {
      const index = this.#slots[slot]! - 1
      if (this.#hashes[index] === hash && sameBytes(this.#bytes[index]!, bytes, start, end)) return index
    }
    return -1
  }

  indexOf(name: string): number {
    return this.#names.indexOf(name)
  }
}

function sameBytes(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[start + i]) return false
  return true
}
