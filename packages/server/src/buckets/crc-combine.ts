import type { ChecksumAlgorithm } from './object-store.ts'

interface Field {
  readonly bits: number
  /** Reflected. */
  readonly polynomial: bigint
}
const fields: Readonly<Partial<Record<ChecksumAlgorithm, Field>>> = {
  CRC32: { bits: 32, polynomial: 0xedb8_8320n },
  CRC32C: { bits: 32, polynomial: 0x82f6_3b78n },
  CRC64NVME: { bits: 64, polynomial: 0x9a6c_9329_ac4b_c9b5n },
}

export const canCombine = (algorithm: ChecksumAlgorithm): boolean => fields[algorithm] !== undefined

/**
 * The checksum of parts one behind the other, from those of the parts: each is shifted by what follows it, which is a
 * multiplication by x^(8·bytes) modulo the polynomial. As zlib's crc32_combine.
 */
export function combineCrcs(
  algorithm: ChecksumAlgorithm,
  parts: readonly { readonly checksum: string; readonly size: number }[],
): string {
  const field = fields[algorithm]
  if (!field) throw new Error(`checksums of ${algorithm} cannot be combined`)
  // Parts are mostly of one size.
  const shifts = new Map<number, bigint>()
  let value = 0n
  for (const { checksum, size } of parts) {
    const shift = shifts.get(size) ?? shiftOf(field, size)
    shifts.set(size, shift)
    value = multiply(field, shift, value) ^ BigInt(`0x${Buffer.from(checksum, 'base64').toString('hex')}`)
  }
  return Buffer.from(value.toString(16).padStart(field.bits / 4, '0'), 'hex').toString('base64')
}

/** Of polynomials whose highest bit is the constant term. */
function multiply({ bits, polynomial }: Field, a: bigint, b: bigint): bigint {
  let product = 0n
  let shifted = b
  for (let mask = 1n << BigInt(bits - 1); mask > 0n; mask >>= 1n) {
    if (a & mask) product ^= shifted
    shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n
  }
  return product
}

function shiftOf(field: Field, bytes: number): bigint {
  const one = 1n << BigInt(field.bits - 1)
  let result = one
  let power = one >> 8n
  for (let left = BigInt(bytes); left > 0n; left >>= 1n) {
    if (left & 1n) result = multiply(field, result, power)
    power = multiply(field, power, power)
  }
  return result
}
