import { hash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { logFileBody } from '@opentrail/core/delivery'

/** What becomes one file: runs of records, joined already. Plain data: it crosses threads. */
export interface PackTask {
  readonly runs: readonly Uint8Array[]
  readonly effort: keyof typeof gzipLevels
}

export interface PackedFile {
  /** One gzip member; memory of its own. */
  readonly body: Uint8Array
  /** Hexadecimal, of the uncompressed JSON: digests are made of it. */
  readonly sha256: string
  /** Uncompressed. */
  readonly bytes: number
}

/**
 * Measured on management events: level 3 takes 4.8 µs an event (ratio 8.7), 4 takes 6.6 (9.3), 6 takes 9.7 (10.3), 9 takes
 * 18 (10.9). Files are packed once, off the main thread, and kept for years; but where they come by the thousand events a
 * second, time is dearer than a sixth more bytes.
 */
const gzipLevels = { thorough: 6, quick: 3 } as const
/** Worth 8 % over the default of 16 KiB. */
const gzipChunkBytes = 2 ** 20

/** The other half: the file's JSON, its hash and its compressed form. */
export function packFile({ runs, effort }: PackTask): PackedFile {
  const json = logFileBody(runs)
  const packed = gzipSync(json, {
    level: gzipLevels[effort],
    chunkSize: Math.min(gzipChunkBytes, Math.max(1024, json.length)),
  })
  // Copied, because the compressor's buffer is larger than what it filled.
  return { body: new Uint8Array(packed), sha256: hash('sha256', json, 'hex'), bytes: json.length }
}
