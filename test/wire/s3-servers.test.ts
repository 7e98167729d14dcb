import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { BucketError } from '../../packages/server/src/buckets/index.ts'
import { bucketStoreContract, type BucketStoreTraits } from '../../packages/server/src/buckets/bucket-store.contract.ts'
import { createS3BucketStore, type S3BucketStoreOptions } from '../../packages/server/src/buckets/s3-bucket-store.ts'
import { hasBoto3, pythonPath } from '../clients.ts'
import { hasMoto, hasVersitygw, startMoto, startVersitygw, type S3Server } from '../s3-server.ts'
import { skipped } from '../skip.ts'

/** A foreign store, and where it is less than S3. */
interface Foreign {
  readonly name: string
  readonly isThere: boolean
  readonly hint: string
  start(): Promise<S3Server>
  readonly traits: BucketStoreTraits
  /** Calls that it can stand at a time. */
  readonly callsMax?: number
  /** It looks at signatures, credentials and the Region. */
  readonly authenticates: boolean
}

const foreigners: readonly Foreign[] = [
  {
    name: 'versitygw',
    isThere: hasVersitygw(),
    hint: 'node scripts/install-s3-server.mjs',
    start: startVersitygw,
    traits: { refusesPathLikeKeys: true, refusesKeysBelowKeys: true },
    authenticates: true,
  },
  {
    name: 'moto',
    isThere: hasMoto(),
    hint: 'node scripts/install-clients.mjs',
    start: startMoto,
    traits: {},
    // Puts of one key at a time end in a KeyError of its own.
    callsMax: 1,
    authenticates: false,
  },
]

const failure = async (promise: Promise<unknown>): Promise<BucketError> => {
  const error = await promise.then(
    () => assert.fail('should have failed'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof BucketError, String(error))
  return error
}

const delivery = {
  kind: 'delivery',
  trailArn: 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/t',
  account: '111122223333',
} as const

const storeAt = (server: S3Server, options: Partial<S3BucketStoreOptions> = {}) =>
  createS3BucketStore({
    endpoint: server.endpoint,
    region: server.region,
    pathStyle: true,
    credentials: server.credentials,
    conditionalPut: 'auto',
    ...options,
  })

for (const { name, isThere, hint, start, traits, authenticates, callsMax } of foreigners) {
  if (!isThere) skipped(`deliveries to the S3 server ${name}`, `it is not installed: ${hint}`)
  describe.skipIf(!isThere)(`S3 server ${name}`, () => {
    let server: S3Server
    beforeAll(async () => {
      server = await start()
    })
    afterAll(() => server.close())

    const newBucket = async (): Promise<string> => {
      const bucket = `logs-${randomUUID()}`
      await server.createBucket(bucket)
      return bucket
    }

    bucketStoreContract(
      name,
      async () => {
        const store = storeAt(server, { ...(callsMax && { callsMax }) })
        return {
          store,
          bucket: await newBucket(),
          prefix: '',
          absentBucket: `absent-${randomUUID()}`,
          reopen: async () => storeAt(server),
          dispose: () => store.close(),
        }
      },
      traits,
    )

    test.skipIf(!hasBoto3())('what was delivered is what boto3 reads', async () => {
      const bucket = await newBucket()
      const store = storeAt(server)
      const key = 'AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/21/file name+ü.json.gz'
      const body = gzipSync('{"Records":[]}')
      await store.put({
        bucket,
        key,
        body,
        contentType: 'application/json',
        contentEncoding: 'gzip',
        metadata: { 'signature-algorithm': 'SHA256withRSA' },
        caller: delivery,
        onlyIfAbsent: true,
      })
      await store.close()
      const script = `
import base64, boto3, json, sys
client = boto3.client('s3')
answer = client.get_object(Bucket=sys.argv[1], Key=sys.argv[2])
print(json.dumps({'body': base64.b64encode(answer['Body'].read()).decode(), 'type': answer['ContentType'],
  'encoding': answer['ContentEncoding'], 'metadata': answer['Metadata']}))`
      const { stdout } = await promisify(execFile)(pythonPath, ['-c', script, bucket, key], {
        env: {
          PATH: process.env['PATH'],
          HOME: '/nonexistent',
          AWS_ENDPOINT_URL: server.endpoint,
          AWS_DEFAULT_REGION: server.region,
          AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
        },
      })
      assert.deepEqual(JSON.parse(stdout), {
        body: body.toString('base64'),
        type: 'application/json',
        encoding: 'gzip',
        metadata: { 'signature-algorithm': 'SHA256withRSA' },
      })
    })

    test('heeds the condition, which is seen at the first put', async () => {
      const bucket = await newBucket()
      const store = storeAt(server)
      const put = () =>
        store.put({ bucket, key: 'marker/', body: Buffer.alloc(0), caller: { kind: 'owner' }, onlyIfAbsent: true })
      await put()
      assert.equal(store.supportsConditionalPut(bucket), true)
      assert.equal((await failure(put())).code, 'PreconditionFailed')
      await store.close()
    })

    test('gives back the policy that was set, and undefined for none', async () => {
      const bucket = await newBucket()
      const store = storeAt(server)
      assert.equal(await store.policy(bucket), undefined)
      const policy = {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` }],
      }
      await server.setPolicy(bucket, policy)
      assert.deepEqual(JSON.parse((await store.policy(bucket)) ?? ''), policy)
      await server.setPolicy(bucket, undefined)
      assert.equal(await store.policy(bucket), undefined)
      await store.close()
    })

    test.skipIf(!authenticates)('credentials that may only put log files put them, and nothing else', async () => {
      const bucket = await newBucket()
      const credentials = await server.createUser!(`user-${randomUUID()}`)
      await server.setPolicy(bucket, {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: [credentials.accessKeyId] },
            Action: 's3:PutObject',
            Resource: `arn:aws:s3:::${bucket}/AWSLogs/*`,
          },
        ],
      })
      for (const conditionalPut of ['auto', 'off'] as const) {
        const store = storeAt(server, { credentials, conditionalPut })
        const put = (key: string) =>
          store.put({ bucket, key, body: Buffer.from('x'), caller: delivery, onlyIfAbsent: true })
        await put(`AWSLogs/${conditionalPut}`)
        const error = await failure(put(`elsewhere/${conditionalPut}`))
        assert.deepEqual([error.code, error.isOutcomeUnknown], ['AccessDenied', false])
        assert.equal((await failure(store.list(bucket, {}))).code, 'AccessDenied')
        assert.equal((await failure(store.policy(bucket))).code, 'AccessDenied')
        await store.close()
      }
    })

    test.skipIf(!authenticates)('wrong credentials and a wrong Region are certain refusals in S3’s words', async () => {
      const bucket = await newBucket()
      const put = async (options: Partial<S3BucketStoreOptions>): Promise<BucketError> => {
        const store = storeAt(server, options)
        const error = await failure(store.put({ bucket, key: 'k', body: Buffer.from('x'), caller: { kind: 'owner' } }))
        await store.close()
        assert.equal(error.isOutcomeUnknown, false)
        return error
      }
      const { accessKeyId } = server.credentials
      assert.equal(
        (await put({ credentials: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' } })).code,
        'InvalidAccessKeyId',
      )
      assert.equal(
        (await put({ credentials: { accessKeyId, secretAccessKey: 'wrong' } })).code,
        'SignatureDoesNotMatch',
      )
      const elsewhere = await put({ region: 'ap-south-1' })
      assert.equal(elsewhere.code, 'AuthorizationHeaderMalformed')
      assert.match(elsewhere.message, /in Region eu-west-1, the store is configured for ap-south-1/)
    })
  })
}
