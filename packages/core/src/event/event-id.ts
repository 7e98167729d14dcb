import { hash } from 'node:crypto'

/** Value of a lower-case hexadecimal digit by its char code; 255 for anything else. */
const hexValue = new Uint8Array(128).fill(255)
for (let value = 0; value < 16; value++) hexValue[value.toString(16).charCodeAt(0)] = value

/** The bytes of a UUID in lower case, or undefined. */
export function uuidBytes(id: string): Uint8Array | undefined {
  if (id.length !== 36) return undefined
  const bytes = Buffer.allocUnsafe(16)
  let at = 0
  for (let k = 0; k < 36; k++) {
    if (k === 8 || k === 13 || k === 18 || k === 23) {
      if (id.charCodeAt(k) !== 0x2d) return undefined
      continue
    }
    const high = hexValue[id.charCodeAt(k)] ?? 255
    const low = hexValue[id.charCodeAt(++k)] ?? 255
    if (high > 15 || low > 15) return undefined
    bytes[at++] = high * 16 + low
  }
  return bytes
}

/** Lower case only: an id's bytes are never changed, and `ab…` beside `AB…` would be two ids for one event. */
export const isEventUuid = (id: string): boolean => uuidBytes(id) !== undefined

/** The 16 bytes that stand for an event id in the journal: a UUID's own, or the head of SHA-256 of any other text. */
export const eventIdKey = (id: string): Uint8Array => uuidBytes(id) ?? sha256(id).subarray(0, 16)

/** 32 bytes. Asking for a Latin-1 string measured faster than for a Buffer (1.2 against 1.7 µs, before the copy). */
export const sha256 = (data: string | Uint8Array): Uint8Array => Buffer.from(hash('sha256', data, 'binary'), 'latin1')

/**
 * The id under which an imported record without one is kept: a UUID (version 8) made from the record's own hash, so that
 * importing the same file again finds the same event.
 */
export function idFromRecord(recordHash: Uint8Array): string {
  const bytes = Buffer.from(recordHash.subarray(0, 16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
