import { open, readdir, readFile, realpath, stat, type FileHandle } from 'node:fs/promises'
import { constants } from 'node:fs'
import { join, resolve } from 'node:path'
import { SourceError, type GetOptions, type ObjectSource, type StoredObject } from './object-source.ts'

/** Of an export: a line of a kilobyte for each digest and manifest. */
const manifestBytesMax = 256 * 2 ** 20

/**
 * A copy of one bucket as plain files: the keys are paths below the directory. What `export` made has the metadata, with the
 * signatures, in its manifest; what `aws s3 sync` made has lost them. Log files and digests have names that no copy needs to change.
 */
export function createDirectorySource(path: string, bucket: string): ObjectSource {
  const root = resolve(path)
  let realRoot: Promise<string> | undefined
  let metadata: Promise<ReadonlyMap<string, Metadata>> | undefined
  return {
    description: root,
    async get(place, options) {
      if (place.bucket !== bucket)
        throw new SourceError(`${root} is a copy of the bucket ${bucket}, not of ${place.bucket}`)
      if (!isPlain(place.key)) return undefined
      try {
        const body = await readObject(root, await (realRoot ??= realpath(root)), place.key, options)
        return { body, metadata: (await (metadata ??= readMetadata(root))).get(place.key) }
      } catch (error) {
        if (isAbsent(error)) return undefined
        throw new SourceError(`${place.key} cannot be read: ${textOf(error)}`, { cause: error })
      }
    },
    async *list(_bucket, prefix, after) {
      // What is before the last slash is a folder; the rest begins names in it.
      const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
      if (!isPlain(`${folder}x`)) return
      for await (const key of walk(root, folder))
        if (key.startsWith(prefix) && (after === undefined || compare(key, after) > 0)) yield key
    },
    async close() {},
  }
}

type Metadata = NonNullable<StoredObject['metadata']>

/** By key, of what an export has written. @throws {SourceError} */
async function readMetadata(root: string): Promise<ReadonlyMap<string, Metadata>> {
  const path = join(root, '%manifest.jsonl')
  try {
    if ((await stat(path)).size > manifestBytesMax) throw new Error(`it has more than ${manifestBytesMax} bytes`)
    // Only now: stores of all kinds come along with it.
    const { parseExportManifest } = await import('../../buckets/index.ts')
    const entries = parseExportManifest(path, await readFile(path, 'utf8'))
    return new Map([...entries].flatMap(({ key, metadata }) => (metadata ? [[key, metadata] as const] : [])))
  } catch (error) {
    if (isAbsent(error)) return new Map()
    throw new SourceError(`${path} cannot be read: ${textOf(error)}`, { cause: error })
  }
}

const compare = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other))
/** A path that stays below its directory. */
const isPlain = (key: string): boolean =>
  key.split('/').every((name) => name !== '' && name !== '.' && name !== '..' && !name.includes('\0'))

/** Keys in byte order: a folder's name counts with its slash. */
async function* walk(root: string, folder: string): AsyncGenerator<string> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
    if (isAbsent(error)) return []
    throw new SourceError(`${join(root, folder)} cannot be listed: ${textOf(error)}`, { cause: error })
  })
  const names = entries.flatMap((entry) =>
    entry.isDirectory() ? [`${entry.name}/`] : entry.isFile() ? [entry.name] : [],
  )
  for (const name of names.sort(compare))
    if (name.endsWith('/')) yield* walk(root, `${folder}${name}`)
    else yield `${folder}${name}`
}

async function readObject(
  root: string,
  realRoot: string,
  key: string,
  { bytesMax, admit }: GetOptions,
): Promise<Uint8Array> {
  const path = join(root, key)
  // A link in the copy could lead to files that were never in the bucket.
  if ((await realpath(path)) !== join(realRoot, key)) throw new Error('it is behind a link')
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const { size } = await file.stat()
    if (size > bytesMax) throw new Error(`it is larger than ${bytesMax} bytes`)
    await admit?.(size)
    return await readWhole(file, size)
  } finally {
    await file.close()
  }
}

/** At most `size` bytes: a file that grows meanwhile is not what was asked for. */
async function readWhole(file: FileHandle, size: number): Promise<Uint8Array> {
  const body = Buffer.allocUnsafeSlow(size)
  let at = 0
  while (at < size) {
    const { bytesRead } = await file.read(body, at, size - at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return body.subarray(0, at)
}

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
