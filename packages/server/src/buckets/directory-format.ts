import { dirname, join } from 'node:path'
import type { Disk } from '../disk/index.ts'
import { bucketsMax } from './bucket-administration.ts'
import { BucketError } from './bucket-store.ts'
import { createContentFiles, type ContentFiles } from './directory-content.ts'
import { bucketPrefix, formatKey, newKey, noValue, oldKey } from './directory-records.ts'
import type { ObjectIndex } from './object-index.ts'
import { createSealedObjectIndex, secretId } from './sealed-object-index.ts'

/** What a directory store stands on; another one for simulated power cuts. */
export interface DirectoryStoreBase {
  readonly disk: Disk
  readonly openIndex: (directory: string) => ObjectIndex | Promise<ObjectIndex>
}

export interface DirectoryFiles {
  readonly index: ObjectIndex
  readonly files: ContentFiles
  readonly isNew: boolean
}

/** The number goes up with every change that an older program would misread. */
const format = 3
/** It had no contents in the index: all that it has is read as format 3 has it. */
const filesFormat = 2
/** Its records and contents are not sealed. Both are read as they are, and sealed once the store is open. */
const unsealedFormat = 1

/** @throws {BucketError} InternalError: another version's, another key ring's, damaged, or not to be read. */
export async function openDirectoryFiles(
  { disk, openIndex }: DirectoryStoreBase,
  directory: string,
  indexKey: Uint8Array,
): Promise<DirectoryFiles> {
  const objects = join(directory, 'objects')
  const indexDirectory = join(directory, 'index')
  let index: ObjectIndex | undefined
  try {
    for (const path of [objects, indexDirectory]) await disk.makeDirectory(path)
    for (const path of [directory, dirname(directory)]) await disk.syncDirectory(path)
    index = createSealedObjectIndex(await openIndex(indexDirectory), indexKey)
    const stored = index.get(formatKey)
    const before = stored && parseFormat(stored, secretId(indexKey))
    if (before === undefined && (await disk.list(objects)).length > 0)
      throw new BucketError('InternalError', `${objects} has files and ${indexDirectory} is empty: put it back`)
    // At each opening: a process that died may have left what can be read and is not yet durable. Nothing is built on it
    // before, and above all no file is removed because of it.
    await writeFormat(index, before, secretId(indexKey))
    await disk.syncDirectory(indexDirectory)
    return { index, files: createContentFiles(disk, objects), isNew: index.get(newKey) !== undefined }
  } catch (cause) {
    await index?.close()
    if (cause instanceof BucketError) throw cause
    throw new BucketError('InternalError', `the bucket store in ${directory} cannot be opened`, { cause })
  }
}

function writeFormat(index: ObjectIndex, before: number | undefined, keyId: string): Promise<void> {
  return index.transact((transaction) => {
    transaction.put(formatKey, Buffer.from(JSON.stringify({ format, keyId })))
    if (before === undefined) transaction.put(newKey, noValue)
    if (before !== unsealedFormat) return
    // Writing a record seals it. Those of the objects follow with their contents.
    for (const { key, value } of transaction.range(bucketPrefix, undefined, bucketsMax)) transaction.put(key, value)
    transaction.put(oldKey, noValue)
  })
}

/** @throws {BucketError} InternalError: written by a newer program, with other keys, or no format at all. */
function parseFormat(value: Buffer, keyId: string): number {
  const found = parsed(value)
  if (found.format === unsealedFormat) return unsealedFormat
  if (found.format !== format && found.format !== filesFormat) {
    const what =
      typeof found.format === 'number' ? `was written by a newer OpenTrail (format ${found.format})` : 'is damaged'
    throw new BucketError('InternalError', `the index of the bucket store ${what}; this one knows format ${format}`)
  }
  if (found.keyId !== keyId)
    throw new BucketError(
      'InternalError',
      'the bucket store was written with another key ring: it cannot be read without the control store and the root key that belong to it',
    )
  return found.format
}

function parsed(value: Buffer): { readonly format?: unknown; readonly keyId?: unknown } {
  try {
    return (JSON.parse(value.toString()) as { format?: unknown } | null) ?? {}
  } catch {
    return {}
  }
}
