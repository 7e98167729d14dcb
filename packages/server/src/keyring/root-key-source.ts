import { execFile } from 'node:child_process'
import { open, type FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Random } from '../clock/index.ts'
import { writeFileDurably } from '../data-directory/index.ts'
import { parseRootKey, RootKeyError, type RootKey } from './root-key.ts'
import { keyBytes } from './sealed-bytes.ts'

/** Where the root key comes from. Paths are absolute. */
export type RootKeySource =
  /** A file of our own, made at the first start. */
  | { readonly kind: 'generated'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'environment'; readonly variable: string; readonly value: string | undefined }
  /** Run by the shell; what it prints is the key. */
  | { readonly kind: 'command'; readonly command: string }

/** Far more than a key in any notation: whatever is longer is no key. */
const textBytesMax = 1_024
/** A secret manager may have to ask a network service; longer than this a start must not hang. */
const commandTimeoutMs = 30_000

/**
 * Reads the root key. Messages never contain what was read.
 * `mayCreate`: nothing has been encrypted yet, so a missing file of our own is made (and is durable when this resolves).
 * @throws {RootKeyError}
 */
export async function loadRootKey(
  source: RootKeySource,
  options: { readonly random: Random; readonly mayCreate: boolean; readonly timeoutMs?: number },
): Promise<RootKey> {
  switch (source.kind) {
    case 'generated':
      if (options.mayCreate) await createKeyFile(source.path, options.random)
      return readKeyFile(source.path)
    case 'file':
      return readKeyFile(source.path)
    case 'environment': {
      const { variable, value } = source
      if (!value) throw new RootKeyError(`environment variable ${variable} is not set; it should hold the root key`)
      return parseRootKey(value, `environment variable ${variable}`)
    }
    case 'command': {
      const output = await commandOutput(source.command, options.timeoutMs ?? commandTimeoutMs)
      return parseRootKey(output, 'the output of the root key command')
    }
    default:
      return source satisfies never
  }
}

async function createKeyFile(path: string, random: Random): Promise<void> {
  const text = `${Buffer.from(random.bytes(keyBytes)).toString('base64')}\n`
  try {
    await writeFileDurably(path, text, { ifAbsent: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new RootKeyError(`root key file ${path} cannot be made`, { cause: error })
  }
}

async function readKeyFile(path: string): Promise<RootKey> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const problem = absent
      ? 'is missing; without it what is stored cannot be read. Put it back from your backup'
      : 'cannot be opened'
    throw new RootKeyError(`root key file ${path} ${problem}`, { cause: error })
  }
  try {
    await refuseOpenPermissions(file, path)
    const { bytesRead, buffer } = await file.read(Buffer.alloc(textBytesMax + 1))
    if (bytesRead > textBytesMax) throw new RootKeyError(`root key file ${path} is too long for a key`)
    return parseRootKey(buffer.toString('latin1', 0, bytesRead), `root key file ${path}`)
  } finally {
    await file.close()
  }
}

/** Asked of the open file, not of the path, so that it cannot be exchanged between check and use. */
async function refuseOpenPermissions(file: FileHandle, path: string): Promise<void> {
  const { mode, uid } = await file.stat()
  if ((mode & 0o170000) !== 0o100000) throw new RootKeyError(`root key file ${path} is not a regular file`)
  if (process.platform === 'win32') return
  if (mode & 0o077)
    throw new RootKeyError(
      `root key file ${path} is open to others (mode ${(mode & 0o777).toString(8).padStart(4, '0')}): chmod 600 it`,
    )
  const own = process.getuid?.()
  if (own !== undefined && uid !== own && uid !== 0)
    throw new RootKeyError(`root key file ${path} belongs to another user (${uid})`)
}

async function commandOutput(command: string, timeoutMs: number): Promise<string> {
  try {
    const running = promisify(execFile)('/bin/sh', ['-c', command], {
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: textBytesMax,
      encoding: 'latin1',
    })
    running.child.stdin?.end()
    return (await running).stdout
  } catch (error) {
    throw new RootKeyError(`the root key command ${whatFailed(error, timeoutMs)}`)
  }
}

/** Without the error itself: it carries what the command printed, which may be the key. */
function whatFailed(error: unknown, timeoutMs: number): string {
  const { code, signal, killed } = error as { code?: string | number; signal?: string; killed?: boolean }
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `printed more than ${textBytesMax} bytes`
  if (killed) return `did not end within ${timeoutMs / 1_000} s`
  return signal ? `was ended by ${signal}` : `failed with exit code ${code}`
}
