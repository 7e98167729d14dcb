import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, test } from 'vitest'
import { openDirectoryBucketStore, type DirectoryBucketStore } from './directory-bucket-store.ts'
import { contentFilesOf } from './directory-files.testing.ts'
import { decodeObject, encodeRecord, looseKey, loosePrefix, noValue, objectKey } from './directory-records.ts'
import { contentOfRound } from './kill-bucket-content.testing.ts'
import { openLmdbObjectIndex } from './lmdb-object-index.ts'
import type { ObjectIndex } from './object-index.ts'
import { createTestKeys } from './object-keys.testing.ts'
import { createSealedObjectIndex } from './sealed-object-index.ts'

const bytesMax = 1_000_000
let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'opentrail-buckets-kill-'))
})
afterEach(() => rm(directory, { recursive: true }))
const openIndex = () =>
  createSealedObjectIndex(openLmdbObjectIndex(join(directory, 'index')), createTestKeys().indexKey)
const open = () => openDirectoryBucketStore({ directory, keys: createTestKeys(), now: () => 1 })
const textOf = async (store: DirectoryBucketStore, key: string): Promise<string> =>
  Buffer.from((await store.get('logs', key, { bytesMax })).body).toString()

async function allKeys(store: DirectoryBucketStore): Promise<string[]> {
  const keys: string[] = []
  for (;;) {
    const after = keys.at(-1)
    const page = await store.list('logs', after === undefined ? {} : { after })
    keys.push(...page.objects.map(({ key }) => key))
    if (!page.isTruncated) return keys
  }
}

/** Runs the writer, kills it after some acknowledgements, and tells what it had acknowledged. */
async function acknowledgedBeforeKill(round: number, lines: number): Promise<string[]> {
  const program = fileURLToPath(new URL('./kill-bucket-writer.testing.ts', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, program, directory, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let output = ''
  for await (const chunk of child.stdout) {
    output += String(chunk)
    if (output.split('\n').length > lines) child.kill('SIGKILL')
  }
  const [, signal] = (await exited) as [number | null, string | null]
  assert.equal(signal, 'SIGKILL')
  // The last line may be torn: only whole ones were acknowledged.
  return output.slice(0, output.lastIndexOf('\n')).split('\n')
}

/** How many content files the objects and uploads need. */
async function contentsOf({ objects }: DirectoryBucketStore, keys: readonly string[]): Promise<number> {
  let count = 0
  for (const key of keys) count += (await objects.headObject({ bucket: 'logs', key })).parts?.length ?? 1
  for (let after = ''; ;) {
    const { uploads, isTruncated } = await objects.listUploads('logs', { limit: 100, after })
    for (const { key, uploadId } of uploads)
      count += (await objects.listParts({ bucket: 'logs', key, uploadId }, { limit: 10 })).parts.length
    if (!isTruncated) return count
    after = uploads.at(-1)!.key
  }
}

test('kill -9 loses nothing acknowledged, tears nothing, and leaves no file over', async () => {
  const kept = new Set<string>()
  const deleted = new Set<string>()
  for (let round = 0; round < 4; round++) {
    const replaced = new Map<string, string>()
    for (const line of await acknowledgedBeforeKill(round, 20 + 83 * round)) {
      const [key = '', id] = line.split(' ')
      if (id !== undefined) replaced.set(key, id)
      else (key.startsWith('deleted/') ? deleted : kept).add(key)
    }
    const store = await open()
    for (const key of kept)
      assert.equal(await textOf(store, key), contentOfRound(key.slice(key.indexOf('/') + 1)).toString(), key)
    for (const [key, id] of replaced) {
      const found = (await textOf(store, key)).split('|')[0]!
      // One more may have been replaced, and the process died before it could say so.
      const next = id.replace(/\d+$/, (number) => String(Number(number) + 1))
      assert.ok(found === id || found === next, `${key} is ${found}, not ${id}`)
    }
    const keys = await allKeys(store)
    for (const key of keys) {
      assert.ok(!deleted.has(key), `${key} was deleted`)
      const content = await textOf(store, key)
      assert.equal(content, contentOfRound(content.split('|')[0]!).toString(), `${key} is not whole`)
    }
    assert.equal((await contentFilesOf(directory)).length, await contentsOf(store, keys))
    await store.close()
  }
  assert.ok(kept.size > 100)
})

describe('what a crash can leave is put right by the next opening', () => {
  const id = 'ab'.repeat(16)
  const path = () => join(directory, 'objects', 'ab', id)
  /** Objects `a` and `b`, then the state between two steps of a put, made by hand. */
  async function afterCrash(leave: (index: ObjectIndex) => Promise<unknown>): Promise<DirectoryBucketStore> {
    const store = await open()
    await store.createBucket('logs', { owner: '111122223333', region: 'eu-central-1' })
    const caller = { kind: 'owner' } as const
    for (const key of ['a', 'b']) await store.put({ bucket: 'logs', key, body: Buffer.from(`old ${key}`), caller })
    await store.close()
    await mkdir(join(directory, 'objects', 'ab'), { recursive: true })
    const index = openIndex()
    await leave(index)
    await index.close()
    return open()
  }
  /** All that the store and its directory hold after the opening. */
  async function left(store: DirectoryBucketStore): Promise<unknown> {
    const keys = await allKeys(store)
    const objects = Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await textOf(store, key)])))
    await store.close()
    const index = openIndex()
    const loose = index.range(loosePrefix, undefined, 10).length
    await index.close()
    return { objects, files: (await contentFilesOf(directory)).length, loose }
  }
  const list = (index: ObjectIndex, loose: string): Promise<void> =>
    index.transact((transaction) => transaction.put(looseKey(loose), noValue))
  const old = { objects: { a: 'old a', b: 'old b' }, files: 2, loose: 0 }

  test('an id in the list whose file was never made, nor its folder', async () => {
    const leave = (index: ObjectIndex) => Promise.all([list(index, id), list(index, 'f'.repeat(32))])
    assert.deepEqual(await left(await afterCrash(leave)), old)
  })

  test('a file that was begun, and one that was whole but belongs to no object', async () => {
    for (const content of ['ne', 'new a']) {
      const leave = async (index: ObjectIndex) => {
        await list(index, id)
        await writeFile(path(), content)
      }
      assert.deepEqual(await left(await afterCrash(leave)), old)
      await rm(directory, { recursive: true })
      await mkdir(directory)
    }
  })

  test('a replaced content whose file is still there, or already gone', async () => {
    for (const isGone of [false, true]) {
      const leave = async (index: ObjectIndex) => {
        await writeFile(path(), 'old b')
        await index.transact((transaction) => {
          const record = decodeObject(transaction.get(objectKey('logs', 'b'))!)
          // As format 1 wrote them, so that the file can be made by hand.
          const { dataKey: _, ...plain } = record
          const sha256 = createHash('sha256').update('old b').digest('hex')
          transaction.put(looseKey(record.id!), noValue)
          transaction.put(objectKey('logs', 'b'), encodeRecord({ ...plain, id, sha256 }))
        })
        const [removed] = (await contentFilesOf(directory)).filter((file) => !file.endsWith(id))
        const loose = index.range(loosePrefix, undefined, 10_000).map(({ key }) => key.toString('hex', 1))
        if (isGone)
          await Promise.all(
            loose.map((gone) => unlink(join(directory, 'objects', gone.slice(0, 2), gone)).catch(() => {})),
          )
        assert.ok(removed)
      }
      assert.deepEqual(await left(await afterCrash(leave)), old)
      await rm(directory, { recursive: true })
      await mkdir(directory)
    }
  })

  test('a deleted object whose file is still there', async () => {
    const leave = (index: ObjectIndex) =>
      index.transact((transaction) => {
        const { id = '' } = decodeObject(transaction.get(objectKey('logs', 'b'))!)
        transaction.put(looseKey(id), noValue)
        transaction.remove(objectKey('logs', 'b'))
      })
    assert.deepEqual(await left(await afterCrash(leave)), { objects: { a: 'old a' }, files: 1, loose: 0 })
  })

  test('more garbage than is removed at a time', async () => {
    const ids = Array.from({ length: 700 }, (_, n) => `ab${n.toString(16).padStart(30, '0')}`)
    const leave = async (index: ObjectIndex) => {
      await index.transact((transaction) => {
        for (const loose of ids) transaction.put(looseKey(loose), noValue)
      })
      await Promise.all(ids.map((loose) => writeFile(join(directory, 'objects', 'ab', loose), loose)))
    }
    assert.deepEqual(await left(await afterCrash(leave)), old)
  })

  test('what cannot be removed is reported, stays in the list, and does not keep the store from opening', async () => {
    const leave = async (index: ObjectIndex) => {
      await list(index, id)
      // No unlink removes a folder.
      await mkdir(path())
    }
    const first = await afterCrash(leave)
    await first.close()
    const failures: unknown[] = []
    const store = await openDirectoryBucketStore({
      directory,
      keys: createTestKeys(),
      now: () => 1,
      onGarbageFailure: (e) => failures.push(e),
    })
    assert.equal(failures.length, 1)
    await store.close()
    await rm(path(), { recursive: true })
    assert.deepEqual(await left(await open()), old)
  })
})
