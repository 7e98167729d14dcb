import assert from 'node:assert/strict'
import { paginateListObjectsV2, ListObjectsCommand, type S3Client } from '@aws-sdk/client-s3'
import { describe, test } from 'vitest'
import { sdkClient, signed, startFront } from './s3.testing.ts'

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

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
