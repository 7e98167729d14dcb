import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Holds a body until it is proven: one whose hash or chunk signatures are known only at its end must not be used before.
 * Small ones stay in memory; larger ones go to a file that has no name any more when the first byte is written, encrypted
 * with a key that exists only here, so neither a crash nor the disk keeps anything of it.
 */
export interface Spooled extends AsyncDisposable {
  readonly bytes: number
  /** From the beginning, each time. */
  read(): AsyncIterable<Uint8Array>
}

export interface Spool {
  /**
   * Reads `body` to its end. What it throws (a broken signature, an aborted upload) is thrown on, and nothing is kept.
   * @throws {SpoolFullError} bodies of other requests, or this one, take all the room there is.
   */
  hold(body: AsyncIterable<Uint8Array>): Promise<Spooled>
}

/** There is no room to hold the body now. Bodies that need not be held (bearer token, UNSIGNED-PAYLOAD) still can come. */
export class SpoolFullError extends Error {
  override readonly name = 'SpoolFullError'
}

export interface SpoolLimits {
  /** A body up to here is no file, while there is memory. */
  readonly bodyMemoryBytesMax: number
  /** Of all bodies together in memory; beyond it, smaller ones go to files as well. */
  readonly memoryBytesMax: number
  /** Of all bodies together on disk, which is usually the journal's disk. */
  readonly diskBytesMax: number
}

const MiB = 1024 * 1024
const defaultLimits: SpoolLimits = {
  bodyMemoryBytesMax: 4 * MiB,
  memoryBytesMax: 64 * MiB,
  diskBytesMax: 16 * 1024 * MiB,
}
const readBytes = 256 * 1024

/** Files go to `directory`, which is the spool's alone. */
export function createSpool(directory: string, limits: Partial<SpoolLimits> = {}): Spool {
  const { bodyMemoryBytesMax, memoryBytesMax, diskBytesMax } = { ...defaultLimits, ...limits }
  const held = { memory: 0, disk: 0 }

  return {
    async hold(body) {
      const own = { memory: 0, disk: 0 }
      const pieces: Uint8Array[] = []
      let file: SpoolFile | undefined
      const letGo = async (): Promise<void> => {
        held.memory -= own.memory
        held.disk -= own.disk
        own.memory = own.disk = 0
        pieces.length = 0
        const closing = file
        file = undefined
        await closing?.close()
      }
      const write = async (piece: Uint8Array): Promise<void> => {
        if (held.disk + piece.length > diskBytesMax) throw new SpoolFullError(`${held.disk} bytes of bodies are held`)
        held.disk += piece.length
        own.disk += piece.length
        await file!.write(piece)
      }
      try {
        for await (const piece of body) {
          const fits = own.memory + piece.length <= bodyMemoryBytesMax && held.memory + piece.length <= memoryBytesMax
          if (!file && fits) {
            pieces.push(piece)
            own.memory += piece.length
            held.memory += piece.length
            continue
          }
          if (!file) {
            file = await openSpoolFile(directory)
            for (const early of pieces.splice(0)) await write(early)
            held.memory -= own.memory
            own.memory = 0
          }
          await write(piece)
        }
      } catch (error) {
        await letGo()
        throw error
      }
      return {
        bytes: own.memory + own.disk,
        read: () => (file ? file.read() : arrived(pieces)),
        [Symbol.asyncDispose]: letGo,
      }
    },
  }
}

async function* arrived(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

type SpoolFile = Awaited<ReturnType<typeof openSpoolFile>>

async function openSpoolFile(directory: string) {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, randomUUID())
  const file = await open(path, 'wx+', 0o600)
  try {
    await rm(path)
  } catch (error) {
    await file.close()
    throw error
  }
  const key = randomBytes(32)
  const nonce = randomBytes(16)
  const cipher = createCipheriv('aes-256-ctr', key, nonce)
  let length = 0
  return {
    async write(piece: Uint8Array): Promise<void> {
      const bytes = cipher.update(piece)
      // A disk that is nearly full takes a part; going on behind it would shift everything that follows.
      for (let written = 0; written < bytes.length;)
        written += (await file.write(bytes, written, bytes.length - written, length + written)).bytesWritten
      length += bytes.length
    },
    async *read(): AsyncGenerator<Uint8Array> {
      const decipher = createDecipheriv('aes-256-ctr', key, nonce)
      for (let position = 0; position < length;) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(readBytes), 0, readBytes, position)
        if (bytesRead === 0) throw new Error(`a spool file ends at ${position} of ${length} bytes`)
        position += bytesRead
        yield decipher.update(buffer.subarray(0, bytesRead))
      }
    },
    close: () => file.close(),
  }
}
