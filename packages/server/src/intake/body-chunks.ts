import { createGunzip } from 'node:zlib'
import { pipeline } from 'node:stream'
import { Readable } from 'node:stream'

/** The body is not what its Content-Encoding says, or breaks off. */
export class BodyError extends Error {
  override readonly name = 'BodyError'
}

/** One admission task: large enough to keep the per-task cost small, small enough for flat memory. */
export const chunkBytes = 1024 * 1024

/**
 * Cuts a body into pieces of `chunkBytes` in memory of their own (they are moved to worker threads), unpacking gzip on
 * the way; `last` is true on the final one, which may be empty. Memory is flat however long the body is, packed or not.
 * @throws {BodyError} broken gzip, aborted upload, or more than `bytesMax` after unpacking.
 */
export async function* bodyChunks(
  body: AsyncIterable<Uint8Array>,
  encoding: 'identity' | 'gzip',
  bytesMax: number,
): AsyncGenerator<{ chunk: Uint8Array<ArrayBuffer>; last: boolean }> {
  let pieces: Uint8Array[] = []
  let held = 0
  let total = 0
  for await (const piece of translateErrors(encoding === 'gzip' ? gunzip(body) : body)) {
    total += piece.length
    if (total > bytesMax) throw new BodyError(`the body is longer than ${bytesMax} bytes`)
    pieces.push(piece)
    held += piece.length
    if (held < chunkBytes) continue
    const chunk = join(pieces, held)
    pieces = []
    held = 0
    yield { chunk, last: false }
  }
  yield { chunk: join(pieces, held), last: true }
}

function join(pieces: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length)
  let offset = 0
  for (const piece of pieces) {
    whole.set(piece, offset)
    offset += piece.length
  }
  return whole
}

function gunzip(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const unpacked = createGunzip({ chunkSize: 256 * 1024 })
  // The error also ends the iteration below, which reports it.
  pipeline(Readable.from(body, { objectMode: false }), unpacked, () => {})
  return unpacked
}

async function* translateErrors(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    if (error instanceof Error && 'code' in error)
      throw new BodyError(`the body could not be read: ${error.message}`, { cause: error })
    throw error
  }
}
