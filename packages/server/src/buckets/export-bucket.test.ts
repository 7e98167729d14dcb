import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, test } from 'vitest'
import type { BucketStore } from './bucket-store.ts'
import { exportBucket, type ExportedFile } from './export-bucket.ts'
import { createMemoryBucketStore } from './memory-bucket-store.ts'

const caller = { kind: 'owner' } as const

async function storeWith(objects: Readonly<Record<string, string | Uint8Array>>): Promise<BucketStore> {
  const store = createMemoryBucketStore()
  await store.createBucket('logs', { owner: '111122223333', region: 'eu-central-1' })
  for (const [key, content] of Object.entries(objects)) await put(store, key, content)
  return store
}
const put = (store: BucketStore, key: string, content: string | Uint8Array) =>
  store.put({ bucket: 'logs', key, body: Buffer.from(content), caller })

describe('export of a bucket', () => {
  let root: string
  let directory: string
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'opentrail-export-'))
    directory = join(root, 'to')
  })
  afterEach(() => rm(root, { recursive: true }))

  /** Paths and contents of all files below the directory, and folders that are empty. */
  async function tree(): Promise<Record<string, string>> {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true })
    const found = entries.map(async (entry): Promise<[string, string]> => {
      const path = join(entry.parentPath, entry.name)
      const name = path.slice(directory.length + 1)
      return entry.isDirectory() ? [`${name}/`, ''] : [name, await readFile(path, 'utf8')]
    })
    const all = await Promise.all(found)
    return Object.fromEntries(
      all
        .filter(([name]) => !name.endsWith('/') || !all.some(([other]) => other !== name && other.startsWith(name)))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    )
  }
  async function manifest(): Promise<Record<string, string>> {
    const lines = (await readFile(join(directory, '%manifest.jsonl'), 'utf8')).split('\n').filter(Boolean)
    return Object.fromEntries(
      lines.map((line): [string, string] => {
        const { key, path } = JSON.parse(line) as { key: string; path: string }
        return [key, path]
      }),
    )
  }

  test('keys are paths, contents are as stored, and there is no manifest where nobody needs one', async () => {
    const gzip = gzipSync('{"Records":[]}')
    const store = await storeWith({ 'AWSLogs/1/a.json.gz': gzip, 'AWSLogs/1/b': 'b', top: '' })
    const summary = await exportBucket(store, 'logs', directory)
    assert.deepEqual(summary, { written: 3, unchanged: 0, gone: 0, bytes: gzip.length + 1 })
    assert.ok((await readFile(join(directory, 'AWSLogs/1/a.json.gz'))).equals(gzip))
    assert.deepEqual(Object.keys(await tree()), ['AWSLogs/1/a.json.gz', 'AWSLogs/1/b', 'top'])
    for (const name of ['', 'AWSLogs', 'AWSLogs/1/b']) {
      const found = await stat(join(directory, name))
      assert.equal(found.mode & 0o777, found.isDirectory() ? 0o700 : 0o600)
    }
  })

  test('only the prefix that was asked for, page by page', async () => {
    const keys = Array.from({ length: 1_205 }, (_, n) => `in/${n}`)
    const store = await storeWith(Object.fromEntries([...keys, 'out'].map((key) => [key, key])))
    assert.equal((await exportBucket(store, 'logs', directory, { prefix: 'in/' })).written, 1_205)
    assert.equal(Object.keys(await tree()).length, 1_205)
  })

  test('a second run writes only what is new, changed or cut short', async () => {
    const store = await storeWith({ same: 'same', cut: 'whole', altered: 'abc', replaced: 'old' })
    await exportBucket(store, 'logs', directory)
    await utimes(join(directory, 'same'), 1, 1)
    await writeFile(join(directory, 'cut'), 'who')
    await writeFile(join(directory, 'altered'), 'xyz')
    await writeFile(join(directory, '%part-0'), 'left by one that died')
    await writeFile(join(directory, 'a note'), 'not ours')
    await put(store, 'replaced', 'new')
    await put(store, 'more', 'more')
    const files: ExportedFile[] = []
    const summary = await exportBucket(store, 'logs', directory, { onFile: (file) => files.push(file) })
    assert.deepEqual(summary, { written: 4, unchanged: 1, gone: 0, bytes: 15 })
    assert.deepEqual(
      files.filter(({ outcome }) => outcome === 'unchanged'),
      [{ key: 'same', path: 'same', size: 4, outcome: 'unchanged' }],
    )
    assert.equal((await stat(join(directory, 'same'))).mtimeMs, 1_000)
    assert.deepEqual(await tree(), {
      'a note': 'not ours',
      altered: 'abc',
      cut: 'whole',
      more: 'more',
      replaced: 'new',
      same: 'same',
    })
  })

  test('what a file system cannot hold is escaped, and the manifest tells whose it is', async () => {
    const long = 'n'.repeat(256)
    const contents = Object.fromEntries(
      ['a', 'a!', 'a/b', '../up', 'x/./y', '/rooted', 'two//slashes', '%', '%25', 'empty/', 'full/', long].map(
        (key) => [key, key === 'empty/' ? '' : `content of ${key}`],
      ),
    )
    const store = await storeWith(contents)
    await exportBucket(store, 'logs', directory)
    const paths = {
      a: '%object-a',
      '../up': '%2E%2E/up',
      'x/./y': 'x/%2E/y',
      '/rooted': '%/rooted',
      'two//slashes': 'two/%/slashes',
      '%25': '%2525',
      '%': '%25',
      'full/': 'full/%',
    }
    const listed = await manifest()
    const { [long]: longPath, ...rest } = listed
    assert.deepEqual(rest, paths)
    assert.match(longPath!, /^%long-[0-9a-f]{64}$/)
    for (const [key, content] of Object.entries(contents))
      if (content !== '') assert.equal(await readFile(join(directory, listed[key] ?? key), 'utf8'), content)
    assert.ok((await stat(join(directory, 'empty'))).isDirectory())
    assert.deepEqual(await readdir(root), ['to'])
    assert.equal((await exportBucket(store, 'logs', directory)).written, 0)
  })

  test('an export of another prefix keeps what the manifest says', async () => {
    const store = await storeWith({ 'p//1': '1', 'q//1': '1' })
    await exportBucket(store, 'logs', directory, { prefix: 'p/' })
    await exportBucket(store, 'logs', directory, { prefix: 'q/' })
    assert.deepEqual(await manifest(), { 'p//1': 'p/%/1', 'q//1': 'q/%/1' })
  })

  test('a file makes room for a folder that came later, and a folder stays where its keys are gone', async () => {
    const store = createMemoryBucketStore()
    await store.createBucket('logs', { owner: '111122223333', region: 'eu-central-1' })
    await put(store, 'a', 'a')
    await exportBucket(store, 'logs', directory)
    await put(store, 'a/b', 'b')
    await exportBucket(store, 'logs', directory)
    const both = { '%object-a': 'a', 'a/b': 'b' }
    const { '%manifest.jsonl': _manifest, ...files } = await tree()
    assert.deepEqual(files, both)
    await store.deleteObject('logs', 'a/b')
    await exportBucket(store, 'logs', directory)
    const { '%manifest.jsonl': _again, ...after } = await tree()
    assert.deepEqual(after, both)
  })

  test('a link never leads the export out of its directory', async () => {
    await mkdir(join(root, 'outside'))
    await writeFile(join(root, 'outside', 'file'), 'precious')
    await mkdir(directory)
    await symlink(join(root, 'outside'), join(directory, 'folder'))
    await symlink(join(root, 'outside', 'file'), join(directory, 'file'))
    const throughFolder = await storeWith({ 'folder/file': 'x' })
    await assert.rejects(exportBucket(throughFolder, 'logs', directory), /exporting "folder\/file" into .* failed/)
    await assert.rejects(exportBucket(await storeWith({ file: 'x' }), 'logs', directory), /exporting "file"/)
    assert.equal(await readFile(join(root, 'outside', 'file'), 'utf8'), 'precious')
  })

  test('an object that is deleted meanwhile is told of, and the others are written', async () => {
    const store = await storeWith({ a: 'a', b: 'b' })
    const deleting: BucketStore = {
      ...store,
      async get(bucket, key, options) {
        return store.get(bucket, key === 'a' ? 'no longer' : key, options)
      },
    }
    assert.deepEqual(await exportBucket(deleting, 'logs', directory), { written: 1, unchanged: 0, gone: 1, bytes: 1 })
    assert.deepEqual(await tree(), { b: 'b' })
  })

  test('any keys at all: every object has a file of its own below the directory', async () => {
    const part = fc.constantFrom(
      '',
      '.',
      '..',
      '%',
      '%2E',
      '%object-a',
      '%manifest.jsonl',
      'a',
      'a!',
      'é',
      '😀',
      'b'.repeat(251),
    )
    const key = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
    const keys = fc.uniqueArray(
      key.filter((key) => key !== ''),
      { maxLength: 12 },
    )
    await fc.assert(
      fc.asyncProperty(keys, async (keys) => {
        await rm(root, { recursive: true })
        await mkdir(root)
        const store = await storeWith(Object.fromEntries(keys.map((key) => [key, `content of ${key}`])))
        const files: ExportedFile[] = []
        await exportBucket(store, 'logs', directory, { onFile: (file) => files.push(file) })
        for (const { key, path } of files)
          assert.equal(await readFile(join(directory, path!), 'utf8'), `content of ${key}`)
        assert.equal(new Set(files.map(({ path }) => path)).size, keys.length)
        assert.deepEqual(await readdir(root), ['to'])
        assert.equal((await exportBucket(store, 'logs', directory)).unchanged, keys.length)
      }),
      { numRuns: 150 },
    )
  })
})
