import { randomBytes } from 'node:crypto'
import { mkdir, readdir, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { shortSocketPath } from './short-path.ts'

/** Another server has the directory. */
export class DirectoryLockedError extends Error {
  override readonly name = 'DirectoryLockedError'
  /** As the other server sees itself; in a container it is not this machine's number. */
  readonly pid: number
  constructor(directory: string, pid: number) {
    super(`${directory} is in use by another OpenTrail server (process ${pid}); stop it first`)
    this.pid = pid
  }
}

export interface DirectoryLock {
  release(): Promise<void>
}

/** Sockets of servers that were killed and not cleaned up; more than these are not a lock's. */
const candidatesMax = 1_000
/** Accepting is the kernel's work: a socket that takes longer belongs to a process that is there, only stopped. */
const connectTimeoutMs = 2_000

/**
 * Takes the directory for this process. The lock is a listening socket `lock/<pid>.<random>`, because the kernel ends it
 * with the process, however that dies: a socket that refuses connections has no owner. Names are never used again, so
 * removing such a one can not hit anybody else.
 *
 * Each candidate listens first, looks for others then, and last whether its own socket is still there: another one may
 * have found it a moment before it listened, and removed it. Of two at the same time at least one sees the other, so
 * never two hold the lock; it may happen that both give up. Processes in other containers are seen, other machines on a
 * network file system are not.
 * @throws {DirectoryLockedError}
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const lockDirectoryPath = join(directory, 'lock')
  await mkdir(lockDirectoryPath, { mode: 0o700, recursive: true })
  const name = `${process.pid}.${randomBytes(8).toString('hex')}`
  const release = await listen(join(lockDirectoryPath, name))
  try {
    const others = (await readdir(lockDirectoryPath)).filter(
      (other) => other !== name && /^\d+\.[\da-f]{16}$/.test(other),
    )
    if (others.length > candidatesMax) throw new Error(`${lockDirectoryPath} holds ${others.length} files; remove them`)
    for (const other of others) {
      if (await isListening(join(lockDirectoryPath, other)))
        throw new DirectoryLockedError(directory, Number(other.split('.')[0]))
      await unlink(join(lockDirectoryPath, other)).catch(ignoreAbsent)
    }
    if (!(await readdir(lockDirectoryPath)).includes(name))
      throw new Error(`another OpenTrail server tried to start on ${directory} at the same time; try again`)
  } catch (error) {
    await release()
    throw error
  }
  return { release }
}

async function listen(path: string): Promise<() => Promise<void>> {
  const short = await shortSocketPath(path)
  const server: Server = createServer((connection) => connection.destroy())
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(short.path, resolve))
  } catch (cause) {
    await short.close()
    throw new Error(`${path} cannot be made: the lock needs a file system that has sockets`, { cause })
  }
  // The lock lasts as long as the process; it is no reason for the process to last.
  server.unref()
  return async () => {
    if (!server.listening) return
    // Closing removes the socket.
    await new Promise((resolve) => server.close(resolve))
    await short.close()
  }
}

/** Whether a process listens there. In doubt it does: a lock taken away wrongly costs data, one left costs a message. */
async function isListening(path: string): Promise<boolean> {
  const short = await shortSocketPath(path)
  const connection = connect(short.path)
  try {
    return await new Promise<boolean>((resolve) => {
      connection.setTimeout(connectTimeoutMs, () => resolve(true))
      connection.once('connect', () => resolve(true))
      connection.once('error', ({ code }: NodeJS.ErrnoException) =>
        resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'),
      )
    })
  } finally {
    connection.destroy()
    await short.close()
  }
}

function ignoreAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
