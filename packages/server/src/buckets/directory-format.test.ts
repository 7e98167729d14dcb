import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, test } from 'vitest'
import { createSimulatedDisk, type Disk, type SimulatedDisk } from '../disk/index.ts'
import { seededRandom } from '../disk/seeded-random.testing.ts'
import {
  openDirectoryBucketStore,
  openDirectoryBucketStoreOn,
  type DirectoryBucketStore,
} from './directory-bucket-store.ts'
import { contentFilesOf } from './directory-files.testing.ts'
import { openDirectoryFiles } from './directory-format.ts'
import { openLooseContents } from './directory-garbage.ts'
import { sealOldContents } from './directory-old-contents.ts'
import { oldKey } from './directory-records.ts'
import { openLmdbObjectIndex } from './lmdb-object-index.ts'
import type { ObjectIndex } from './object-index.ts'
import { createTestKeys } from './object-keys.testing.ts'
import { openSimulatedObjectIndex } from './simulated-object-index.testing.ts'

/** What format 1 kept: nothing in it is sealed. */
const oldObjects = {
  'AWSLogs/a.json.gz': {
    body: 'old content a',
    attributes: { contentType: 'application/json', contentEncoding: 'gzip' },
  },
  'AWSLogs/b.json.gz': { body: 'b, '.repeat(50_000), attributes: {} },
  empty: { body: '', attributes: { metadata: { one: '1' } } },
}
const idOf = (key: string): string => createHash('md5').update(key).digest('hex')

/** The records as format 1 wrote them: the keys, and JSON with its members in this order. */
function writeOldIndex(index: ObjectIndex): Promise<void> {
  return index.transact((transaction) => {
    const put = (key: string, value: object) => transaction.put(Buffer.from(key), Buffer.from(JSON.stringify(value)))
    put('f', { format: 1 })
    put('blogs', {
      owner: '111122223333',
      region: 'eu-central-1',
      createdAt: 1_000,
      policy: '{"Version":"2012-10-17"}',
    })
    for (const [key, { body, attributes }] of Object.entries(oldObjects)) {
      const [etag, sha256] = ['md5', 'sha256'].map((name) => createHash(name).update(body).digest('hex'))
      put(`ologs\0${key}`, { id: idOf(key), size: body.length, etag, sha256, lastModified: 2_000, ...attributes })
    }
    transaction.put(Buffer.concat([Buffer.from('l'), Buffer.alloc(16, 7)]), Buffer.alloc(0))
  })
}

async function checkObjects(store: DirectoryBucketStore): Promise<void> {
  assert.equal(store.isNew, false)
  assert.equal(await store.policy('logs'), '{"Version":"2012-10-17"}')
  const { objects } = await store.list('logs', {})
  assert.deepEqual(
    objects.map(({ key }) => key),
    Object.keys(oldObjects),
  )
  for (const [key, { body, attributes }] of Object.entries(oldObjects)) {
    const found = await store.get('logs', key, { bytesMax: 1_000_000 })
    assert.equal(Buffer.from(found.body).toString(), body)
    assert.equal(found.lastModified, 2_000)
    assert.equal(found.etag, createHash('md5').update(body).digest('hex'))
    const head = { contentType: found.contentType, contentEncoding: found.contentEncoding, metadata: found.metadata }
    assert.deepEqual(head, { contentType: undefined, contentEncoding: undefined, metadata: {}, ...attributes })
  }
}

describe('a store that format 1 wrote', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'opentrail-format-'))
    await mkdir(join(directory, 'index'))
    const index = openLmdbObjectIndex(join(directory, 'index'))
    await writeOldIndex(index)
    await index.close()
    for (const [key, { body }] of Object.entries(oldObjects)) {
      await mkdir(join(directory, 'objects', idOf(key).slice(0, 2)), { recursive: true })
      await writeFile(join(directory, 'objects', idOf(key).slice(0, 2), idOf(key)), body)
    }
  })
  afterEach(() => rm(directory, { recursive: true }))
  const open = () => openDirectoryBucketStore({ directory, keys: createTestKeys(), now: () => 5_000 })
  const plainFiles = async (): Promise<string[]> => {
    // One that is listed may be gone before it is read.
    const read = (file: string) => readFile(join(directory, 'objects', file), 'latin1').catch(() => '')
    const contents = await Promise.all((await contentFilesOf(directory)).map(read))
    return contents.filter((content) => /old content|b, b, /.test(content))
  }

  test('is read at once, and its contents are sealed while it is in use', async () => {
    const store = await open()
    await checkObjects(store)
    while ((await plainFiles()).length > 0) await setTimeout(1)
    await checkObjects(store)
    await store.close()
    assert.equal((await contentFilesOf(directory)).length, 3)
    const again = await open()
    await checkObjects(again)
    await again.close()
  }, 60_000)

  test('what is put, deleted or given versions meanwhile is not undone', async () => {
    const store = await open()
    const caller = { kind: 'owner' } as const
    await Promise.all([
      store.put({ bucket: 'logs', key: 'AWSLogs/a.json.gz', body: Buffer.from('new'), caller }),
      store.deleteObject('logs', 'empty'),
    ])
    await store.objects.changeSettings('logs', (settings) => ({ ...settings, versioning: 'Enabled' }))
    await store.put({ bucket: 'logs', key: 'AWSLogs/b.json.gz', body: Buffer.from('newer'), caller })
    while ((await plainFiles()).length > 0) await setTimeout(1)
    const { versions } = await store.objects.listVersions('logs', { limit: 10 })
    assert.deepEqual(
      versions.map(({ key, size }) => [key, size]),
      [
        ['AWSLogs/a.json.gz', 3],
        ['AWSLogs/b.json.gz', 5],
        ['AWSLogs/b.json.gz', 150_000],
      ],
    )
    await store.close()
  }, 60_000)

  test('an old content that is damaged is told of and left alone, and tried again', async () => {
    await writeFile(join(directory, 'objects', idOf('empty').slice(0, 2), idOf('empty')), 'not empty')
    for (let round = 0; round < 2; round++) {
      let told: (error: unknown) => void = () => {}
      const failure = new Promise((resolve) => (told = resolve))
      const store = await openDirectoryBucketStore({
        directory,
        keys: createTestKeys(),
        now: () => 5_000,
        onGarbageFailure: told,
      })
      assert.match(String(await failure), /content [0-9a-f]{32} does not have its 0 bytes/)
      await assert.rejects(store.get('logs', 'empty', { bytesMax: 10 }), /damaged/)
      await store.close()
    }
  }, 60_000)

  test('another key ring, or none that was there before, is refused in plain words', async () => {
    await (await open()).close()
    const keys = { ...createTestKeys(), indexKey: Buffer.alloc(32, 'another') }
    await assert.rejects(openDirectoryBucketStore({ directory, keys, now: () => 1 }), /written with another key ring/)
    await (await open()).close()
    assert.deepEqual((await readdir(directory)).sort(), ['index', 'objects'])
  })
})

describe('sealing what format 1 wrote, with a power cut at every disk operation', () => {
  const directory = '/data/buckets'
  const base = (disk: Disk) => ({ disk, openIndex: (path: string) => openSimulatedObjectIndex(disk, path) })
  const options = { directory, keys: createTestKeys(), now: () => 5_000 }

  async function oldDisk(): Promise<SimulatedDisk> {
    const disk = createSimulatedDisk()
    for (const path of [`${directory}/index`, `${directory}/objects`]) await disk.makeDirectory(path)
    const index = await openSimulatedObjectIndex(disk, `${directory}/index`)
    await writeOldIndex(index)
    await index.close()
    const folders = ['/', '/data', directory, `${directory}/index`, `${directory}/objects`]
    for (const [key, { body }] of Object.entries(oldObjects)) {
      const folder = `${directory}/objects/${idOf(key).slice(0, 2)}`
      await disk.makeDirectory(folder)
      const file = await disk.open(`${folder}/${idOf(key)}`, 'create')
      await file.write(0, [Buffer.from(body)])
      await file.datasync()
      await file.close()
      folders.push(folder)
    }
    for (const path of folders) await disk.syncDirectory(path)
    return disk
  }
  /** Opens and seals, to the end. */
  async function seal(disk: SimulatedDisk): Promise<void> {
    const { index, files } = await openDirectoryFiles(base(disk), directory, options.keys.indexKey)
    const failures: unknown[] = []
    const onFailure = (error: unknown): void => void failures.push(error)
    const loose = await openLooseContents({ index, files, onFailure })
    const context = { index, files, loose, keys: options.keys, now: options.now }
    await sealOldContents(context, { signal: new AbortController().signal, onFailure })
    await loose.settled()
    await index.close()
    assert.deepEqual(failures, [])
    assert.equal(index.get(oldKey), undefined)
  }

  test('each object is there, whole, and the next opening goes on', async () => {
    const whole = await oldDisk()
    const start = whole.operations
    await seal(whole)
    const operations = whole.operations - start
    assert.ok(operations > 30, `${operations} operations`)
    for (const when of ['before', 'half', 'after'] as const)
      for (let at = 0; at < operations; at++) {
        const disk = await oldDisk()
        const first = disk.operations
        disk.setFault(({ index }) => (index === first + at ? { kind: 'power-off', when } : undefined))
        await seal(disk).catch(() => undefined)
        disk.setFault(undefined)
        disk.crash(seededRandom(at))
        const store = await openDirectoryBucketStoreOn(base(disk), options)
        await checkObjects(store)
        await store.close()
        await seal(disk)
        const again = await openDirectoryBucketStoreOn(base(disk), options)
        await checkObjects(again)
        await again.close()
      }
  }, 120_000)
})
