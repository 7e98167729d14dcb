import assert from 'node:assert/strict'
import { paginateListObjectsV2, ListObjectsCommand, type S3Client } from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { listObjects } from './list-objects.ts'
import { testBuckets, sdkClient, signed, startFront } from './s3.testing.ts'

async function bucketOf(keys: readonly string[]) {
  const buckets = await testBuckets('logs')
  for (const key of keys) await buckets.put('logs', key)
  return buckets
}
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** What S3 would list, told the long way. */
function expected(keys: readonly string[], prefix: string, delimiter: string): string[] {
  const names = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
      return at < 0 ? key : key.slice(0, at + delimiter.length)
    })
  return [...new Set(names)].sort(byBytes)
}

const keyPiece = fc.constantFrom('a', 'b', '/', '//', 'é', '\u{10ffff}', '\uffff', '-')
const keyList = fc.uniqueArray(
  fc.array(keyPiece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join('')),
  {
    maxLength: 40,
  },
)

describe('pages', () => {
  test('walked by any page size they bring each name once, in order', async () => {
    const question = fc.record({
      keys: keyList,
      prefix: fc.constantFrom('', 'a', 'a/', '/'),
      delimiter: fc.constantFrom('', '/', '//', 'a'),
      limit: fc.integer({ min: 1, max: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(question, async ({ keys, prefix, delimiter, limit }) => {
        const { store } = await bucketOf(keys)
        const names: string[] = []
        for (let after = '', more = true; more;) {
          const page = await listObjects(store, { bucket: 'logs', prefix, delimiter, after, limit })
          assert.ok(page.entries.length <= limit)
          assert.ok(page.entries.length > 0 || !page.isTruncated)
          names.push(...page.entries.map(({ name }) => name))
          after = names.at(-1) ?? ''
          more = page.isTruncated
        }
        assert.deepEqual(names, expected(keys, prefix, delimiter))
      }),
    )
  })

  test('names as long as a key can be are passed, too', async () => {
    const long = `${'x'.repeat(1_021)}/`
    const { store } = await bucketOf([`${long}a`, `${long}b`, `${long}c`, 'y', 'z'])
    const names: string[] = []
    for (let after = '', more = true; more; after = names.at(-1)!) {
      const page = await listObjects(store, { bucket: 'logs', prefix: '', delimiter: '/', after, limit: 1 })
      names.push(...page.entries.map(({ name }) => name))
      more = page.isTruncated
    }
    assert.deepEqual(names, [long, 'y', 'z'])
  })

  test('a folder costs one question, however much is in it', async () => {
    const keys = Array.from({ length: 5_000 }, (_, number) => `${number < 2_500 ? 'a' : 'b'}/${number}`)
    const { store, state } = await bucketOf(keys)
    const page = await listObjects(store, { bucket: 'logs', prefix: '', delimiter: '/', after: '', limit: 1_000 })
    assert.deepEqual(
      page.entries.map(({ name }) => name),
      ['a/', 'b/'],
    )
    assert.ok(state.listings <= 3)
  })

  test('what is folded is not read; what is not comes in large pages', async () => {
    const folders = Array.from({ length: 50 }, (_, folder) => `f${String(folder).padStart(2, '0')}`)
    const keys = folders.flatMap((folder) => Array.from({ length: 100 }, (_, number) => `${folder}/${number}`))
    const { store, state } = await bucketOf(keys)
    let read = 0
    const counting: typeof store = {
      ...store,
      async list(bucket, options) {
        const page = await store.list(bucket, options)
        read += page.objects.length
        return page
      },
    }
    const question = { bucket: 'logs', delimiter: '/', after: '', limit: 1_000 }
    assert.equal((await listObjects(counting, { ...question, prefix: '' })).entries.length, 50)
    assert.ok(read <= 10 * folders.length, `${read} objects were read for ${folders.length} folders`)
    state.listings = 0
    assert.equal((await listObjects(counting, { ...question, prefix: 'f00/' })).entries.length, 100)
    assert.ok(state.listings <= 4)
  })
})

describe('on the wire', () => {
  const names = ['a/1', 'a/2', 'b', 'c/d/e', 'c/f', 'é <&>', 'z']
  const start = async () => {
    const front = await startFront()
    for (const name of names) await front.put('logs', name, name)
    return front
  }

  test('version 2 is walked by the SDK’s paginator', async () => {
    await using front = await start()
    const client: S3Client = sdkClient(front.server)
    const seen: string[] = []
    for await (const page of paginateListObjectsV2({ client, pageSize: 2 }, { Bucket: 'logs', Delimiter: '/' })) {
      assert.equal(page.KeyCount, (page.Contents?.length ?? 0) + (page.CommonPrefixes?.length ?? 0))
      seen.push(
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!),
        ...(page.Contents ?? []).map(({ Key }) => Key!),
      )
    }
    assert.deepEqual(seen.sort(byBytes), ['a/', 'b', 'c/', 'z', 'é <&>'].sort(byBytes))
  })

  test('version 1 goes on after its marker', async () => {
    await using front = await start()
    const client = sdkClient(front.server)
    const list = (input: object) => client.send(new ListObjectsCommand({ Bucket: 'logs', ...input }))
    const first = await list({ MaxKeys: 1, Delimiter: '/' })
    assert.deepEqual([first.CommonPrefixes?.[0]?.Prefix, first.NextMarker, first.IsTruncated], ['a/', 'a/', true])
    const second = await list({ MaxKeys: 1, Delimiter: '/', Marker: first.NextMarker })
    assert.deepEqual(
      second.Contents?.map(({ Key, Size }) => [Key, Size]),
      [['b', 1]],
    )
    assert.equal((await list({ MaxKeys: 0 })).IsTruncated, false)
    assert.match(first.$metadata.requestId ?? '', /^[\w-]{36}$/)
  })

  test('names are escaped, or encoded where that is asked for', async () => {
    await using front = await start()
    const plain = await signed(front.server, { path: '/logs?prefix=%C3%A9' })
    assert.match(plain.text, /<Key>é &lt;&amp;&gt;<\/Key>/)
    assert.match(plain.text, /<Owner><ID>[0-9a-f]{64}<\/ID>/)
    const encoded = await signed(front.server, { path: '/logs?prefix=%C3%A9&encoding-type=url&delimiter=%2F' })
    assert.match(encoded.text, /<Prefix>%C3%A9<\/Prefix>.*<Key>%C3%A9%20%3C%26%3E<\/Key>/)
  })
})
