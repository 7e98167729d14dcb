import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'

/** Some milliseconds of hashing; then others get their turn. */
const sliceBytes = 1024 * 1024

/** MD5 for S3's ETag, SHA-256 for what is believed. Both hexadecimal. */
export async function digestsOf(content: Uint8Array): Promise<{ etag: string; sha256: string }> {
  const md5 = createHash('md5')
  const sha256 = createHash('sha256')
  for (let at = 0; at < content.length; at += sliceBytes) {
    if (at > 0) await setImmediate()
    const slice = content.subarray(at, at + sliceBytes)
    md5.update(slice)
    sha256.update(slice)
  }
  return { etag: md5.digest('hex'), sha256: sha256.digest('hex') }
}
