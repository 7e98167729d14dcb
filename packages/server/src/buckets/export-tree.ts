import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/** Files being written; what begins so was left by an export that died. Keys never become such names. */
const partPrefix = '%part-'
/** Folders known to be real ones; more are looked at again. */
const knownFoldersMax = 10_000

/** The tree that an export writes: nothing outside it is ever touched, whatever it contains. */
export interface ExportTree {
  /** The path of these segments; makes the folders on the way. @throws a link or file is where a folder has to be. */
  folderFor(segments: readonly string[]): Promise<string>
  /** Replaces the file whole, mode 0600. */
  write(path: string, content: Uint8Array): Promise<void>
}

export async function openExportTree(directory: string): Promise<ExportTree> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  for (const name of await readdir(directory)) if (name.startsWith(partPrefix)) await unlink(join(directory, name))
  const known = new Set<string>()
  let parts = 0
  return {
    async folderFor(segments) {
      let path = directory
      for (const segment of segments.slice(0, -1)) {
        path = join(path, segment)
        if (known.has(path)) continue
        await makeFolder(path)
        if (known.size >= knownFoldersMax) known.clear()
        known.add(path)
      }
      return path
    },
    async write(path, content) {
      const part = join(directory, `${partPrefix}${parts++}`)
      const file = await open(part, 'wx', 0o600)
      try {
        await file.writeFile(content)
        // Without it a power cut could leave an empty file under the final name.
        await file.datasync()
      } finally {
        await file.close()
      }
      await rename(part, path)
    },
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    // Through a link the export would write somewhere else.
    if (!(await lstat(path)).isDirectory())
      throw new Error(`${path} is no folder; the export needs one there`, { cause: error })
  }
}

export type PathKind = 'absent' | 'file' | 'folder' | 'other'

export async function kindOf(path: string): Promise<{ kind: PathKind; size: number }> {
  try {
    const found = await lstat(path)
    const kind = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other'
    return { kind, size: found.size }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'absent', size: 0 }
    throw error
  }
}

export async function md5Of(path: string): Promise<string> {
  const hash = createHash('md5')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
