import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Paths below `objects/` of all content files, sorted. */
export async function contentFilesOf(directory: string): Promise<string[]> {
  const entries = await readdir(join(directory, 'objects'), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(directory, 'objects').length + 1))
    .sort()
}
