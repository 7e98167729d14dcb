import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { ControlUnavailableError } from './control-store.ts'

/** LMDB begins with two pages of its own, of 4 KiB at least, that say what it is. */
const metaPagesBytes = 2 * 4096
const magicAt = 24
const magic = 0xbeefc0de

/**
 * Looks at the beginning of the file before LMDB maps it, which ends the process without a word where it is damaged. It is
 * no check of the content. A file that is absent or empty is a first start.
 * @throws {ControlUnavailableError}
 */
export function checkLmdbFile(directory: string): void {
  const path = join(directory, 'data.mdb')
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return
    throw new ControlUnavailableError(`${path} cannot be read`, { cause })
  }
  try {
    const { size } = fstatSync(file)
    if (size === 0) return
    const head = Buffer.alloc(magicAt + 4)
    readSync(file, head, 0, head.length, 0)
    if (size < metaPagesBytes || head.readUInt32LE(magicAt) !== magic)
      throw new ControlUnavailableError(`${path} is damaged; put the data directory back from your backup`)
  } finally {
    closeSync(file)
  }
}
