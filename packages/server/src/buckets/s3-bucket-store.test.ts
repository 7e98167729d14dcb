import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { afterEach, describe, test } from 'vitest'
import { BucketError, type NewObject } from './bucket-store.ts'
import { createS3BucketStore, type S3BucketStoreOptions } from './s3-bucket-store.ts'
import { s3Error, startStandIn, type SeenRequest, type StandInAnswer } from './s3-stand-in.testing.ts'

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'the/secret+key', sessionToken: 'the-session-token' }
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** A store in front of a server that gives these answers. */
async function storeFor(answer: (request: SeenRequest) => StandInAnswer, options: Partial<S3BucketStoreOptions> = {}) {
  const server = await startStandIn(answer)
  closing.push(() => server.close())
  const store = createS3BucketStore({
    endpoint: server.endpoint,
    region: 'eu-west-1',
    pathStyle: true,
    credentials,
    conditionalPut: 'auto',
    timeoutMs: 10_000,
    ...options,
  })
  closing.push(() => store.close())
  return { store, requests: server.requests }
}

const md5 = (body: Uint8Array): string => createHash('md5').update(body).digest('hex')
const stored = ({ body }: { readonly body: Uint8Array }): StandInAnswer => ({
  status: 200,
  headers: { etag: `"${md5(body)}"` },
})
const object = (more: Partial<NewObject> = {}): NewObject => ({
  bucket: 'logs',
  key: 'AWSLogs/file.json.gz',
  body: Buffer.from('bytes'),
  caller: { kind: 'delivery', trailArn: 'arn:aws:cloudtrail:eu-west-1:000000000000:trail/t', account: '000000000000' },
  ...more,
})
const failure = async (promise: Promise<unknown>): Promise<BucketError> => {
  const error = await promise.then(
    () => assert.fail('should have failed'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof BucketError, inspect(error))
  return error
}

describe('what a put sends', () => {
  test('for a delivery: content headers, metadata, MD5, the ACL that policies ask for, signed', async () => {
    const { store, requests } = await storeFor(stored)
    const body = Buffer.from('a log file')
    await store.put(
      object({
        body,
        contentType: 'application/json',
        contentEncoding: 'gzip',
        metadata: { 'signature-algorithm': 'SHA256withRSA' },
      }),
    )
    const [{ method, target, headers, body: sent } = assert.fail()] = requests
    assert.equal(method, 'PUT')
    assert.match(target, /^\/logs\/AWSLogs\/file\.json\.gz(\?|$)/)
    assert.deepEqual(sent, body)
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(headers['content-encoding'], 'gzip')
    assert.equal(headers['content-length'], String(body.length))
    assert.equal(headers['content-md5'], createHash('md5').update(body).digest('base64'))
    assert.equal(headers['x-amz-content-sha256'], createHash('sha256').update(body).digest('hex'))
    assert.equal(headers['x-amz-meta-signature-algorithm'], 'SHA256withRSA')
    assert.equal(headers['x-amz-acl'], 'bucket-owner-full-control')
    assert.match(headers.authorization ?? '', /Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/s3\/aws4_request/)
    for (const name of ['if-none-match', 'expect', 'x-amz-checksum-crc32', 'x-amz-sdk-checksum-algorithm'])
      assert.equal(headers[name], undefined, name)
  })

  test('how the object is to be encrypted, and for which trail', async () => {
    const { store, requests } = await storeFor(stored)
    const keyId = 'arn:aws:kms:eu-west-1:000000000000:key/one'
    await store.put(object({ encryption: { kind: 'aws:kms', keyId } }))
    await store.put(object({ encryption: { kind: 'aws:kms', keyId }, caller: { kind: 'owner' } }))
    await store.put(object({ encryption: { kind: 'AES256' } }))
    const sent = requests.map(({ headers }) =>
      ['', '-aws-kms-key-id', '-context'].map((end) => headers[`x-amz-server-side-encryption${end}`]),
    )
    const context = Buffer.from('{"aws:cloudtrail:arn":"arn:aws:cloudtrail:eu-west-1:000000000000:trail/t"}')
    assert.deepEqual(sent, [
      ['aws:kms', keyId, context.toString('base64')],
      ['aws:kms', keyId, undefined],
      ['AES256', undefined, undefined],
    ])
  })

  test('for the owner: no ACL', async () => {
    const { store, requests } = await storeFor(stored)
    await store.put(object({ caller: { kind: 'owner' } }))
    assert.equal(requests[0]?.headers['x-amz-acl'], undefined)
  })

  test('a store that has no ACLs is not sent one again', async () => {
    const { store, requests } = await storeFor((request) =>
      request.headers['x-amz-acl'] === undefined
        ? stored(request)
        : s3Error(501, 'NotImplemented', '<Header>x-amz-acl</Header>'),
    )
    await store.put(object())
    await store.put(object())
    assert.deepEqual(
      requests.map(({ headers }) => headers['x-amz-acl']),
      ['bucket-owner-full-control', undefined, undefined],
    )
  })

  test('nothing to a host that a name or a key would choose', async () => {
    const { store, requests } = await storeFor(stored)
    const names = ['arn:aws:s3:us-west-2:111122223333:accesspoint/x', 'a/b', '', 'x--use1-az4--x-s3', '../logs', 'LOGS']
    for (const bucket of names) {
      assert.equal((await failure(store.put(object({ bucket })))).code, 'InvalidBucketName', bucket)
      assert.equal((await failure(store.list(bucket, {}))).code, 'InvalidBucketName', bucket)
    }
    assert.equal((await failure(store.put(object({ key: 'é'.repeat(513) })))).code, 'KeyTooLongError')
    assert.equal((await failure(store.put(object({ key: '' })))).code, 'InvalidArgument')
    assert.equal((await failure(store.put(object({ metadata: { a: 'x\r\ny: z' } })))).code, 'InvalidArgument')
    assert.equal(requests.length, 0)
  })
})

describe('a put that must not replace anything', () => {
  /** Keeps objects and treats the condition in one of the three ways there are. */
  const bucket = (condition: 'heeds' | 'ignores' | 'refuses', taken: readonly string[] = []) => {
    const objects = new Map<string, Buffer>(taken.map((key) => [`/logs/${key}`, Buffer.from('older')]))
    const answer = (request: SeenRequest): StandInAnswer => {
      const path = request.target.split('?')[0]!
      if (request.method === 'HEAD')
        return objects.has(path)
          ? { status: 200, headers: { etag: '"x"', 'last-modified': new Date(0).toUTCString() } }
          : { status: 404 }
      const isConditional = request.headers['if-none-match'] === '*'
      if (isConditional && condition === 'refuses')
        return s3Error(501, 'NotImplemented', '<Header>If-None-Match</Header>')
      if (isConditional && condition === 'heeds' && objects.has(path)) return s3Error(412, 'PreconditionFailed')
      objects.set(path, request.body)
      return stored(request)
    }
    return { answer, objects }
  }
  const absent = (key: string) => object({ key, onlyIfAbsent: true })
  const shape = (requests: readonly SeenRequest[]): string[] =>
    requests.map(({ method, headers }) => (headers['if-none-match'] === '*' ? `${method} if absent` : method))

  test('a store that heeds the condition is recognised by the repetition of its first put', async () => {
    const { store, requests } = await storeFor(bucket('heeds').answer)
    await store.put(absent('a'))
    await store.put(absent('b'))
    assert.equal((await failure(store.put(absent('a')))).code, 'PreconditionFailed')
    assert.deepEqual(shape(requests), ['PUT if absent', 'PUT if absent', 'PUT if absent', 'PUT if absent'])
    assert.equal(store.supportsConditionalPut('logs'), true)
  })

  test('a store that refuses the condition is not sent it again, and looked into instead', async () => {
    const { answer, objects } = bucket('refuses', ['old'])
    const { store, requests } = await storeFor(answer)
    assert.equal(store.supportsConditionalPut('logs'), true)
    assert.equal((await failure(store.put(absent('old')))).code, 'PreconditionFailed')
    assert.equal(String(objects.get('/logs/old')), 'older')
    assert.equal(store.supportsConditionalPut('logs'), false)
    await store.put(absent('new'))
    assert.deepEqual(shape(requests), ['PUT if absent', 'HEAD', 'HEAD', 'PUT'])
  })

  test('a store that ignores the condition is found out at its first put', async () => {
    const { answer, objects } = bucket('ignores')
    const { store, requests } = await storeFor(answer)
    await store.put(absent('a'))
    assert.equal(store.supportsConditionalPut('logs'), false)
    objects.set('/logs/a', Buffer.from('another'))
    assert.equal((await failure(store.put(absent('a')))).code, 'PreconditionFailed')
    assert.equal(String(objects.get('/logs/a')), 'another')
    assert.deepEqual(shape(requests), ['PUT if absent', 'PUT if absent', 'HEAD'])
  })

  test('`off` never sends the condition, `on` never does without', async () => {
    const off = await storeFor(bucket('heeds').answer, { conditionalPut: 'off' })
    assert.equal(off.store.supportsConditionalPut('logs'), false)
    await off.store.put(absent('a'))
    assert.deepEqual(shape(off.requests), ['HEAD', 'PUT'])
    const on = await storeFor(bucket('refuses').answer, { conditionalPut: 'on' })
    assert.equal((await failure(on.store.put(absent('a')))).code, 'NotImplemented')
    assert.equal(on.store.supportsConditionalPut('logs'), true)
    assert.deepEqual(shape(on.requests), ['PUT if absent'])
  })

  test('credentials that may only put cannot look, and put', async () => {
    const { store, requests } = await storeFor(
      (request) => (request.method === 'HEAD' ? { status: 403 } : stored(request)),
      { conditionalPut: 'off' },
    )
    await store.put(absent('a'))
    assert.deepEqual(shape(requests), ['HEAD', 'PUT'])
  })

  test('two writers of one key at a time are told so', async () => {
    const { store } = await storeFor(() => s3Error(409, 'ConditionalRequestConflict'))
    const error = await failure(store.put(absent('a')))
    assert.deepEqual([error.code, error.isOutcomeUnknown], ['ConditionalRequestConflict', false])
  })
})

describe('what an answer means', () => {
  const put = async (answer: StandInAnswer): Promise<[string, boolean]> => {
    const { store } = await storeFor(() => answer)
    const { code, isOutcomeUnknown } = await failure(store.put(object()))
    return [code, isOutcomeUnknown]
  }
  const ok = (headers: Record<string, string>): StandInAnswer => ({ status: 200, headers })

  test('only an ETag that can be the body’s says that it is stored', async () => {
    assert.deepEqual(await put(ok({})), ['InvalidResponse', true])
    assert.deepEqual(await put(ok({ etag: '' })), ['InvalidResponse', true])
    assert.deepEqual(await put(ok({ etag: `"${'0'.repeat(32)}"` })), ['InvalidResponse', true])
    const other = [
      { etag: '"not-an-md5"' },
      { etag: `"${'0'.repeat(32)}"`, 'x-amz-server-side-encryption': 'aws:kms' },
      { etag: `"${'0'.repeat(32)}"`, 'x-amz-server-side-encryption-customer-algorithm': 'AES256' },
      { etag: md5(Buffer.from('bytes')).toUpperCase() },
    ]
    for (const headers of other) {
      const { store } = await storeFor(() => ok(headers))
      assert.equal((await store.put(object())).etag, headers.etag.replaceAll('"', ''))
    }
  })

  test('a refusal is certain, a failure of the store is not', async () => {
    assert.deepEqual(await put(s3Error(403, 'AccessDenied')), ['AccessDenied', false])
    assert.deepEqual(await put(s3Error(404, 'NoSuchBucket')), ['NoSuchBucket', false])
    assert.deepEqual(await put(s3Error(400, 'RequestTimeout')), ['RequestTimeout', false])
    assert.deepEqual(await put(s3Error(503, 'SlowDown')), ['SlowDown', true])
    assert.deepEqual(await put(s3Error(500, 'InternalError')), ['InternalError', true])
    assert.deepEqual(await put({ status: 502, body: '<html><b>Bad gateway</b></html>' }), ['InternalError', true])
    assert.deepEqual(await put({ status: 403, body: '{"error":"proxy"}' }), ['AccessDenied', false])
    assert.deepEqual(await put({ status: 302, headers: { location: '/login' } }), ['InvalidResponse', true])
  })

  test('a read that fails leaves nothing open', async () => {
    const { store } = await storeFor(() => s3Error(500, 'InternalError'))
    assert.equal((await failure(store.get('logs', 'k', { bytesMax: 9 }))).isOutcomeUnknown, false)
    assert.equal((await failure(store.list('logs', {}))).isOutcomeUnknown, false)
  })

  test('a bucket in another Region is told with both Regions', async () => {
    const elsewhere = { 'x-amz-bucket-region': 'ap-south-1' }
    const { store } = await storeFor(({ method }) =>
      method === 'HEAD'
        ? { status: 400, headers: elsewhere }
        : { ...s3Error(301, 'PermanentRedirect', '<Endpoint>elsewhere</Endpoint>'), headers: elsewhere },
    )
    const put = await failure(store.put(object()))
    assert.equal(put.code, 'PermanentRedirect')
    assert.equal(put.isOutcomeUnknown, false)
    assert.match(put.message, /in Region ap-south-1, the store is configured for eu-west-1/)
    const head = await failure(store.headBucket('logs'))
    assert.equal(head.code, 'AuthorizationHeaderMalformed')
    assert.match(head.message, /in Region ap-south-1/)
  })

  test('a bucket without a policy has none; another failure to read it is one', async () => {
    const answers = [
      s3Error(404, 'NoSuchBucketPolicy'),
      { status: 200, body: '{"Statement":[]}' },
      s3Error(403, 'AccessDenied'),
    ]
    const { store } = await storeFor(() => answers.shift()!)
    assert.equal(await store.policy('logs'), undefined)
    assert.equal(await store.policy('logs'), '{"Statement":[]}')
    assert.equal((await failure(store.policy('logs'))).code, 'AccessDenied')
  })

  test('HEAD tells a missing bucket from a missing key by a second question', async () => {
    const { store } = await storeFor(({ target }) => ({ status: /^\/there\/?$/.test(target) ? 200 : 404 }))
    assert.equal((await failure(store.head('there', 'key'))).code, 'NoSuchKey')
    assert.equal((await failure(store.head('nowhere', 'key'))).code, 'NoSuchBucket')
  })

  test('keys of a list are decoded when the store has encoded them, and left alone when not', async () => {
    const page = (encoding: string, key: string) => ({
      status: 200,
      body: `<ListBucketResult>${encoding}<IsTruncated>true</IsTruncated><Contents><Key>${key}</Key><Size>7</Size><ETag>&quot;e&quot;</ETag><LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents></ListBucketResult>`,
    })
    const answers = [
      page('<EncodingType>url</EncodingType>', 'a+b%2Fc%00%2B'),
      page('', 'a+b%2F'),
      page('<EncodingType>url</EncodingType>', '%'),
      { status: 200, body: '<html>hello</html>' },
    ]
    const { store } = await storeFor(() => answers.shift()!)
    const listed = { size: 7, etag: 'e', lastModified: Date.UTC(2026, 0, 2, 3, 4, 5) }
    assert.deepEqual(await store.list('logs', {}), { objects: [{ key: 'a b/c\0+', ...listed }], isTruncated: true })
    assert.deepEqual((await store.list('logs', {})).objects, [{ key: 'a+b%2F', ...listed }])
    assert.equal((await failure(store.list('logs', {}))).code, 'InvalidResponse')
    assert.equal((await failure(store.list('logs', {}))).code, 'InvalidResponse')
  })

  test('an object larger than wanted is not taken in', async () => {
    const headers = { etag: '"e"', 'last-modified': new Date(0).toUTCString(), 'content-encoding': 'gzip' }
    const { store } = await storeFor(() => ({ status: 200, headers, body: '123456' }))
    assert.equal((await failure(store.get('logs', 'k', { bytesMax: 5 }))).code, 'EntityTooLarge')
    const { body, ...head } = await store.get('logs', 'k', { bytesMax: 6 })
    assert.equal(String(body), '123456')
    assert.deepEqual(head, { key: 'k', size: 6, etag: 'e', lastModified: 0, contentEncoding: 'gzip' })
  })
})

test('no error holds a secret, even when the store sends back what it was sent', async () => {
  const echo = `<StringToSign>x-amz-security-token:${credentials.sessionToken}</StringToSign>`
  const { store } = await storeFor(({ headers }) => ({
    status: 403,
    body: `<Error><Code>SignatureDoesNotMatch</Code><Message>for ${credentials.secretAccessKey}\n${String(headers['x-amz-security-token'])}</Message>${echo}</Error>`,
  }))
  const error = await failure(store.put(object()))
  assert.equal(error.code, 'SignatureDoesNotMatch')
  const whole = inspect(error, { depth: 20, showHidden: true })
  for (const secret of [credentials.secretAccessKey, credentials.sessionToken])
    assert.ok(!whole.includes(secret), whole)
})

test('settings of the machine’s AWS clients do not redirect a store', async () => {
  const { store, requests } = await storeFor(stored)
  process.env['AWS_ENDPOINT_URL'] = 'http://127.0.0.1:1'
  process.env['AWS_REQUEST_CHECKSUM_CALCULATION'] = 'WHEN_SUPPORTED'
  try {
    await store.put(object())
  } finally {
    delete process.env['AWS_ENDPOINT_URL']
    delete process.env['AWS_REQUEST_CHECKSUM_CALCULATION']
  }
  assert.equal(requests.length, 1)
})

test('the SDK is loaded by the first call, not by the store', () => {
  const module = new URL('./s3-bucket-store.ts', import.meta.url).href
  const program = `
    const { createS3BucketStore } = await import(${JSON.stringify(module)})
    const store = createS3BucketStore({ region: 'eu-west-1', pathStyle: true, conditionalPut: 'auto', timeoutMs: 1000,
      endpoint: 'http://127.0.0.1:1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } })
    const { createRequire } = await import('node:module')
    const loaded = () => Object.keys(createRequire(${JSON.stringify(module)}).cache).some((path) => path.includes('client-s3'))
    const before = loaded()
    await store.headBucket('logs').catch(() => undefined)
    console.log(before, loaded())
    await store.close()`
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=opentrail-source', '--no-warnings', '--input-type=module', '-e', program],
    { encoding: 'utf8' },
  )
  assert.equal(stdout.trim(), 'false true', stderr)
})
