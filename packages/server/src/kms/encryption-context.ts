import type { EncryptionContext } from './key-service.ts'

/** As JSON, as KMS counts it. */
export const contextBytesMax = 8_192
/** A policy can ask for each name, and its evaluation has room for 200 condition keys with the request's own. */
export const contextNamesMax = 150

/** The bytes that are authenticated: names in the order of their UTF-8, names and values with their lengths in front. */
export function contextBytes(context: EncryptionContext): Buffer {
  const pairs = Object.entries(context).map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const)
  pairs.sort(([a], [b]) => Buffer.compare(a, b))
  return Buffer.concat(pairs.flat().flatMap((text) => [length(text), text]))
}

function length(text: Buffer): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(text.length)
  return bytes
}
