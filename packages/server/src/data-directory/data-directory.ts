import { chmod, mkdir, readdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { lockDirectory } from './directory-lock.ts'
import {
  currentFormat,
  DataDirectoryError,
  migrate,
  readFormat,
  writeFormat,
  type Format,
  type Migration,
} from './format.ts'
import { syncDirectory } from './write-file-durably.ts'

/** Where things are in a data directory. Absolute. */
export interface DataPaths {
  readonly root: string
  readonly format: string
  readonly rootKey: string
  readonly controlSocket: string
  readonly control: string
  readonly journal: string
  readonly history: string
  readonly spool: string
  /** Log files that wait for their bucket. */
  readonly deliverySpool: string
  readonly buckets: string
  readonly reports: string
  /** The first administrator's key, for the command line of the machine's owner. */
  readonly credentials: string
}

export function dataPaths(directory: string): DataPaths {
  const root = resolve(directory)
  return {
    root,
    format: join(root, 'FORMAT'),
    rootKey: join(root, 'root.key'),
    controlSocket: join(root, 'control.sock'),
    control: join(root, 'control'),
    journal: join(root, 'journal'),
    history: join(root, 'history'),
    spool: join(root, 'spool'),
    deliverySpool: join(root, 'delivery-spool'),
    buckets: join(root, 'buckets'),
    reports: join(root, 'reports'),
    credentials: join(root, 'admin-credentials.json'),
  }
}

/** A data directory that only this process uses, until it is closed. */
export interface DataDirectory {
  readonly paths: DataPaths
  readonly format: Format
  close(): Promise<void>
}

/** Ordered steps from each released format to the next. There is only one format yet. */
const migrationsOfReleases: readonly Migration[] = []

/**
 * Makes the directory or opens it: takes its lock, checks its format and migrates it. Mode 0700, for it holds keys.
 * A directory that has other things in it and no FORMAT file is not ours and stays untouched.
 * @throws {DirectoryLockedError} another server has it.
 * @throws {DataDirectoryError} it is not ours, or of another time.
 */
export async function openDataDirectory(
  directory: string,
  options: { readonly current?: Format; readonly migrations?: readonly Migration[] } = {},
): Promise<DataDirectory> {
  const { current = currentFormat, migrations = migrationsOfReleases } = options
  const paths = dataPaths(directory)
  await makeDirectory(paths.root)
  await refuseForeign(paths)
  await keepToOwner(paths.root)
  const lock = await lockDirectory(paths.root)
  try {
    const format = await openFormat(paths, current, migrations)
    for (const path of [paths.control, paths.journal, paths.history, paths.spool, paths.deliverySpool, paths.buckets])
      await mkdir(path, { mode: 0o700, recursive: true })
    await syncDirectory(paths.root)
    return { paths, format, close: () => lock.release() }
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function makeDirectory(root: string): Promise<void> {
  try {
    const made = await mkdir(root, { mode: 0o700, recursive: true })
    if (made !== undefined) await syncDirectory(dirname(made))
  } catch (cause) {
    throw new DataDirectoryError(`data directory ${root} cannot be made`, { cause })
  }
}

/** Before the first thing is written: somebody may have named their home directory. */
async function refuseForeign(paths: DataPaths): Promise<void> {
  const names = await readdir(paths.root).catch((cause: unknown) => {
    throw new DataDirectoryError(`data directory ${paths.root} cannot be read`, { cause })
  })
  if (names.includes('FORMAT')) return
  // A first start that was cut off, a root key that was laid down before, and what a new file system brings.
  const foreign = names.filter(
    (name) => !['lock', 'root.key', 'lost+found'].includes(name) && !name.startsWith('.FORMAT.'),
  )
  if (foreign.length > 0)
    throw new DataDirectoryError(
      `${paths.root} is no data directory: it has no FORMAT file but other things in it (${foreign.slice(0, 3).join(', ')})`,
    )
}

async function keepToOwner(root: string): Promise<void> {
  const { mode } = await stat(root)
  if ((mode & 0o077) === 0) return
  try {
    await chmod(root, 0o700)
  } catch (cause) {
    throw new DataDirectoryError(`data directory ${root} is open to others and cannot be closed: chmod 700 it`, {
      cause,
    })
  }
}

async function openFormat(paths: DataPaths, current: Format, migrations: readonly Migration[]): Promise<Format> {
  const found = await readFormat(paths.format)
  if (found) return migrate(paths.root, paths.format, found, current, migrations)
  // FORMAT is the first file: whatever else is there, its layout is known.
  await writeFormat(paths.format, current)
  return current
}
