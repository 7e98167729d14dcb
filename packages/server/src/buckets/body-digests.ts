import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { BucketError } from './bucket-store.ts'
import { crc32c, crc64Nvme } from './crc.ts'
import type { Checksum, ChecksumAlgorithm, ExpectedBody } from './object-store.ts'

/** What is computed of a body while it passes by. */
export interface BodyDigests {
  update(piece: Uint8Array): void
  readonly size: number
  /** Once, at the end. @throws {BucketError} IncompleteBody, BadDigest: not what the client promised. */
  finish(): { readonly md5: Buffer; readonly size: number; readonly checksum?: Checksum; readonly crc64?: string }
}

/**
 * @param options.withCrc64 also the CRC-64/NVME, Base64, whatever checksum the client promised.
 * @throws by `update`: {BucketError} EntityTooLarge beyond `bytesMax`.
 */
export function createBodyDigests(
  expected: ExpectedBody,
  bytesMax: number,
  { withCrc64 = false }: { readonly withCrc64?: boolean } = {},
): BodyDigests {
  const md5 = createHash('md5')
  const sum = expected.checksum && createChecksum(expected.checksum.algorithm)
  const crc64 = withCrc64 ? createChecksum('CRC64NVME') : undefined
  let size = 0
  return {
    get size() {
      return size
    },
    update(piece) {
      size += piece.length
      if (size > bytesMax) throw new BucketError('EntityTooLarge', `an object has at most ${bytesMax} bytes in one put`)
      md5.update(piece)
      sum?.update(piece)
      crc64?.update(piece)
    },
    finish() {
      const result = { md5: md5.digest(), size, ...(crc64 && { crc64: crc64.digest().toString('base64') }) }
      if (expected.size !== undefined && expected.size !== size)
        throw new BucketError('IncompleteBody', `${size} bytes came, ${expected.size} were announced`)
      if (expected.md5 && !result.md5.equals(expected.md5))
        throw new BucketError('BadDigest', 'The Content-MD5 you specified did not match what we received.')
      if (!expected.checksum || !sum) return result
      const { algorithm, value: promised } = expected.checksum
      const value = sum.digest().toString('base64')
      const wanted = typeof promised === 'function' ? promised() : promised
      if (wanted !== undefined && wanted !== value)
        throw new BucketError('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`)
      return { ...result, checksum: { algorithm, value } }
    },
  }
}

interface RunningChecksum {
  update(piece: Uint8Array): void
  digest(): Buffer
}

export function createChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  switch (algorithm) {
    case 'SHA1':
    case 'SHA256': {
      const hash = createHash(algorithm.toLowerCase())
      return { update: (piece) => void hash.update(piece), digest: () => hash.digest() }
    }
    case 'CRC32':
      return runningCrc32(crc32)
    case 'CRC32C':
      return runningCrc32(crc32c)
    case 'CRC64NVME':
      return crc64Nvme()
    default:
      return algorithm satisfies never
  }
}

function runningCrc32(step: (piece: Uint8Array, before: number) => number): RunningChecksum {
  let value = 0
  return {
    update(piece) {
      value = step(piece, value)
    },
    digest() {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value)
      return bytes
    },
  }
}
