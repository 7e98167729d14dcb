import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

/*
 * A content file is a row of sealed chunks: 64 KiB of the content (the last one less), each behind one another with its tag.
 * AES-256-GCM; the nonce is the chunk's number and whether it is the last, so chunks can neither change places, nor be
 * missing at the end. The key is the content's own, so no nonce repeats under it.
 */
export const chunkBytes = 64 * 1024
const tagBytes = 16
export const sealedChunkBytes = chunkBytes + tagBytes
const algorithm = 'aes-256-gcm'

/** Also an empty content has a chunk, so that an empty file is none. */
export const chunksOf = (size: number): number => Math.max(1, Math.ceil(size / chunkBytes))
export const sealedSize = (size: number): number => size + tagBytes * chunksOf(size)

/** The key of one content file: of the object's data key, for this content id. */
export function contentKey(dataKey: Uint8Array, id: string): KeyObject {
  // Node.js takes keys as bytes, too, and is several times slower with them.
  const key = Buffer.from(hkdfSync('sha256', createSecretKey(dataKey), Buffer.from(id, 'hex'), 'opentrail content', 32))
  const held = createSecretKey(key)
  key.fill(0)
  return held
}

function nonce(chunk: number, isLast: boolean): Buffer {
  const bytes = Buffer.alloc(12)
  bytes[0] = isLast ? 1 : 0
  bytes.writeUInt32BE(chunk, 8)
  return bytes
}

/** Ciphertext, then the tag. */
export function sealChunk(key: KeyObject, chunk: number, isLast: boolean, plain: readonly Uint8Array[]): Uint8Array[] {
  const cipher = createCipheriv(algorithm, key, nonce(chunk, isLast), { authTagLength: tagBytes })
  const sealed: Uint8Array[] = plain.map((part) => cipher.update(part))
  cipher.final()
  sealed.push(cipher.getAuthTag())
  return sealed
}

/** @throws changed bytes, another key, or another chunk's. */
export function openChunk(key: KeyObject, chunk: number, isLast: boolean, sealed: Uint8Array): Buffer {
  const end = sealed.length - tagBytes
  if (end < 0) throw new Error(`chunk ${chunk} is cut`)
  const decipher = createDecipheriv(algorithm, key, nonce(chunk, isLast), { authTagLength: tagBytes })
  decipher.setAuthTag(sealed.subarray(end))
  const plain = decipher.update(sealed.subarray(0, end))
  try {
    decipher.final()
  } catch (cause) {
    throw new Error(`chunk ${chunk} was changed, or has another key`, { cause })
  }
  return plain
}

/** The body in pieces of `chunkBytes`, the last one with what is left: also of an empty body there is a last one. */
export async function* chunked(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly parts: readonly Uint8Array[]; readonly isLast: boolean }> {
  let waiting: Uint8Array[] = []
  let length = 0
  for await (const piece of body) {
    if (piece.length === 0) continue
    waiting.push(piece)
    length += piece.length
    // Whether a full chunk is the last one, the next byte tells.
    while (length > chunkBytes) {
      const [parts, rest] = split(waiting)
      yield { parts, isLast: false }
      waiting = rest
      length -= chunkBytes
    }
  }
  yield { parts: waiting, isLast: true }
}

function split(pieces: readonly Uint8Array[]): [Uint8Array[], Uint8Array[]] {
  const parts: Uint8Array[] = []
  let missing = chunkBytes
  for (const [index, piece] of pieces.entries()) {
    if (piece.length >= missing) {
      parts.push(piece.subarray(0, missing))
      return [parts, [piece.subarray(missing), ...pieces.slice(index + 1)].filter((part) => part.length > 0)]
    }
    parts.push(piece)
    missing -= piece.length
  }
  return [parts, []]
}
