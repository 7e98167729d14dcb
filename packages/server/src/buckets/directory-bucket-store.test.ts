import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmod, mkdtemp, readdir, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, test } from 'vitest'
import { bucketAdministrationContract } from './bucket-administration.contract.ts'
import { bucketStoreContract } from './bucket-store.contract.ts'
import { BucketError } from './bucket-store.ts'
import { openDirectoryBucketStore, type DirectoryBucketStore } from './directory-bucket-store.ts'
import { contentFilesOf } from './directory-files.testing.ts'
import { encodeRecord, formatKey } from './directory-records.ts'
import { openLmdbObjectIndex } from './lmdb-object-index.ts'
import type { IndexTransaction } from './object-index.ts'
import { createTestKeys } from './object-keys.testing.ts'
import { objectBytesMax } from './object-limits.ts'
import { createSealedObjectIndex } from './sealed-object-index.ts'

const settings = { owner: '111122223333', region: 'eu-central-1' }
const caller = { kind: 'owner' } as const
const newDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'opentrail-buckets-'))

bucketStoreContract('directory', async () => {
  const directory = await newDirectory()
  const open = () =>
    openDirectoryBucketStore({
      directory,
      keys: createTestKeys(),
      now: Date.now,
      mayPut: ({ policy }) => policy === undefined,
    })
  let store = await open()
  await store.createBucket('logs', settings)
  return {
    store,
    bucket: 'logs',
    prefix: '',
    absentBucket: 'absent',
    refuseDeliveries: () => store.putPolicy('logs', '{}'),
    async reopen() {
      await store.close()
      return (store = await open())
    },
    async dispose() {
      await store.close()
      await rm(directory, { recursive: true })
    },
  }
})

bucketAdministrationContract('directory', async (options) => {
  const directory = await newDirectory()
  let store = await openDirectoryBucketStore({ directory, keys: createTestKeys(), ...options })
  return {
    store,
    async reopen() {
      await store.close()
      return (store = await openDirectoryBucketStore({ directory, keys: createTestKeys(), ...options }))
    },
    async dispose() {
      await store.close()
      await rm(directory, { recursive: true })
    },
  }
})

describe('directory store', () => {
  let directory: string
  let store: DirectoryBucketStore
  const openIndex = () =>
    createSealedObjectIndex(openLmdbObjectIndex(join(directory, 'index')), createTestKeys().indexKey)
  const open = () => openDirectoryBucketStore({ directory, keys: createTestKeys(), now: () => 5_000 })
  beforeEach(async () => {
    directory = await newDirectory()
    store = await open()
    await store.createBucket('logs', settings)
  })
  afterEach(async () => {
    await store.close()
    await rm(directory, { recursive: true })
  })
  const put = (key: string, content: string) => store.put({ bucket: 'logs', key, body: Buffer.from(content), caller })
  const get = (key: string) => store.get('logs', key, { bytesMax: objectBytesMax })
  const onlyContent = async (): Promise<string> => {
    const files = await contentFilesOf(directory)
    assert.equal(files.length, 1)
    return join(directory, 'objects', files[0]!)
  }

  test('the ETag is the MD5 of the body, and the time is ours', async () => {
    const { etag } = await put('k', 'body')
    assert.equal(etag, createHash('md5').update('body').digest('hex'))
    assert.equal((await store.head('logs', 'k')).lastModified, 5_000)
  })

  test("a delivery has the checksum that CloudTrail's log files have on S3", async () => {
    const delivery = { kind: 'delivery', account: settings.owner, trailArn: 'arn:aws:cloudtrail:a:b:trail/c' } as const
    await store.put({ bucket: 'logs', key: 'k', body: Buffer.from('123456789'), caller: delivery })
    const { checksum } = await store.objects.headObject({ bucket: 'logs', key: 'k' })
    assert.deepEqual(checksum, { algorithm: 'CRC64NVME', value: 'rosUhgp5mIg=' })
  })

  test('no key is ever part of a path', async () => {
    const keys = ['../../escaped', '/etc/passwd', 'a/../../b', '..', 'NUL', 'con', 'k'.repeat(1_024)]
    for (const key of keys) await put(key, key)
    const user = { kind: 'account', account: settings.owner, arn: 'arn:aws:iam::111122223333:root' } as const
    for (const key of keys) {
      const { uploadId } = await store.objects.createUpload({ bucket: 'logs', key, user })
      const place = { bucket: 'logs', key, uploadId }
      await store.objects.putPart({ ...place, number: 1, user }, (async function* () {})())
    }
    const files = await contentFilesOf(directory)
    assert.equal(files.length, 2 * keys.length)
    for (const file of files) assert.match(file, /^([0-9a-f]{2})\/\1[0-9a-f]{30}$/)
    assert.deepEqual((await readdir(directory)).sort(), ['index', 'objects'])
  })

  test('files and folders are for their owner alone', async () => {
    await put('k', 'x')
    for (const name of ['index', 'objects', ...(await readdir(directory, { recursive: true }))]) {
      const found = await stat(join(directory, name))
      assert.equal(found.mode & 0o777, found.isDirectory() ? 0o700 : 0o600, name)
    }
  })

  test('a replaced or deleted content leaves no file behind', async () => {
    await put('a', 'first')
    await put('a', 'second')
    await put('b', 'x')
    await store.deleteObject('logs', 'b')
    await store.close()
    store = await open()
    assert.equal((await get('a')).size, 6)
    assert.equal((await contentFilesOf(directory)).length, 1)
  })

  test('a content that was changed, cut, grown or removed behind our back is never handed out', async () => {
    const damages: ((path: string) => Promise<unknown>)[] = [
      (path) => writeFile(path, 'x', { flag: 'r+' }),
      (path) => truncate(path, 3),
      (path) => writeFile(path, 'more', { flag: 'a' }),
      (path) => unlink(path),
    ]
    for (const damage of damages) {
      await put('k', 'the content')
      assert.equal(Buffer.from((await get('k')).body).toString(), 'the content')
      await store.close()
      store = await open()
      await damage(await onlyContent())
      await assert.rejects(get('k'), (error) => {
        assert.ok(error instanceof BucketError)
        assert.equal(error.code, 'InternalError')
        assert.match(error.message, /object k in logs is damaged: content [0-9a-f]{32} /)
        return true
      })
    }
    // Putting it again heals it.
    await put('k', 'the content')
    assert.equal((await get('k')).size, 11)
  })

  test('a body larger than what is held in memory is refused', async () => {
    const body = new Uint8Array(objectBytesMax + 1)
    await assert.rejects(store.put({ bucket: 'logs', key: 'k', body, caller }), hasCode('EntityTooLarge'))
  })

  test('more puts than are written at a time wait, and far too many are refused', async () => {
    const puts = await Promise.allSettled(Array.from({ length: 1_100 }, (_, n) => put(`k${n}`, 'x')))
    const refused = puts.filter((result) => result.status === 'rejected')
    assert.equal(refused.length, 1_100 - 16 - 1_000)
    for (const { reason } of refused) assert.ok(hasCode('SlowDown')(reason))
    assert.equal((await contentFilesOf(directory)).length, 1_016)
  })

  test('closing waits for what has begun', async () => {
    const puts = Array.from({ length: 40 }, (_, n) => put(`k${n}`, String(n)))
    await store.close()
    await Promise.all(puts)
    store = await open()
    assert.equal((await store.list('logs', {})).objects.length, 40)
  })

  test('a folder that cannot be written says so, and works again once it can', async () => {
    await store.close()
    store = await open()
    const objects = join(directory, 'objects')
    await rm(objects, { recursive: true, force: true })
    await writeFile(objects, '')
    await assert.rejects(put('k', 'x'), hasCode('InternalError'))
    await unlink(objects)
    await put('k', 'x')
    assert.equal((await get('k')).size, 1)
  })

  const user = { kind: 'account', account: settings.owner, arn: 'arn:aws:iam::111122223333:root' } as const
  const putSmall = (key: string, content: string) =>
    store.objects.putObject(
      { bucket: 'logs', key, user, expected: { size: content.length } },
      Readable.from([Buffer.from(content)]),
    )
  async function changeIndex(change: (transaction: IndexTransaction) => void): Promise<void> {
    await store.close()
    const index = openIndex()
    await index.transact(change)
    await index.close()
    store = await open()
  }

  test('a small object over S3 is no file; what replaces or deletes it leaves nothing in the index', async () => {
    await putSmall('a', 'first')
    await putSmall('a', 'second')
    await putSmall('b', 'of another')
    assert.equal(Buffer.from((await get('a')).body).toString(), 'second')
    assert.equal((await contentFilesOf(directory)).length, 0)
    await put('a', 'a file')
    await store.deleteObject('logs', 'b')
    await changeIndex((transaction) => {
      assert.equal(transaction.range(Buffer.from('i'), undefined, 10).length, 0)
    })
  })

  test('a small content that was changed, exchanged or lost is not handed out', async () => {
    for (const key of ['a', 'b', 'c']) await putSmall(key, `content of ${key}`)
    await changeIndex((transaction) => {
      const [a, b, c] = transaction.range(Buffer.from('i'), undefined, 10)
      const changed = Buffer.from(a!.value)
      changed[0]! ^= 1
      transaction.put(a!.key, b!.value)
      transaction.put(b!.key, changed)
      transaction.remove(c!.key)
    })
    for (const key of ['a', 'b', 'c']) await assert.rejects(get(key), /damaged/)
  })

  test('what format 2 wrote is read, and the store has format 3 from then on', async () => {
    await put('k', 'of format 2')
    const formats: unknown[] = []
    const setFormat = (format: number) =>
      changeIndex((transaction) => {
        const stored = JSON.parse(transaction.get(formatKey)!.toString()) as { format: number }
        formats.push(stored.format)
        transaction.put(formatKey, Buffer.from(JSON.stringify({ ...stored, format })))
      })
    await setFormat(2)
    assert.equal(Buffer.from((await get('k')).body).toString(), 'of format 2')
    await setFormat(3)
    assert.deepEqual(formats, [3, 3])
  })

  test("a newer format, a damaged one and an index that lost its files' keys are refused", async () => {
    await put('k', 'x')
    await store.close()
    const setFormat = async (value: string) => {
      const index = openIndex()
      await index.transact((transaction) => transaction.put(formatKey, Buffer.from(value)))
      await index.close()
    }
    for (const [value, message] of [
      ['{"format":4}', /newer OpenTrail \(format 4\)/],
      ['{', /damaged/],
      ['null', /damaged/],
    ] as const) {
      await setFormat(value)
      await assert.rejects(open(), message)
    }
    await rm(join(directory, 'index'), { recursive: true })
    await assert.rejects(open(), /objects has files and .*index is empty: put it back/)
    await chmod(directory, 0o700)
    await rm(join(directory, 'objects'), { recursive: true })
    store = await open()
    assert.equal(store.isNew, true)
  })

  test('a record says nothing but what the format documents', () => {
    const record = { id: '00', size: 1, etag: 'e', sha256: 's', lastModified: 1 }
    assert.equal(encodeRecord(record).toString(), JSON.stringify(record))
  })
})

const hasCode =
  (code: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof BucketError, String(error))
    assert.equal(error.code, code, error.message)
    return true
  }
