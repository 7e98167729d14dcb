import { hash } from 'node:crypto'

const lowerCaseUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Lower case only: an id's bytes are never changed, and `ab…` beside `AB…` would be two ids for one event. */
export const isEventUuid = (id: string): boolean => id.length === 36 && lowerCaseUuid.test(id)

/** The 16 bytes that stand for an event id in the journal: a UUID's own, or the head of SHA-256 of any other text. */
export function eventIdKey(id: string): Uint8Array {
  if (isEventUuid(id)) return Buffer.from(id.replaceAll('-', ''), 'hex')
  return hash('sha256', id, 'buffer').subarray(0, 16)
}

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
