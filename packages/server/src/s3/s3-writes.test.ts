import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { describe, test } from 'vitest'
import { signRequest } from '../auth/index.ts'
import { exampleKey } from '../auth/sigv4.testing.ts'
import { send } from '../http/http.testing.ts'
import { codeOf, foreignKey, sdkClient, signed, startFront } from './s3.testing.ts'

const Bucket = 'logs'
const Key = 'a/k'

const failure = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'none',
    (error: Error) => error.name,
  )
const text = async (client: S3Client, input: { Key?: string; VersionId?: string; Range?: string } = {}) =>
  (await client.send(new GetObjectCommand({ Bucket, Key, ...input }))).Body!.transformToString()

describe('putting', () => {
  test('content, headers, metadata, tags and checksum are kept', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    const put = await client.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body: 'content',
        ContentType: 'text/plain',
        ContentEncoding: 'gzip',
        ContentDisposition: 'inline',
        ContentLanguage: 'de',
        CacheControl: 'no-cache',
        Metadata: { one: '1', two: 'zwei' },
        Tagging: 'a=b%20c&d=',
        ChecksumAlgorithm: 'SHA256',
      }),
    )
    const sha256 = createHash('sha256').update('content').digest('base64')
    assert.deepEqual([put.ChecksumSHA256, put.ServerSideEncryption, put.VersionId], [sha256, 'AES256', undefined])
    const head = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
    assert.deepEqual(
      [head.ContentType, head.ContentEncoding, head.ContentDisposition, head.ContentLanguage, head.CacheControl],
      ['text/plain', 'gzip', 'inline', 'de', 'no-cache'],
    )
    assert.deepEqual(
      [head.Metadata, head.ChecksumSHA256, head.ChecksumType],
      [{ one: '1', two: 'zwei' }, sha256, 'FULL_OBJECT'],
    )
    const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket, Key }))
    assert.deepEqual(TagSet, [
      { Key: 'a', Value: 'b c' },
      { Key: 'd', Value: '' },
    ])
    assert.equal(await text(client), 'content')
    assert.equal(await text(client, { Range: 'bytes=1-3' }), 'ont')
  })

  test('what differs from what was promised of it stores nothing', async () => {
    await using front = await startFront()
    const put = async (headers: Record<string, string>) =>
      codeOf(await signed(front.server, { method: 'PUT', path: '/logs/k', body: 'content', headers }))
    const wrong = Buffer.alloc(16).toString('base64')
    assert.equal(await put({ 'content-md5': wrong }), 'BadDigest')
    assert.equal(await put({ 'content-md5': 'x' }), 'InvalidDigest')
    assert.equal(await put({ 'x-amz-checksum-crc32': 'AAAAAA==' }), 'BadDigest')
    assert.equal(await put({ 'x-amz-checksum-crc32': 'AAAA' }), 'InvalidRequest')
    assert.equal(await put({ 'x-amz-checksum-sha512': 'AAAA' }), 'NotImplemented')
    assert.equal(await put({ 'x-amz-checksum-foo': 'AAAA' }), 'InvalidRequest')
    assert.equal(await put({ 'x-amz-storage-class': 'GLACIER' }), 'InvalidStorageClass')
    assert.equal(await put({ 'x-amz-acl': 'public-read' }), 'AccessControlListNotSupported')
    assert.equal(await put({ 'x-amz-server-side-encryption-customer-algorithm': 'AES256' }), 'NotImplemented')
    assert.equal(await put({ 'x-amz-server-side-encryption': 'rot13' }), 'InvalidArgument')
    assert.equal(await put({ 'x-amz-tagging': 'a=1&a=2' }), 'InvalidArgument')
    assert.equal(codeOf(await signed(front.server, { path: '/logs/k' })), 'NoSuchKey')
    const checksum = Buffer.alloc(4)
    checksum.writeUInt32BE(crc32('content'))
    assert.equal(await put({ 'x-amz-checksum-crc32': checksum.toString('base64') }), undefined)
    assert.deepEqual(front.faults, [])
  })

  test('what is wrong with it is named as S3 does', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    const put = (more: object) => failure(client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...more })))
    assert.equal(await put({ ACL: 'public-read' }), 'AccessControlListNotSupported')
    assert.equal(await put({ ACL: 'public' }), 'InvalidArgument')
    assert.equal(await put({ Tagging: '=value' }), 'InvalidArgument')
    assert.equal(await put({ Tagging: 'a!=value' }), 'InvalidTag')
    const CopySource = `${Bucket}/${Key}`
    await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))
    const copy = client.send(new CopyObjectCommand({ Bucket, Key, CopySource, TaggingDirective: 'MOVE' as 'COPY' }))
    assert.equal(await failure(copy), 'InvalidArgument')
  })

  test('conditions decide before the body is taken', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    const put = (input: object) => client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...input }))
    const { ETag } = await put({ IfNoneMatch: '*' })
    assert.equal(await failure(put({ IfNoneMatch: '*' })), 'PreconditionFailed')
    assert.equal(await failure(put({ IfMatch: '"other"' })), 'PreconditionFailed')
    assert.equal(await failure(put({ IfMatch: ETag })), 'none')
    assert.equal(await failure(put({ IfNoneMatch: ETag })), 'NotImplemented')
    assert.equal(await failure(put({ Key: 'none', IfMatch: ETag })), 'NoSuchKey')
  })

  test('a header or a body that is not the signed one is not believed', async () => {
    await using front = await startFront()
    const { server } = front
    const headers = signRequest(
      { method: 'PUT', target: '/logs/k', headers: { host: `${server.host}:${server.port}` }, body: Buffer.from('x') },
      { ...exampleKey, region: 'eu-west-1', service: 's3', pathStyle: 'verbatim' },
      Date.now(),
    )
    const reply = await send(server, {
      method: 'PUT',
      path: '/logs/k',
      headers: { ...headers, 'x-amz-meta-by': 'somebody' },
      body: 'x',
    })
    assert.deepEqual([reply.status, codeOf(reply)], [403, 'AccessDenied'])
    const other = await send(server, { method: 'PUT', path: '/logs/k', headers, body: 'y' })
    assert.deepEqual([other.status, codeOf(other)], [400, 'XAmzContentSHA256Mismatch'])
  })

  test('a body that is streamed in chunks with a trailer is taken, and only whole', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let n = 0; n < 20; n++) yield Buffer.alloc(50_000, n)
    }
    const input = { Bucket, Key, Body: Readable.from(pieces()), ContentLength: 1_000_000 }
    const { ChecksumCRC32 } = await client.send(new PutObjectCommand(input))
    const got = await client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
    assert.equal((await got.Body!.transformToByteArray()).length, 1_000_000)
    assert.ok(ChecksumCRC32 !== undefined && ChecksumCRC32 === got.ChecksumCRC32)
    assert.equal(got.ContentEncoding, undefined)
    const record = front.selfTrail.calls.find(({ eventName }) => eventName === 'PutObject')
    const extra = record?.additionalEventData as Record<string, unknown>
    assert.equal(extra['bytesTransferredIn'], 1_000_000)
    assert.deepEqual(record?.responseElements, { 'x-amz-server-side-encryption': 'AES256' })
  })
})

describe('copying', () => {
  test('takes attributes and tags along, or replaces them', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    const tagged = { Tagging: 'a=b', Metadata: { m: '1' }, ContentType: 'text/plain' }
    await client.send(new PutObjectCommand({ Bucket, Key: 'é/a b', Body: 'source', ...tagged }))
    const CopySource = `/${Bucket}/${encodeURIComponent('é/a b')}`
    await client.send(new CopyObjectCommand({ Bucket: 'other-logs', Key: 'one', CopySource }))
    const one = await client.send(new HeadObjectCommand({ Bucket: 'other-logs', Key: 'one' }))
    assert.deepEqual([one.ContentType, one.Metadata, one.TagCount], ['text/plain', { m: '1' }, 1])
    const replaced = { MetadataDirective: 'REPLACE', TaggingDirective: 'REPLACE', Tagging: '' } as const
    await client.send(new CopyObjectCommand({ Bucket, Key: 'two', CopySource, ...replaced, Metadata: { n: '2' } }))
    const two = await client.send(new HeadObjectCommand({ Bucket, Key: 'two' }))
    assert.deepEqual([two.ContentType, two.Metadata, two.TagCount], ['binary/octet-stream', { n: '2' }, undefined])
  })

  test('is refused where nothing changes, where conditions fail, and across accounts', async () => {
    await using front = await startFront()
    await front.put(Bucket, Key, 'x')
    await front.put('foreign', 'f', 'x')
    const client = sdkClient(front.server)
    const copy = (input: object) =>
      client.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${Key}`, ...input }))
    assert.equal(await failure(copy({})), 'InvalidRequest')
    assert.equal(await failure(copy({ Key: 'c', CopySourceIfMatch: '"x"' })), 'PreconditionFailed')
    assert.equal(await failure(copy({ CopySource: 'foreign/f' })), 'AccessDenied')
    assert.equal(await failure(copy({ CopySource: 'nowhere/f' })), 'NoSuchBucket')
    assert.equal(await failure(copy({ CopySource: `${Bucket}/none` })), 'NoSuchKey')
    assert.equal(await failure(copy({ Key: 'c', ExpectedSourceBucketOwner: '999999999999' })), 'AccessDenied')
    assert.equal(await failure(copy({ CopySource: 'x' })), 'InvalidArgument')
  })
})

describe('uploads in parts', () => {
  test('make one object, of which each part can be read', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    await front.put(Bucket, 'source', '0123456789')
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'text/plain' }))
    const upload = { Bucket, Key, UploadId }
    const first = await client.send(new UploadPartCommand({ ...upload, PartNumber: 2, Body: 'first ' }))
    const copied = await client.send(
      new UploadPartCopyCommand({
        ...upload,
        PartNumber: 5,
        CopySource: `${Bucket}/source`,
        CopySourceRange: 'bytes=2-4',
      }),
    )
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
    assert.deepEqual(
      Uploads?.map((found) => [found.Key, found.UploadId]),
      [[Key, UploadId]],
    )
    const listed = await client.send(new ListPartsCommand({ ...upload, MaxParts: 1 }))
    assert.deepEqual([listed.Parts?.[0]?.PartNumber, listed.IsTruncated, listed.NextPartNumberMarker], [2, true, '2'])
    const Parts = [
      { PartNumber: 2, ETag: first.ETag },
      { PartNumber: 5, ETag: copied.CopyPartResult?.ETag },
    ]
    const done = await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }))
    assert.match(done.ETag ?? '', /-2"$/)
    assert.equal(await text(client), 'first 234')
    const part = await client.send(new GetObjectCommand({ Bucket, Key, PartNumber: 5 }))
    assert.deepEqual([await part.Body!.transformToString(), part.PartsCount], ['234', 2])
    const attributes = {
      Bucket,
      Key,
      ObjectAttributes: ['ETag', 'ObjectSize', 'ObjectParts'] as ('ETag' | 'ObjectSize' | 'ObjectParts')[],
    }
    const about = await client.send(new GetObjectAttributesCommand(attributes))
    assert.deepEqual([about.ObjectSize, about.ObjectParts?.TotalPartsCount], [9, 2])
    assert.equal(
      await failure(client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'x' }))),
      'NoSuchUpload',
    )
  })

  test('hold to the checksum that they began with, which every listing tells', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    const input = { Bucket, Key, ChecksumAlgorithm: 'SHA256' } as const
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(input))
    const upload = { Bucket, Key, UploadId }
    const part = { ...upload, PartNumber: 1, Body: 'x' }
    assert.equal(await failure(client.send(new UploadPartCommand(part))), 'InvalidRequest', 'with CRC-32')
    const { ETag, ChecksumSHA256 } = await client.send(new UploadPartCommand({ ...part, ChecksumAlgorithm: 'SHA256' }))
    const told = ({ ChecksumAlgorithm, ChecksumType }: { ChecksumAlgorithm?: unknown; ChecksumType?: unknown }) =>
      [ChecksumAlgorithm, ChecksumType].flat()
    assert.deepEqual(told(await client.send(new ListPartsCommand(upload))), ['SHA256', 'COMPOSITE'])
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
    assert.deepEqual(told(Uploads![0]!), ['SHA256', 'COMPOSITE'])
    const complete = (checksums: object, type?: 'FULL_OBJECT') => {
      const Parts = [{ PartNumber: 1, ETag, ...checksums }]
      const options = type && { ChecksumType: type }
      return client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...options }))
    }
    assert.equal(await failure(complete({})), 'InvalidRequest')
    assert.equal(await failure(complete({ ChecksumSHA256 }, 'FULL_OBJECT')), 'InvalidRequest')
    assert.equal(await failure(complete({ ChecksumSHA256: 'x' })), 'InvalidArgument')
    assert.equal(await failure(complete({ ChecksumSHA256, ChecksumCRC32: 'AAAAAA==' })), 'InvalidArgument')
    await complete({ ChecksumSHA256 })
    const listed = await client.send(new ListObjectsV2Command({ Bucket }))
    assert.deepEqual(told(listed.Contents![0]!), ['SHA256', 'COMPOSITE'])
    const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket }))
    assert.deepEqual(told(Versions![0]!), ['SHA256', 'COMPOSITE'])
  })

  test('that are aborted leave nothing, and wrong parts complete nothing', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const upload = { Bucket, Key, UploadId }
    const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'x' }))
    const complete = (Parts: object[]) =>
      client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }))
    assert.equal(await failure(complete([{ PartNumber: 1, ETag: '"x"' }])), 'InvalidPart')
    assert.equal(
      await failure(
        complete([
          { PartNumber: 2, ETag },
          { PartNumber: 1, ETag },
        ]),
      ),
      'InvalidPartOrder',
    )
    assert.equal(await failure(complete([{ PartNumber: 0, ETag }])), 'InvalidArgument')
    await client.send(new AbortMultipartUploadCommand(upload))
    assert.equal(await failure(complete([{ PartNumber: 1, ETag }])), 'NoSuchUpload')
    assert.equal(await failure(client.send(new HeadObjectCommand({ Bucket, Key }))), 'NotFound')
  })
})

describe('versions', () => {
  test('are kept, listed, read and removed; a delete marker hides them', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    const Status = 'Enabled'
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }))
    const put = (Body: string) => client.send(new PutObjectCommand({ Bucket, Key, Body }))
    const [one, two] = [await put('one'), await put('two')]
    const marker = await client.send(new DeleteObjectCommand({ Bucket, Key }))
    assert.equal(marker.DeleteMarker, true)
    assert.equal(await failure(text(client)), 'NoSuchKey')
    assert.equal(await text(client, { VersionId: one.VersionId! }), 'one')
    const named = await signed(front.server, { path: `/logs/${Key}?versionId=${marker.VersionId}` })
    assert.deepEqual(
      [named.status, codeOf(named), named.headers['x-amz-delete-marker']],
      [405, 'MethodNotAllowed', 'true'],
    )
    const page = await client.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 2 }))
    assert.deepEqual(
      [page.DeleteMarkers?.[0]?.VersionId, page.Versions?.[0]?.VersionId],
      [marker.VersionId, two.VersionId],
    )
    const following = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
    const rest = await client.send(new ListObjectVersionsCommand({ Bucket, ...following }))
    assert.deepEqual([rest.Versions?.map(({ VersionId }) => VersionId), rest.IsTruncated], [[one.VersionId], false])
    await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId: marker.VersionId }))
    assert.equal(await text(client), 'two')
    await client.send(
      new PutObjectTaggingCommand({
        Bucket,
        Key,
        VersionId: one.VersionId,
        Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] },
      }),
    )
    assert.equal((await client.send(new HeadObjectCommand({ Bucket, Key, VersionId: one.VersionId }))).TagCount, 1)
  })
})

describe('deleting many', () => {
  test('tells of each, or only of what failed', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    for (const name of ['a', ' b ', '<c>']) await front.put(Bucket, name, 'x')
    const Objects = ['a', ' b ', '<c>', 'none'].map((name) => ({ Key: name }))
    const { Deleted } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
    assert.deepEqual(
      Deleted?.map((gone) => gone.Key),
      ['a', ' b ', '<c>', 'none'],
    )
    const quiet = { Objects: [{ Key: 'a' }, { Key: 'b', VersionId: 'nonsense' }], Quiet: true }
    const { Deleted: told, Errors } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: quiet }))
    assert.deepEqual([told, Errors?.map((error) => [error.Key, error.Code])], [undefined, [['b', 'InvalidArgument']]])
  })

  test('demands a digest of its body, and no more than a thousand keys', async () => {
    await using front = await startFront()
    const body = `<Delete>${'<Object><Key>k</Key></Object>'.repeat(1_001)}</Delete>`
    const md5 = createHash('md5').update(body).digest('base64')
    const request = { method: 'POST', path: '/logs?delete', body }
    assert.equal(codeOf(await signed(front.server, request)), 'InvalidRequest')
    assert.equal(codeOf(await signed(front.server, { ...request, headers: { 'content-md5': md5 } })), 'MalformedXML')
  })

  test('another account deletes only what a policy allows it to', async () => {
    await using front = await startFront()
    await front.put(Bucket, 'mine/1', 'x')
    await front.put(Bucket, 'theirs/1', 'x')
    const statement = {
      Effect: 'Allow',
      Principal: { AWS: '999999999999' },
      Action: 's3:DeleteObject',
      Resource: 'arn:aws:s3:::logs/theirs/*',
    }
    await front.store.putPolicy(Bucket, JSON.stringify({ Version: '2012-10-17', Statement: [statement] }))
    const Objects = [{ Key: 'mine/1' }, { Key: 'theirs/1' }]
    const answer = await sdkClient(front.server, foreignKey).send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects } }),
    )
    assert.deepEqual(
      [answer.Deleted?.map((gone) => gone.Key), answer.Errors?.map((error) => [error.Key, error.Code])],
      [['theirs/1'], [['mine/1', 'AccessDenied']]],
    )
    // The owner hears of it, too.
    const recipients = front.selfTrail.calls.map(({ recipient, sharedEventId }) => [
      recipient,
      sharedEventId !== undefined,
    ])
    assert.deepEqual(recipients, [
      [undefined, true],
      ['111122223333', true],
    ])
  })
})

test('a deletion under conditions that are not known is none', async () => {
  await using front = await startFront()
  const { etag } = await front.put(Bucket, Key, 'x')
  const remove = async (headers: Record<string, string>) =>
    codeOf(await signed(front.server, { method: 'DELETE', path: `/logs/${Key}`, headers }))
  assert.equal(await remove({ 'x-amz-if-match-size': '2' }), 'NotImplemented')
  assert.equal(await remove({ 'if-match': '"other"' }), 'PreconditionFailed')
  assert.equal((await signed(front.server, { path: `/logs/${Key}` })).text, 'x')
  assert.equal(await remove({ 'if-match': `"${etag}"` }), undefined)
})

test('what is deleted was recorded before, and a full journal keeps it', async () => {
  await using front = await startFront()
  await front.put(Bucket, Key, 'x')
  front.selfTrail.failing = true
  const reply = await signed(front.server, { method: 'DELETE', path: `/logs/${Key}` })
  assert.deepEqual([reply.status, codeOf(reply)], [503, 'ServiceUnavailable'])
  const policy = {
    method: 'PUT',
    path: '/logs?versioning',
    body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  }
  assert.equal(codeOf(await signed(front.server, policy)), 'ServiceUnavailable')
  front.selfTrail.failing = false
  assert.equal((await signed(front.server, { path: `/logs/${Key}` })).text, 'x')
  assert.equal((await front.store.objects.settings(Bucket)).versioning, undefined)
})
