import { Buffer } from 'node:buffer'

const head = Buffer.from('{"Records":[')
const tail = Buffer.from(']}')
const comma = 0x2c

/** Records, or runs of records joined already, with commas between them; their bytes are taken as they are. */
export function joinRecords(records: readonly Uint8Array[]): Uint8Array {
  // Memory of its own, not a piece of a pool: results are moved between threads.
  const bytes = new Uint8Array(joinedLength(records))
  writeJoined(bytes, 0, records)
  return bytes
}

/** A log file's content: `{"Records":[...]}`, compact, that key first and only, no newline behind. */
export function logFileBody(records: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(head.length + joinedLength(records) + tail.length)
  bytes.set(head)
  bytes.set(tail, writeJoined(bytes, head.length, records))
  return bytes
}

const joinedLength = (records: readonly Uint8Array[]): number =>
  records.reduce((sum, { length }) => sum + length, Math.max(0, records.length - 1))

function writeJoined(target: Uint8Array, start: number, records: readonly Uint8Array[]): number {
  let offset = start
  for (const record of records) {
    if (offset > start) target[offset++] = comma
    target.set(record, offset)
    offset += record.length
  }
  return offset
}
