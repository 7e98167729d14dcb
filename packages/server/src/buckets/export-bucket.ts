import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { BucketError, type BucketStore, type ListedObject } from './bucket-store.ts'
import { openExportManifest } from './export-manifest.ts'
import { exportSegments, isBelow } from './export-names.ts'
import { kindOf, md5Of, openExportTree } from './export-tree.ts'

export interface ExportedFile {
  readonly key: string
  /** Below the directory; undefined where the object was deleted while the export ran. */
  readonly path: string | undefined
  readonly size: number
  readonly outcome: 'written' | 'unchanged' | 'gone'
}

export interface ExportOptions {
  readonly prefix?: string
  /** Called for each object, in the order in which they are done. */
  readonly onFile?: (file: ExportedFile) => void
}

export interface ExportSummary {
  readonly written: number
  readonly unchanged: number
  readonly gone: number
  /** Of what was written. */
  readonly bytes: number
}

/** An object is held in memory whole. Log files have some megabytes; what is larger is no log file. */
const objectBytesMax = 1024 * 1024 * 1024
/** Only the ETag of a single, unencrypted put is the content's MD5. */
const md5Tag = /^[0-9a-f]{32}$/

/**
 * Writes the objects of a bucket into a directory as plain files, contents as they are: what is gzip stays gzip. Can be
 * interrupted and run again at any time: files that are there with the object's size and ETag are kept, and what is no
 * object of the bucket is left alone. How keys become paths is in docs/reference/directory-store.md.
 * @throws {BucketError} of the store
 * @throws {Error} something in the directory is in the way.
 */
export async function exportBucket(
  store: BucketStore,
  bucket: string,
  directory: string,
  options: ExportOptions = {},
): Promise<ExportSummary> {
  const tree = await openExportTree(directory)
  const manifest = await openExportManifest(directory)
  const summary = { written: 0, unchanged: 0, gone: 0, bytes: 0 }

  async function exportObject(object: ListedObject, isAlsoFolder: boolean): Promise<void> {
    const { path, outcome } = await writeObject(object, isAlsoFolder)
    summary[outcome] += 1
    if (outcome === 'written') summary.bytes += object.size
    options.onFile?.({ key: object.key, path, size: object.size, outcome })
  }

  async function writeObject(
    { key, size, etag }: ListedObject,
    isAlsoFolder: boolean,
  ): Promise<Pick<ExportedFile, 'path' | 'outcome'>> {
    const isMarker = size === 0 && key.endsWith('/')
    let segments = exportSegments(key, { isAlsoFolder, isMarker })
    const folder = await tree.folderFor(segments)
    const plain = join(folder, segments.at(-1)!)
    if (isMarker) {
      manifest.add(key, segments)
      return { path: segments.join('/'), outcome: 'unchanged' }
    }
    // A folder of an earlier export, whose keys may be gone by now.
    if (!isAlsoFolder && (await kindOf(plain)).kind === 'folder')
      segments = exportSegments(key, { isAlsoFolder: true, isMarker })
    const target = join(folder, segments.at(-1)!)
    const path = segments.join('/')
    const isThere = await isSame(target, size, etag)
    const object = isThere ? undefined : await objectOf(key)
    if (!isThere && !object) return { path: undefined, outcome: 'gone' }
    manifest.add(key, segments, object && (object.metadata ?? {}))
    if (object) await tree.write(target, object.body)
    if (isAlsoFolder) await removePlain(key, folder)
    return { path, outcome: object ? 'written' : 'unchanged' }
  }

  async function objectOf(key: string): Promise<Awaited<ReturnType<BucketStore['get']>> | undefined> {
    try {
      return await store.get(bucket, key, { bytesMax: objectBytesMax })
    } catch (error) {
      if (error instanceof BucketError && error.code === 'NoSuchKey') return undefined
      throw error
    }
  }

  for await (const { object, isAlsoFolder } of withFolders(listing(store, bucket, options.prefix)))
    try {
      await exportObject(object, isAlsoFolder)
    } catch (cause) {
      if (cause instanceof BucketError) throw cause
      throw new Error(`exporting ${JSON.stringify(object.key)} into ${directory} failed`, { cause })
    }
  await manifest.write(tree)
  return summary
}

/** Where `a` was exported before there was an `a/b`, its file is in the way of the folder. */
async function removePlain(key: string, folder: string): Promise<void> {
  const before = join(folder, exportSegments(key, { isAlsoFolder: false, isMarker: false }).at(-1)!)
  if ((await kindOf(before)).kind === 'file') await unlink(before)
}

async function isSame(path: string, size: number, etag: string): Promise<boolean> {
  const found = await kindOf(path)
  if (found.kind === 'other' || found.kind === 'folder') throw new Error(`${path} is in the way: it is no plain file`)
  return found.kind === 'file' && found.size === size && md5Tag.test(etag) && (await md5Of(path)) === etag
}

async function* listing(store: BucketStore, bucket: string, prefix: string | undefined): AsyncGenerator<ListedObject> {
  for (let after: string | undefined; ;) {
    const page = await store.list(bucket, {
      ...(prefix !== undefined && { prefix }),
      ...(after !== undefined && { after }),
    })
    yield* page.objects
    after = page.objects.at(-1)?.key
    if (!page.isTruncated || after === undefined) return
  }
}

/**
 * Tells of each object whether its key is also the folder of others. Between `a` and `a/b` there may be `a!`, `a-1` and
 * all that begins with them, so an object waits until no more keys below it can come. Those that wait begin with one
 * another, so there are never more of them than a key has bytes.
 */
async function* withFolders(
  objects: AsyncIterable<ListedObject>,
): AsyncGenerator<{ object: ListedObject; isAlsoFolder: boolean }> {
  const waiting: { object: ListedObject; isAlsoFolder: boolean }[] = []
  for await (const object of objects) {
    while (waiting.length > 0 && !object.key.startsWith(waiting.at(-1)!.object.key)) yield waiting.pop()!
    // Found out in time: its file has to make room before the folder is made.
    for (const [index, { object: above }] of waiting.entries())
      if (isBelow(object.key, above.key)) {
        waiting.splice(index, 1)
        yield { object: above, isAlsoFolder: true }
        break
      }
    waiting.push({ object, isAlsoFolder: false })
  }
  yield* waiting.toReversed()
}
