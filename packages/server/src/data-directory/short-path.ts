import { open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** `sun_path` holds 108 bytes on Linux and 104 elsewhere, the closing NUL among them. */
const socketPathBytesMax = 103

/** A path under which a unix socket can be bound and reached, as long as it is not closed. */
export interface ShortPath {
  readonly path: string
  close(): Promise<void>
}

/**
 * The path itself where it fits into a socket's address; else, on Linux, one through the open directory. A path that is
 * too long is cut off silently by some systems, and the socket then is somewhere else.
 * @throws {Error} too long, and no other way on this system.
 */
export async function shortSocketPath(path: string): Promise<ShortPath> {
  if (Buffer.byteLength(path) <= socketPathBytesMax) return { path, close: async () => {} }
  if (process.platform !== 'linux')
    throw new Error(`${path} is too long for a socket: at most ${socketPathBytesMax} bytes. Choose a shorter directory`)
  const directory = await open(dirname(path), 'r')
  return { path: join('/proc/self/fd', String(directory.fd), basename(path)), close: () => directory.close() }
}
