import { mkdir, open, readdir, rename, statfs, unlink, type FileHandle } from 'node:fs/promises'
import { DiskFullError, DiskNotFoundError, type Disk, type DiskFile } from './disk.ts'

/** Parts per vectored write: Linux takes 1,024 (IOV_MAX), other systems as few as 16 but Node.js splits for them. */
const partsPerWriteMax = 512
/** Files and directories hold audit records: nobody but their owner may read them. */
const fileMode = 0o600
const directoryMode = 0o700
const flagsByMode = { read: 'r', write: 'r+', create: 'wx+' } as const

/** The operating system's file system. Its durability is that of fdatasync(2) and of fsync(2) on directories. */
export function createNodeDisk(): Disk {
  return {
    async makeDirectory(path) {
      await translated(path, 'make', () => mkdir(path, { recursive: true, mode: directoryMode }))
    },
    async list(path) {
      try {
        return (await readdir(path)).sort()
      } catch (cause) {
        if (codeOf(cause) === 'ENOENT') return []
        throw translate(cause, path, 'list')
      }
    },
    async open(path, mode) {
      return nodeFile(path, await translated(path, 'open', () => open(path, flagsByMode[mode], fileMode)))
    },
    rename: (from, to) => translated(from, 'rename', () => rename(from, to)),
    async unlink(path) {
      try {
        await unlink(path)
      } catch (cause) {
        if (codeOf(cause) !== 'ENOENT') throw translate(cause, path, 'unlink')
      }
    },
    syncDirectory: (path) =>
      translated(path, 'sync', async () => {
        const handle = await open(path, 'r')
        try {
          await handle.sync()
        } finally {
          await handle.close()
        }
      }),
    freeBytes: (path) =>
      translated(path, 'measure', async () => {
        const { bavail, bsize } = await statfs(path)
        return bavail * bsize
      }),
  }
}

function nodeFile(path: string, handle: FileHandle): DiskFile {
  return {
    size: () => translated(path, 'measure', async () => (await handle.stat()).size),
    read: (position, length) => translated(path, 'read', () => readFully(handle, position, length)),
    write: (position, parts) => translated(path, 'write', () => writeFully(handle, position, parts)),
    datasync: () => translated(path, 'sync', () => handle.datasync()),
    truncate: (length) => translated(path, 'truncate', () => handle.truncate(length)),
    close: () => translated(path, 'close', () => handle.close()),
  }
}

/** read(2) may return less than asked for without the file ending there; nothing at all means the end. */
async function readFully(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, position + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return buffer.subarray(0, done)
}

/** writev(2) may stop short, typically just before a full disk: the rest is tried again, and then says why. */
async function writeFully(handle: FileHandle, position: number, parts: readonly Uint8Array[]): Promise<void> {
  let at = position
  let rest = parts.filter((part) => part.length > 0)
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest.slice(0, partsPerWriteMax), at)
    at += bytesWritten
    rest = behind(rest, bytesWritten)
  }
}

function behind(parts: readonly Uint8Array[], written: number): Uint8Array[] {
  let left = written
  let index = 0
  while (index < parts.length && left >= parts[index]!.length) left -= parts[index++]!.length
  const rest = parts.slice(index)
  if (left > 0) rest[0] = rest[0]!.subarray(left)
  return rest
}

async function translated<T>(path: string, verb: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    throw translate(cause, path, verb)
  }
}

function translate(cause: unknown, path: string, verb: string): Error {
  const code = codeOf(cause)
  const message = `cannot ${verb} ${path}: ${code ?? String(cause)}`
  if (code === 'ENOSPC' || code === 'EDQUOT') return new DiskFullError(message, { cause })
  if (code === 'ENOENT') return new DiskNotFoundError(message, { cause })
  return new Error(message, { cause })
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code
