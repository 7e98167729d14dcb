import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'

/**
 * Holds a body until it is proven: one whose hash or chunk signatures are known only at its end must not be used before.
 * Small ones stay in memory; larger ones go to a file that has no name any more when the first byte is written, encrypted
 * with a key that exists only here, so neither a crash nor the disk keeps anything of it.
 */
export interface Spooled extends AsyncDisposable {
  readonly bytes: number
  read(): AsyncIterable<Uint8Array>
}

const memoryBytesMax = 4 * 1024 * 1024
const readBytes = 256 * 1024

/** Reads `body` to its end. What it throws (a broken signature, an aborted upload) is thrown on, and nothing is kept. */
export async function spool(body: AsyncIterable<Uint8Array>, directory: string): Promise<Spooled> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  let file: Awaited<ReturnType<typeof openSpoolFile>> | undefined
  try {
    for await (const piece of body) {
      bytes += piece.length
      if (!file && bytes > memoryBytesMax) {
        file = await openSpoolFile(directory)
        for (const held of pieces.splice(0)) await file.write(held)
      }
      if (file) await file.write(piece)
      else pieces.push(piece)
    }
  } catch (error) {
    await file?.close()
    throw error
  }
  return {
    bytes,
    read: () => (file ? file.read() : arrived(pieces)),
    [Symbol.asyncDispose]: async () => file?.close(),
  }
}

async function* arrived(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

async function openSpoolFile(directory: string) {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, randomUUID())
  const file: FileHandle = await open(path, 'wx+', 0o600)
  await rm(path)
  const key = randomBytes(32)
  const nonce = randomBytes(16)
  const cipher = createCipheriv('aes-256-ctr', key, nonce)
  return {
    write: async (piece: Uint8Array) => void (await file.write(cipher.update(piece))),
    async *read(): AsyncGenerator<Uint8Array> {
      const decipher = createDecipheriv('aes-256-ctr', key, nonce)
      for (let position = 0; ;) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(readBytes), 0, readBytes, position)
        if (bytesRead === 0) return
        position += bytesRead
        yield decipher.update(buffer.subarray(0, bytesRead))
      }
    },
    close: () => file.close(),
  }
}
