import { readFile } from 'node:fs/promises'
import { writeFileDurably } from './write-file-durably.ts'

/** How the directory's files are laid out, and the oldest program that can work with them. */
export interface Format {
  readonly format: number
  readonly minReader: number
}

/** What this program writes, and the newest `minReader` it satisfies. */
export const currentFormat: Format = { format: 1, minReader: 1 }

/** One step from `from` to `from + 1`. */
export interface Migration {
  readonly from: number
  readonly minReader: number
  /** Says what changes, for the log. */
  readonly name: string
  /** May be cut off anywhere and is then run again from the start: doing it twice is doing it once. */
  run(directory: string): Promise<void>
}

/** The directory cannot be used by this program as it is. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError'
}

/** @throws {DataDirectoryError} there is a file, and it says nothing sensible. */
export async function readFormat(path: string): Promise<Format | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new DataDirectoryError(`${path} cannot be read`, { cause: error })
  }
  try {
    const { format, minReader } = JSON.parse(text) as Partial<Format>
    if (isVersion(format) && isVersion(minReader)) return { format, minReader }
  } catch {
    // Said below.
  }
  throw new DataDirectoryError(`${path} is damaged: it should hold {"format":n,"minReader":n}`)
}

const isVersion = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1

export const writeFormat = (path: string, { format, minReader }: Format): Promise<void> =>
  writeFileDurably(path, `${JSON.stringify({ format, minReader })}\n`)

/**
 * Brings an older directory to `current`, one migration after the other. FORMAT is written behind each: a crash before
 * runs that migration again, a crash after never does. What a newer program wrote, and says that this one can work with,
 * stays as it is.
 * @throws {DataDirectoryError} a newer program is needed, or a migration is missing or failed.
 */
export async function migrate(
  directory: string,
  formatPath: string,
  found: Format,
  current: Format,
  migrations: readonly Migration[],
): Promise<Format> {
  if (found.minReader > current.format)
    throw new DataDirectoryError(
      `${directory} was written by a newer OpenTrail (format ${found.format}): this one knows format ${current.format}`,
    )
  let format = found
  while (format.format < current.format) {
    const from = format.format
    const migration = migrations.find((candidate) => candidate.from === from)
    if (!migration) throw new DataDirectoryError(`${directory} has format ${from}, which can no longer be migrated`)
    try {
      await migration.run(directory)
    } catch (cause) {
      throw new DataDirectoryError(`migration "${migration.name}" of ${directory} failed; it can be tried again`, {
        cause,
      })
    }
    format = { format: from + 1, minReader: migration.minReader }
    await writeFormat(formatPath, format)
  }
  return format
}
