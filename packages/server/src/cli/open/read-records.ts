import { createGunzip } from 'node:zlib'
import { pipeline, Readable } from 'node:stream'
import { splitRecords, splitterStart } from '@opentrail/core/event'
import { isGzip } from '../import/import-target.ts'

/** What is unpacked at once. */
const unpackedBytes = 256 * 1024

/**
 * The records of a log file, as they stand in it. A record that is none is left out; where the file is damaged, the rest of it.
 * Memory does not depend on what it unpacks to. @throws {Error} it is damaged.
 */
export async function* readRecords(body: Uint8Array): AsyncGenerator<Uint8Array> {
  let state = splitterStart
  for await (const chunk of pieces(body)) {
    const split = splitRecords(state, chunk, false)
    state = split.state
    yield* split.records
  }
  yield* splitRecords(state, new Uint8Array(), true).records
}

function pieces(body: Uint8Array): AsyncIterable<Uint8Array> {
  if (!isGzip(body)) return Readable.from([Buffer.from(body.buffer, body.byteOffset, body.byteLength)])
  const unpacked = createGunzip({ chunkSize: unpackedBytes })
  // The error also ends the iteration.
  pipeline(Readable.from([body]), unpacked, () => {})
  return unpacked
}
