import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'

export type ContentCoding = 'identity' | 'gzip' | 'br'

/** One file of the console in all forms in which it can be sent. */
export interface ConsoleFile {
  readonly contentType: string
  /** Of the plain content; an entity tag is this and the coding. */
  readonly hash: string
  /** Its name changes with its content. */
  readonly isImmutable: boolean
  readonly content: Readonly<Partial<Record<ContentCoding, Buffer>>> & { readonly identity: Buffer }
}

/** By path below `/console/`. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.md': 'text/markdown; charset=utf-8',
}

/** The build gives every file in there a name with a hash in it. */
const hashedDirectory = 'assets/'

/**
 * All of the console, some 5 MB with the compressed forms. Read once: what is not in this table does not exist, whatever path is asked
 * for, and a new build does not mix with pages that are open. Empty where the console was not built.
 */
export async function readConsoleFiles(directory: string): Promise<ConsoleFiles> {
  const names = await fileNames(directory)
  const served = names.filter((name) => Object.hasOwn(contentTypes, extname(name)))
  const read = async (name: string): Promise<[string, ConsoleFile]> => {
    const optional = async (suffix: string) =>
      names.includes(name + suffix) ? await readFile(join(directory, name + suffix)) : undefined
    const [identity, gzip, br] = await Promise.all([readFile(join(directory, name)), optional('.gz'), optional('.br')])
    const file: ConsoleFile = {
      contentType: contentTypes[extname(name)]!,
      hash: createHash('sha256').update(identity).digest('hex').slice(0, 32),
      isImmutable: name.startsWith(hashedDirectory),
      content: { identity, ...(gzip && { gzip }), ...(br && { br }) },
    }
    return [name, file]
  }
  return new Map(await Promise.all(served.map(read)))
}

async function fileNames(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
