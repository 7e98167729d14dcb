import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { ApiError } from '../api-error/index.ts'

/** A checksum of the decoded body, as it comes in a trailing header `x-amz-checksum-<algorithm>`. */
export interface TrailingChecksum {
  /** The header that brings the value to compare with, lower case. */
  readonly trailer: string
  update(piece: Uint8Array): void
  /** As it stands in the header: base64 of the big-endian bytes. Once, at the end. */
  value(): string
}

type Algorithm = () => Omit<TrailingChecksum, 'trailer'>

const prefix = 'x-amz-checksum-'
const algorithms = new Map<string, Algorithm>([
  ['crc32', crc32Checksum],
  ['crc32c', crc32c],
  ['crc64nvme', crc64nvme],
  ['sha1', () => hashed('sha1')],
  ['sha256', () => hashed('sha256')],
])

/**
 * The checksums among the trailing headers that a request announces.
 * @throws {ApiError} one has an algorithm that is not known: to take the body would be to pretend it had been checked.
 */
export function trailingChecksums(trailerNames: readonly string[]): TrailingChecksum[] {
  return trailerNames
    .filter((name) => name.startsWith(prefix))
    .map((trailer) => {
      const algorithm = algorithms.get(trailer.slice(prefix.length))
      if (algorithm) return { trailer, ...algorithm() }
      const known = [...algorithms.keys()].map((name) => prefix + name).join(', ')
      throw new ApiError('ValidationException', `The checksum in x-amz-trailer must be one of ${known}.`)
    })
}

function hashed(algorithm: string) {
  const hash = createHash(algorithm)
  return { update: (piece: Uint8Array) => void hash.update(piece), value: () => hash.digest('base64') }
}

function crc32Checksum() {
  let sum = 0
  return { update: (piece: Uint8Array) => void (sum = crc32(piece, sum)), value: () => base64(sum) }
}

/** The tables of both halves of a reflected CRC; one of 32 bits has only a low half. */
function tables(polynomialHigh: number, polynomialLow: number) {
  const high = new Int32Array(256)
  const low = new Int32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let [h, l] = [0, byte]
    for (let bit = 0; bit < 8; bit++) {
      const isOdd = (l & 1) === 1
      l = (l >>> 1) | (h << 31)
      h >>>= 1
      if (!isOdd) continue
      h ^= polynomialHigh
      l ^= polynomialLow
    }
    high[byte] = h
    low[byte] = l
  }
  return { high, low }
}

/** The polynomial of RFC 3720 (iSCSI), reflected. */
function crc32c() {
  const { low } = (castagnoli ??= tables(0, 0x82f63b78))
  let sum = ~0
  return {
    update(piece: Uint8Array) {
      for (const byte of piece) sum = (sum >>> 8) ^ low[(sum ^ byte) & 0xff]!
    },
    value: () => base64(~sum),
  }
}

/** The polynomial of the NVM Express specification, reflected; two halves, because bitwise numbers have 32 bits. */
function crc64nvme() {
  const table = (nvme ??= tables(0x9a6c9329, 0xac4bc9b5))
  let [high, low] = [~0, ~0]
  return {
    update(piece: Uint8Array) {
      for (const byte of piece) {
        const at = (low ^ byte) & 0xff
        low = ((low >>> 8) | (high << 24)) ^ table.low[at]!
        high = (high >>> 8) ^ table.high[at]!
      }
    },
    value: () => base64(~high, ~low),
  }
}

/** Made when the first body needs them. */
let castagnoli: ReturnType<typeof tables> | undefined
let nvme: ReturnType<typeof tables> | undefined

function base64(...words: number[]): string {
  const bytes = Buffer.alloc(words.length * 4)
  for (const [index, word] of words.entries()) bytes.writeUInt32BE(word >>> 0, index * 4)
  return bytes.toString('base64')
}
