import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { createBodyDigests, createChecksum } from './body-digests.ts'
import { combineCrcs } from './crc-combine.ts'
import { crc32c } from './crc.ts'
import type { ChecksumAlgorithm } from './object-store.ts'

const crcs: readonly ChecksumAlgorithm[] = ['CRC32', 'CRC32C', 'CRC64NVME']
const sumOf = (algorithm: ChecksumAlgorithm, ...pieces: readonly Uint8Array[]): string => {
  const sum = createChecksum(algorithm)
  for (const piece of pieces) sum.update(piece)
  return sum.digest().toString('base64')
}
/** Bit by bit, as the definition has it. */
function slowly(bytes: Uint8Array, width: bigint, polynomial: bigint): string {
  const ones = (1n << width) - 1n
  let value = ones
  for (const byte of bytes) {
    value ^= BigInt(byte)
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n
  }
  const hex = (value ^ ones).toString(16).padStart(Number(width) / 4, '0')
  return Buffer.from(hex, 'hex').toString('base64')
}

describe('checksums of bodies', () => {
  test('CRCs are those of their definitions, however the bytes come', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 300 }), (bytes, at) => {
        const pieces = [bytes.subarray(0, at), bytes.subarray(at)]
        assert.equal(sumOf('CRC32C', ...pieces), slowly(bytes, 32n, 0x82f63b78n))
        assert.equal(sumOf('CRC64NVME', ...pieces), slowly(bytes, 64n, 0x9a6c9329ac4bc9b5n))
        assert.equal(sumOf('CRC32', ...pieces), slowly(bytes, 32n, 0xedb88320n))
      }),
    )
    assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  })

  test('those of parts make that of the whole', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...crcs),
        fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }),
        (crc, parts) => {
          const combined = combineCrcs(
            crc,
            parts.map((part) => ({ checksum: sumOf(crc, part), size: part.length })),
          )
          assert.equal(combined, sumOf(crc, ...parts))
        },
      ),
    )
  })

  test('a body that is too large is refused while it comes', () => {
    const digests = createBodyDigests({}, 10)
    digests.update(Buffer.alloc(10))
    assert.throws(() => digests.update(Buffer.alloc(1)), /at most 10 bytes/)
  })
})
