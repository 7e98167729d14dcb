import { lstat, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { createDirectorySource } from '../validation/directory-source.ts'
import { SourceError } from '../validation/object-source.ts'
import type { Entry, LogStore } from './log-store.ts'

/** A directory, or a single file. Links are not followed: they could lead anywhere. @throws {SourceError} */
export async function openDirectoryLogStore(path: string): Promise<LogStore> {
  const whole = resolve(path)
  const found = await stat(whole).catch((cause: unknown) => {
    throw new SourceError(`${path} cannot be read: ${textOf(cause)}`, { cause })
  })
  const root = found.isDirectory() ? whole : dirname(whole)
  const source = createDirectorySource(root, root)
  return {
    description: root,
    start: '',
    ...(!found.isDirectory() && { only: basename(whole) }),
    entries: (folder) => entriesOf(root, folder),
    get: async (key, options) => (await source.get({ bucket: root, key }, options))?.body,
    objectSource: (bucket) => createDirectorySource(root, bucket),
    close: () => source.close(),
  }
}

async function* entriesOf(root: string, folder: string): AsyncGenerator<Entry> {
  const directory = join(root, folder)
  const found = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    throw new SourceError(`${directory} cannot be listed: ${textOf(cause)}`, { cause })
  })
  for (const entry of found.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))) {
    if (entry.isDirectory()) yield { kind: 'folder', name: entry.name }
    else if (!entry.isFile()) yield { kind: 'other', name: entry.name }
    else {
      const { size, mtimeMs } = await lstat(join(directory, entry.name))
      yield { kind: 'file', name: entry.name, size, version: String(mtimeMs) }
    }
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
