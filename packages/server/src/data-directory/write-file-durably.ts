import { link, open, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Replaces a file whole, mode 0600: after a power cut at any moment the old content is there or the new one, and once
 * this resolves the new one. With `ifAbsent` an existing file stays as it is and this rejects with EEXIST.
 */
export async function writeFileDurably(
  path: string,
  content: string | Uint8Array,
  options: { readonly ifAbsent?: boolean } = {},
): Promise<void> {
  const directory = dirname(path)
  const next = join(directory, `.${basename(path)}.${process.pid}.next`)
  await unlink(next).catch(ignoreAbsent)
  const file = await open(next, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  if (options.ifAbsent) {
    // `link` fails where `rename` would overwrite.
    try {
      await link(next, path)
    } finally {
      await unlink(next)
    }
  } else await rename(next, path)
  await syncDirectory(directory)
}

/** Makes creations and renames in this directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function ignoreAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
