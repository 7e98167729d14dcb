import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** The body is not what its Content-Encoding says. */
export class BodyError extends Error {
  override readonly name = 'BodyError'
}

/** The body has more bytes, unpacked, than one request may bring. */
export class BodyTooLongError extends BodyError {}

/** One admission task: large enough to keep the per-task cost small, small enough for flat memory. */
export const chunkBytes = 1024 * 1024
/** What is unpacked at once. */
const unpackedBytes = 256 * 1024

/**
 * Cuts a body into pieces of `chunkBytes` in memory of their own (they are moved to worker threads), unpacking gzip on
 * the way; `last` is true on the final one, which may be empty. Memory is flat however long the body is, packed or not.
 * What `body` itself throws (an aborted upload, a signature that does not fit) is thrown on as it is.
 * @throws {BodyError} broken gzip, also behind its first member; or more than `bytesMax` after unpacking.
 */
export async function* bodyChunks(
  body: AsyncIterable<Uint8Array>,
  encoding: 'identity' | 'gzip',
  bytesMax: number,
): AsyncGenerator<{ chunk: Uint8Array<ArrayBuffer>; last: boolean }> {
  let pieces: Uint8Array[] = []
  let held = 0
  let total = 0
  for await (const piece of encoding === 'gzip' ? gunzip(body) : body) {
    total += piece.length
    if (total > bytesMax) throw new BodyTooLongError(`the body is longer than ${bytesMax} bytes`)
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

async function* gunzip(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let packedBytes = 0
  let ended = false
  let sourceError: { error: unknown } | undefined
  async function* watched() {
    try {
      for await (const piece of body) {
        packedBytes += piece.length
        yield piece
      }
      ended = true
    } catch (error) {
      sourceError = { error }
      throw error
    }
  }
  const unpacked = createGunzip({ chunkSize: unpackedBytes })
  // The error also ends the iteration below, which reports it.
  pipeline(Readable.from(watched(), { objectMode: false }), unpacked, () => {})
  try {
    yield* unpacked as AsyncIterable<Uint8Array>
  } catch (cause) {
    if (sourceError) throw sourceError.error
    throw new BodyError(`the body is not valid gzip: ${(cause as Error).message}`, { cause })
  }
  // zlib takes a zero byte behind a member for padding and ignores everything from there on: records would be lost.
  if (!ended || unpacked.bytesWritten !== packedBytes)
    throw new BodyError('the body is not valid gzip: something follows its end')
}
