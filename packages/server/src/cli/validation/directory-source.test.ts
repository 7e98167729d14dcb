import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'vitest'
import { exportBucket } from '../../buckets/index.ts'
import { createMemoryBucketStore } from '../../buckets/memory-bucket-store.ts'
import { createDirectorySource } from './directory-source.ts'
import { SourceError } from './object-source.ts'

async function all(keys: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = []
  for await (const key of keys) found.push(key)
  return found
}

describe('a plain copy of a bucket', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'opentrail-copy-'))
    mkdirSync(join(root, 'copy/a/b'), { recursive: true })
    for (const key of ['a/b/2', 'a/b/1', 'a/b!', 'a/z']) writeFileSync(join(root, 'copy', key), key)
    writeFileSync(join(root, 'secret'), 'secret')
  })
  afterEach(() => rmSync(root, { recursive: true }))
  const source = () => createDirectorySource(join(root, 'copy'), 'logs')

  test('its files are listed as S3 lists keys', async () => {
    assert.deepEqual(await all(source().list('logs', '')), ['a/b!', 'a/b/1', 'a/b/2', 'a/z'])
    assert.deepEqual(await all(source().list('logs', 'a/b/', 'a/b/1')), ['a/b/2'])
    assert.deepEqual(await all(source().list('logs', 'nothing/here')), [])
  })

  test('objects have no metadata, and what is not there is not', async () => {
    const found = await source().get({ bucket: 'logs', key: 'a/z' }, { bytesMax: 100 })
    assert.deepEqual([found?.metadata, Buffer.from(found!.body).toString()], [undefined, 'a/z'])
    assert.equal(await source().get({ bucket: 'logs', key: 'a/y' }, { bytesMax: 100 }), undefined)
  })

  test('nothing outside the directory, in another bucket or too large is read', async () => {
    assert.equal(await source().get({ bucket: 'logs', key: '../secret' }, { bytesMax: 100 }), undefined)
    symlinkSync(join(root, 'secret'), join(root, 'copy/link'))
    symlinkSync(root, join(root, 'copy/folder'))
    for (const [bucket, key, bytesMax] of [
      ['logs', 'link', 100],
      ['logs', 'folder/secret', 100],
      ['other', 'a/z', 100],
      ['logs', 'a/z', 2],
    ] as const)
      await assert.rejects(source().get({ bucket, key }, { bytesMax }), SourceError)
  })

  test('what an export wrote has its metadata again, and damaged ones are no verdict', async () => {
    const store = createMemoryBucketStore()
    await store.createBucket('logs', { owner: '111122223333', region: 'eu-central-1' })
    const caller = { kind: 'owner' } as const
    for (const [key, metadata] of [
      ['digest', { signature: 'abc', 'signature-algorithm': 'SHA256withRSA' }],
      ['log', undefined],
    ] as const)
      await store.put({ bucket: 'logs', key, body: Buffer.from(key), caller, ...(metadata && { metadata }) })
    const exported = join(root, 'exported')
    await exportBucket(store, 'logs', exported)
    // Again: what is there already keeps what is known of it.
    await exportBucket(store, 'logs', exported)
    const metadataOf = async (key: string) =>
      (await createDirectorySource(exported, 'logs').get({ bucket: 'logs', key }, { bytesMax: 100 }))?.metadata
    assert.deepEqual(await metadataOf('digest'), { signature: 'abc', 'signature-algorithm': 'SHA256withRSA' })
    assert.equal(await metadataOf('log'), undefined)
    for (const damage of ['{"key":1}', '{"key":"digest","path":"digest","metadata":{"signature":1}}', 'x']) {
      writeFileSync(join(exported, '%manifest.jsonl'), damage)
      await assert.rejects(metadataOf('digest'), SourceError)
    }
  })
})
