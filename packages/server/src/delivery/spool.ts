import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileDurably } from '../data-directory/index.ts'

/** Finished files that wait for their bucket, so that the journal need not keep their entries. Names are ours: hexadecimal. */
export interface DeliverySpool {
  /** Bytes of all files together. */
  bytes(): number
  /** Resolves once the file would survive a power cut. */
  write(name: string, body: Uint8Array): Promise<void>
  /** Undefined: there is no such file. */
  read(name: string): Promise<Uint8Array | undefined>
  /** A file that is not there is removed already. */
  remove(name: string): Promise<void>
  /** Removes every file that is not in `names`: what a crash left without its plan. */
  keepOnly(names: ReadonlySet<string>): Promise<void>
}

export async function openDirectorySpool(directory: string): Promise<DeliverySpool> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const sizes = new Map<string, number>()
  for (const name of await readdir(directory)) sizes.set(name, (await stat(join(directory, name))).size)
  let bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0)

  async function remove(name: string): Promise<void> {
    await rm(join(directory, name), { force: true })
    bytes -= sizes.get(name) ?? 0
    sizes.delete(name)
  }

  return {
    bytes: () => bytes,
    async write(name, body) {
      await writeFileDurably(join(directory, name), body)
      bytes += body.length - (sizes.get(name) ?? 0)
      sizes.set(name, body.length)
    },
    async read(name) {
      if (!sizes.has(name)) return undefined
      return new Uint8Array(await readFile(join(directory, name)))
    },
    remove,
    async keepOnly(names) {
      for (const name of sizes.keys()) if (!names.has(name)) await remove(name)
    },
  }
}

export function createMemorySpool(): DeliverySpool {
  const files = new Map<string, Uint8Array>()
  return {
    bytes: () => [...files.values()].reduce((sum, { length }) => sum + length, 0),
    write: async (name, body) => void files.set(name, body),
    read: async (name) => files.get(name),
    remove: async (name) => void files.delete(name),
    async keepOnly(names) {
      for (const name of files.keys()) if (!names.has(name)) files.delete(name)
    },
  }
}
