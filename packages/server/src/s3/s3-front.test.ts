import assert from 'node:assert/strict'
import { gunzipSync, gzipSync } from 'node:zlib'
import {
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3'
import { cloudTrailBucketPolicy } from '@opentrail/core/policy'
import { describe, expect, test } from 'vitest'
import { presignTarget } from '../auth/index.ts'
import { exampleKey } from '../auth/sigv4.testing.ts'
import { BucketError } from '../buckets/index.ts'
import { home, send } from '../http/http.testing.ts'
import { jsonError } from '../http/index.ts'
import { auditorKey, codeOf, noon, producerKey, sdkClient, signed, startFront } from './s3.testing.ts'

const key = 'AWSLogs/111122223333/CloudTrail/eu-west-1/2026/03/04/a.json.gz'
const logFile = gzipSync('{"Records":[]}')
const attributes = {
  contentType: 'application/json',
  contentEncoding: 'gzip',
  metadata: { signature: 'ab12', 'signature-algorithm': 'SHA256withRSA' },
}

describe('reading, by the AWS SDK', () => {
  test('an object comes back byte for byte with all its attributes', async () => {
    await using front = await startFront()
    await front.put('logs', key, logFile, attributes)
    const client = sdkClient(front.server)
    const got = await client.send(new GetObjectCommand({ Bucket: 'logs', Key: key }))
    const body = await got.Body!.transformToByteArray()
    assert.deepEqual(Buffer.from(body), logFile)
    assert.equal(gunzipSync(body).toString(), '{"Records":[]}')
    const head = await client.send(new HeadObjectCommand({ Bucket: 'logs', Key: key }))
    for (const answer of [got, head]) {
      assert.equal(answer.ContentType, 'application/json')
      assert.equal(answer.ContentEncoding, 'gzip')
      assert.deepEqual(answer.Metadata, attributes.metadata)
      assert.equal(answer.ContentLength, logFile.length)
      assert.equal(answer.LastModified?.getTime(), Math.floor(noon / 1_000) * 1_000)
      assert.match(answer.ETag ?? '', /^"[0-9a-f]{32}"$/)
    }
  })

  test('keys of any characters are found', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    const keys = ['a b+c%20&d=é/😀', 'a//b/./c/../d', "q?x#y!'()*~", 'trailing/', '/leading', '<&">\u0001\n']
    for (const name of keys) await front.put('logs', name, name)
    for (const name of keys) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: 'logs', Key: name }))
      assert.equal(await Body!.transformToString(), name)
    }
    const listed = await client.send(new ListObjectsV2Command({ Bucket: 'logs', EncodingType: 'url' }))
    assert.deepEqual(new Set(listed.Contents!.map(({ Key }) => decodeURIComponent(Key!))), new Set(keys))
  })

  test('buckets are those of the own account', async () => {
    await using front = await startFront()
    const { Buckets, Owner } = await sdkClient(front.server).send(new ListBucketsCommand({}))
    assert.deepEqual(
      Buckets?.map(({ Name, CreationDate }) => [Name, CreationDate?.getTime()]),
      [
        ['logs', noon],
        ['other-logs', noon],
      ],
    )
    assert.equal(Owner?.DisplayName, home.account)
    const page = await sdkClient(front.server).send(new ListBucketsCommand({ MaxBuckets: 1 }))
    assert.deepEqual([page.Buckets?.length, page.ContinuationToken], [1, 'logs'])
  })

  test('a bucket has a Region and maybe a policy', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server, auditorKey)
    const head = await client.send(new HeadBucketCommand({ Bucket: 'logs' }))
    assert.equal(head.BucketRegion, 'eu-west-1')
    const { LocationConstraint } = await client.send(new GetBucketLocationCommand({ Bucket: 'logs' }))
    assert.equal(LocationConstraint, 'eu-west-1')
    await expect(client.send(new GetBucketPolicyCommand({ Bucket: 'logs' }))).rejects.toThrow('policy does not exist')
    const policy = cloudTrailBucketPolicy({ partition: 'aws', bucket: 'logs', accounts: [home.account] })
    await front.store.putPolicy('logs', policy)
    const { Policy } = await client.send(new GetBucketPolicyCommand({ Bucket: 'logs' }))
    assert.equal(Policy, policy)
  })

  test('what is missing fails with the SDK’s own exceptions', async () => {
    await using front = await startFront()
    const client = sdkClient(front.server)
    const failing = (call: Promise<unknown>) =>
      call.then(
        () => assert.fail('should have failed'),
        (error: Error) => error.name,
      )
    assert.equal(await failing(client.send(new GetObjectCommand({ Bucket: 'logs', Key: 'x' }))), 'NoSuchKey')
    assert.equal(await failing(client.send(new HeadObjectCommand({ Bucket: 'logs', Key: 'x' }))), 'NotFound')
    assert.equal(await failing(client.send(new ListObjectsV2Command({ Bucket: 'nowhere' }))), 'NoSuchBucket')
    assert.equal(await failing(client.send(new HeadBucketCommand({ Bucket: 'nowhere' }))), 'NotFound')
  })
})

describe('parts of objects and conditions', () => {
  const etag = 'e807f1fcf82d132f9bb018ca6738a19f' // of 1234567890
  const at = new Date(noon).toUTCString()
  const later = new Date(noon + 2_000).toUTCString()
  const earlier = new Date(noon - 2_000).toUTCString()

  test.for([
    ['bytes=0-3', 206, '1234', 'bytes 0-3/10'],
    ['bytes=7-', 206, '890', 'bytes 7-9/10'],
    ['bytes=7-100', 206, '890', 'bytes 7-9/10'],
    ['bytes=-2', 206, '90', 'bytes 8-9/10'],
    ['bytes=-99', 206, '1234567890', 'bytes 0-9/10'],
    ['bytes=0-1,3-4', 200, '1234567890', undefined],
    ['bytes=5-2', 200, '1234567890', undefined],
    ['lines=1-2', 200, '1234567890', undefined],
    ['bytes=10-', 416, undefined, 'bytes */10'],
    ['bytes=-0', 416, undefined, 'bytes */10'],
  ] as const)('Range: %s', async ([range, status, text, contentRange]) => {
    await using front = await startFront()
    await front.put('logs', 'k', '1234567890')
    const reply = await signed(front.server, { path: '/logs/k', headers: { range } })
    assert.equal(reply.status, status)
    if (text !== undefined) assert.equal(reply.text, text)
    else assert.equal(codeOf(reply), 'InvalidRange')
    assert.equal(reply.headers['content-range'], contentRange)
    const head = await signed(front.server, { method: 'HEAD', path: '/logs/k', headers: { range } })
    assert.deepEqual([head.status, head.text], [status, ''])
    if (text !== undefined) assert.equal(head.headers['content-length'], String(text.length))
  })

  test.for([
    [{ 'if-match': `"${etag}"` }, 200],
    [{ 'if-match': etag }, 200],
    [{ 'if-match': '*' }, 200],
    [{ 'if-match': '"x", "y"' }, 412],
    [{ 'if-match': `"${etag}"`, 'if-unmodified-since': earlier }, 200],
    [{ 'if-unmodified-since': earlier }, 412],
    [{ 'if-unmodified-since': at }, 200],
    [{ 'if-none-match': `"x", "${etag}"` }, 304],
    [{ 'if-none-match': '"x"' }, 200],
    [{ 'if-none-match': '"x"', 'if-modified-since': later }, 200],
    [{ 'if-modified-since': at }, 304],
    [{ 'if-modified-since': earlier }, 200],
    [{ 'if-modified-since': 'not a date' }, 200],
    [{ 'if-range': '"x"', range: 'bytes=0-3' }, 200],
    [{ 'if-range': `"${etag}"`, range: 'bytes=0-3' }, 206],
    [{ 'if-range': at, range: 'bytes=0-3' }, 206],
  ] as const)('%o answers %i', async ([headers, status]) => {
    await using front = await startFront()
    await front.put('logs', 'k', '1234567890')
    const reply = await signed(front.server, { path: '/logs/k', headers })
    assert.equal(reply.status, status)
    if (status === 412) assert.equal(codeOf(reply), 'PreconditionFailed')
    if (status === 304) assert.deepEqual([reply.text, reply.headers.etag], ['', `"${etag}"`])
  })

  test('a signed request chooses the headers it is answered with, and no line break gets into them', async () => {
    await using front = await startFront()
    await front.put('logs', 'k', 'x')
    const path = '/logs/k?response-content-disposition=attachment&response-content-type=a%0d%0ax-evil:1&partNumber=1'
    const { status, headers } = await signed(front.server, { path })
    assert.equal(status, 206)
    assert.equal(headers['content-disposition'], 'attachment')
    assert.equal(headers['x-evil'], undefined)
    assert.equal((await signed(front.server, { path: '/logs/k?partNumber=2' })).status, 416)
    assert.equal((await signed(front.server, { path: '/logs/k?versionId=v1' })).status, 400)
    assert.equal((await signed(front.server, { path: '/logs/k?versionId=null' })).status, 200)
  })
})

describe('who may read', () => {
  test('auditors read, producers do not, and nobody reads another account’s buckets', async () => {
    await using front = await startFront()
    await front.put('logs', 'k', 'x')
    await front.put('foreign', 'k', 'x')
    const status = async (path: string, as = exampleKey) => {
      const reply = await signed(front.server, { path, key: as })
      return [reply.status, codeOf(reply)]
    }
    assert.deepEqual(await status('/logs/k', auditorKey), [200, undefined])
    assert.deepEqual(await status('/logs/k', producerKey), [403, 'AccessDenied'])
    for (const path of ['/foreign/k', '/foreign', '/foreign?location', '/foreign?policy', '/foreign/missing'])
      assert.deepEqual(await status(path), [403, 'AccessDenied'], path)
    const expected = { 'x-amz-expected-bucket-owner': '999999999999' }
    assert.equal((await signed(front.server, { path: '/logs/k', headers: expected })).status, 403)
  })

  test('a presigned address works for as long as it says, for what it says', async () => {
    await using front = await startFront()
    await front.put('logs', 'a b', 'content')
    const host = `${front.server.host}:${front.server.port}`
    const identity = { ...exampleKey, region: 'eu-west-1', service: 's3', pathStyle: 'verbatim' } as const
    const unsigned = { method: 'GET', target: '/logs/a%20b', host, body: 'UNSIGNED-PAYLOAD' }
    const target = presignTarget(unsigned, identity, Date.now(), 60)
    assert.deepEqual((await send(front.server, { path: target })).text, 'content')
    const call = front.selfTrail.calls.at(-1)
    assert.equal((call!.additionalEventData as Record<string, unknown>)['AuthenticationMethod'], 'QueryString')
    assert.doesNotMatch(JSON.stringify(call), /X-Amz-(Signature|Credential)/)
    const other = await send(front.server, { path: target.replace('a%20b', 'b') })
    assert.deepEqual([other.status, codeOf(other)], [403, 'SignatureDoesNotMatch'])
    const late = presignTarget(unsigned, identity, Date.now() - 120_000, 60)
    const expired = await send(front.server, { path: late })
    assert.deepEqual([expired.status, codeOf(expired)], [403, 'AccessDenied'])
    assert.match(expired.text, /Request has expired/)
  })

  test('refusals have S3’s names, and are recorded', async () => {
    await using front = await startFront()
    const wrong = { ...exampleKey, secretAccessKey: 'wrong' }
    const unknown = { accessKeyId: 'AKIDNOBODY', secretAccessKey: 'x' }
    const code = async (request: Parameters<typeof signed>[1]) => codeOf(await signed(front.server, request))
    assert.equal(await code({ path: '/logs', key: wrong }), 'SignatureDoesNotMatch')
    assert.equal(await code({ path: '/logs', key: unknown }), 'InvalidAccessKeyId')
    assert.equal(await code({ path: '/logs', now: Date.now() - 3_600_000 }), 'RequestTimeTooSkewed')
    assert.equal(await code({ path: '/logs', region: 'mars-1' }), 'AuthorizationHeaderMalformed')
    const old = await send(front.server, { path: '/logs', headers: { authorization: 'AWS AKID:sig' } })
    assert.deepEqual([old.status, codeOf(old)], [400, 'InvalidRequest'])
    const oldQuery = await send(front.server, { path: '/logs?AWSAccessKeyId=AKID&Signature=x&Expires=1' })
    assert.deepEqual([oldQuery.status, codeOf(oldQuery)], [400, 'InvalidRequest'])
    assert.deepEqual(
      front.selfTrail.calls.map(({ eventName, errorCode, identity }) => [eventName, errorCode, identity.kind]),
      [
        ['ListObjects', 'SignatureDoesNotMatch', 'unknown-key'],
        ['ListObjects', 'InvalidAccessKeyId', 'unknown-key'],
        ['ListObjects', 'RequestTimeTooSkewed', 'unknown-key'],
        ['ListObjects', 'AuthorizationHeaderMalformed', 'unknown-key'],
        ['ListObjects', 'InvalidRequest', 'unknown-key'],
        ['ListObjects', 'InvalidRequest', 'unknown-key'],
      ],
    )
  })
})

describe('records', () => {
  test('every call is recorded as CloudTrail does it', async () => {
    await using front = await startFront()
    await front.put('logs', 'a/k', 'content')
    await signed(front.server, { path: '/logs/a/k', headers: { 'user-agent': 'curl/8' } })
    await signed(front.server, { path: '/logs?list-type=2&prefix=a/' })
    await signed(front.server, { path: '/logs?location' })
    await signed(front.server, { path: '/nowhere?policy' })
    await signed(front.server, { method: 'HEAD', path: '/logs' })
    await signed(front.server, { method: 'HEAD', path: '/logs/a/k' })
    await signed(front.server, { path: '/' })
    const host = `${front.server.host}:${front.server.port}`
    const bucket = { accountId: home.account, type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::logs' }
    const object = (arn: object) => [bucket, { type: 'AWS::S3::Object', ...arn }]
    const named = { bucketName: 'logs', Host: host }
    const got = front.selfTrail.calls.map((call) => ({
      name: call.eventName,
      category: call.category,
      parameters: call.requestParameters,
      resources: call.resources,
      error: call.errorCode,
    }))
    const objectArn = { ARN: 'arn:aws:s3:::logs/a/k' }
    const error = undefined
    assert.deepEqual(got, [
      {
        name: 'GetObject',
        category: 'Data',
        parameters: { ...named, key: 'a/k' },
        resources: object(objectArn),
        error,
      },
      {
        name: 'ListObjects',
        category: 'Data',
        parameters: { 'list-type': '2', prefix: 'a/', ...named },
        resources: object({ ARNPrefix: 'arn:aws:s3:::logs/a/' }),
        error,
      },
      {
        name: 'GetBucketLocation',
        category: 'Management',
        parameters: { location: '', ...named },
        resources: [bucket],
        error,
      },
      {
        name: 'GetBucketPolicy',
        category: 'Management',
        parameters: { policy: '', bucketName: 'nowhere', Host: host },
        resources: undefined,
        error: 'NoSuchBucket',
      },
      {
        name: 'HeadBucket',
        category: 'Data',
        parameters: named,
        resources: object({ ARNPrefix: 'arn:aws:s3:::logs/' }),
        error,
      },
      {
        name: 'HeadObject',
        category: 'Data',
        parameters: { ...named, key: 'a/k' },
        resources: object(objectArn),
        error,
      },
      { name: 'ListBuckets', category: 'Management', parameters: { Host: host }, resources: undefined, error },
    ])
    const [first] = front.selfTrail.calls
    const extra = first?.additionalEventData as Record<string, unknown>
    assert.deepEqual([extra['bytesTransferredOut'], extra['AuthenticationMethod']], [7, 'AuthHeader'])
    assert.deepEqual([first?.userAgent, first?.readOnly, first?.eventSource], ['[curl/8]', true, 's3.amazonaws.com'])
  })

  test('nothing is given out that could not be recorded', async () => {
    await using front = await startFront()
    await front.put('logs', 'k', 'secret')
    front.selfTrail.failing = true
    const reply = await signed(front.server, { path: '/logs/k' })
    assert.deepEqual([reply.status, codeOf(reply)], [503, 'ServiceUnavailable'])
    assert.doesNotMatch(reply.text, /secret/)
  })

  test('what is not built is refused as such and recorded under its name', async () => {
    await using front = await startFront()
    const calls = [
      ['POST', '/logs/k?restore', 'RestoreObject'],
      ['POST', '/logs/k?select', 'SelectObjectContent'],
      ['PUT', '/logs/k?renameObject', 'RenameObject'],
      ['GET', '/logs/k?torrent', 'GetObjectTorrent'],
      ['POST', '/logs', 'PostObject'],
      ['PUT', '/logs?website', 'PutBucketWebsite'],
      ['PUT', '/logs?cors', 'PutBucketCors'],
      ['PUT', '/logs?logging', 'PutBucketLogging'],
      ['PUT', '/logs?replication', 'PutBucketReplication'],
      ['PUT', '/logs?accelerate', 'PutAccelerateConfiguration'],
    ] as const
    for (const [method, path] of calls) {
      const reply = await signed(front.server, { method, path, ...(method !== 'GET' && { body: 'x'.repeat(10) }) })
      assert.deepEqual([reply.status, codeOf(reply)], [501, 'NotImplemented'], path)
      assert.match(reply.text, /<RequestId>[\w-]{36}<\/RequestId>/)
    }
    assert.deepEqual(
      front.selfTrail.calls.map(({ eventName, readOnly }) => [eventName, readOnly]),
      calls.map(([, , name]) => [name, /^(Get|List|Select)/.test(name)]),
    )
  })
})

describe('what goes wrong', () => {
  test('requests that cannot be S3’s are told apart', async () => {
    await using front = await startFront()
    const code = async (path: string) => codeOf(await signed(front.server, { path }))
    assert.equal(await code('/logs/%ff'), 'InvalidURI')
    assert.equal(await code('/Not_A_Bucket/k'), 'InvalidBucketName')
    assert.equal(await code('/127.0.0.1/k'), 'InvalidBucketName')
    assert.equal(await code(`/logs/${'k'.repeat(1_025)}`), 'KeyTooLongError')
    assert.equal(await code('/logs/%00'), 'InvalidArgument')
    assert.equal(await code(`/logs?prefix=${'k'.repeat(1_025)}`), 'InvalidArgument')
    assert.equal(await code('/logs?list-type=3'), 'InvalidArgument')
    assert.equal(await code('/logs?max-keys=-1'), 'InvalidArgument')
    assert.equal(await code('/logs?encoding-type=rot13'), 'InvalidArgument')
    assert.equal(await code('/logs?list-type=2&continuation-token=%21'), 'InvalidArgument')
  })

  test('a store in trouble is asked again later, a bug is not explained to the client', async () => {
    await using front = await startFront()
    await front.put('logs', 'k', 'x')
    const failing = async (error: BucketError) => {
      front.state.failing = error
      const reply = await signed(front.server, { path: '/logs/k' })
      return [reply.status, codeOf(reply), reply.text.includes('private')]
    }
    assert.deepEqual(await failing(new BucketError('NetworkingError', 'private')), [503, 'ServiceUnavailable', false])
    assert.deepEqual(await failing(new BucketError('SlowDown', 'slow')), [503, 'SlowDown', false])
    assert.deepEqual(await failing(new BucketError('InvalidResponse', 'private')), [500, 'InternalError', false])
    assert.equal(front.faults.length, 1)
  })

  test('a call whose bucket cannot be looked up is recorded all the same', async () => {
    await using front = await startFront()
    await front.store.close()
    assert.equal(codeOf(await signed(front.server, { path: '/logs/k' })), 'ServiceUnavailable')
    assert.deepEqual(
      front.selfTrail.calls.map(({ eventName, errorCode }) => [eventName, errorCode]),
      [['GetObject', 'ServiceUnavailable']],
    )
  })
})

describe('which requests are S3’s', () => {
  test('the scope decides, and the fixed paths keep theirs', async () => {
    const events = {
      method: '*',
      path: '/events',
      handle: (exchange: { respond(answer: object): void }) => exchange.respond(jsonError(200, 'Mine', 'x')),
    }
    await using front = await startFront({}, [events])
    assert.equal((await send(front.server, { path: '/events' })).headers['x-amzn-errortype'], 'Mine')
    const scoped = {
      authorization:
        'AWS4-HMAC-SHA256 Credential=A/20260304/eu-west-1/cloudtrail/aws4_request, SignedHeaders=host, Signature=0',
    }
    assert.equal((await send(front.server, { path: '/events', headers: scoped })).headers['x-amzn-errortype'], 'Mine')
    assert.equal(codeOf(await signed(front.server, { path: '/events' })), 'NoSuchBucket')
    const anonymous = await send(front.server, { path: '/logs/k' })
    assert.deepEqual([anonymous.status, codeOf(anonymous)], [403, 'AccessDenied'])
    assert.equal((await send(front.server, { path: '/No_Bucket' })).headers['x-amzn-errortype'], 'NotFoundException')
  })

  test('a bucket may stand in the host name', async () => {
    await using front = await startFront()
    await front.put('logs', 'a/k', 'hosted')
    const { port } = front.server
    const at = async (host: string, path: string) =>
      (await signed(front.server, { path, headers: { host: `${host}:${port}` } })).text
    assert.equal(await at('logs.localhost', '/a/k'), 'hosted')
    assert.equal(await at('logs.s3.eu-west-1.localhost', '/a/k'), 'hosted')
    assert.equal(await at('s3.localhost', '/logs/a/k'), 'hosted')
    assert.equal(await at('localhost', '/logs/a/k'), 'hosted')
  })
})
