import { randomFillSync } from 'node:crypto'

/** Randomness as a port, so that a seeded schedule repeats byte for byte. */
export interface Random {
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array
}

export const systemRandom: Random = createSystemRandom()

/** Asking the system costs the same for 16 bytes as for some thousand: so many at a time. */
const pooledBytes = 4_096

/** Each byte is handed out once and then forgotten. More than a pool has is asked for by itself. */
function createSystemRandom(): Random {
  let pool: Uint8Array | undefined
  let used = 0
  return {
    bytes(length) {
      if (length > pooledBytes) return randomFillSync(new Uint8Array(length))
      if (!pool || used + length > pooledBytes) {
        pool = randomFillSync(pool ?? new Uint8Array(pooledBytes))
        used = 0
      }
      const taken = pool.slice(used, used + length)
      pool.fill(0, used, (used += length))
      return taken
    },
  }
}

/** A version 4 UUID, lower case. */
export function uuid(random: Random): string {
  const bytes = Buffer.from(random.bytes(16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
