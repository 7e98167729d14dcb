import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { awsPath, hasAwsCli, hasBoto3, pythonPath } from '../clients.ts'
import { skipped } from '../skip.ts'
import { clientEnvironment, credentials, startTestServer } from './test-server.ts'

const run = promisify(execFile)
/** More than the clients send in one part: 8 MiB. */
const large = randomBytes(20 * 1_048_576 + 17)
let server: RunningServer
let directory: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 's3-write-'))
  server = await startTestServer()
})
afterAll(async () => {
  await server.close()
  rmSync(directory, { recursive: true, force: true })
})

describe('by the AWS SDK for JavaScript, against a whole server', () => {
  const client = () =>
    new S3Client({ endpoint: server.endpoint, region: 'us-east-1', credentials, forcePathStyle: true, maxAttempts: 1 })

  test('what is large is put and read from any byte', async () => {
    await client().send(new CreateBucketCommand({ Bucket: 'sdk-files' }))
    await client().send(new PutObjectCommand({ Bucket: 'sdk-files', Key: 'k', Body: large }))
    assert.equal((await fetch(`${server.endpoint}/sdk-files/k`)).status, 403)
    const { Body } = await client().send(new GetObjectCommand({ Bucket: 'sdk-files', Key: 'k', Range: 'bytes=5-' }))
    assert.ok(large.subarray(5).equals(await Body!.transformToByteArray()))
  })

  test('who signs nothing reads what is open to everyone, on record', async () => {
    const sent = { Bucket: 'sdk-open' }
    await client().send(new CreateBucketCommand(sent))
    await client().send(new PutObjectCommand({ ...sent, Key: 'k', Body: 'open' }))
    await client().send(new DeletePublicAccessBlockCommand(sent))
    const statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::sdk-open/*' }
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    await client().send(new PutBucketPolicyCommand({ ...sent, Policy }))
    // An answer says that the event is in the journal.
    const answer = await fetch(`${server.endpoint}/sdk-open/k`)
    assert.deepEqual([answer.status, await answer.text()], [200, 'open'])
    assert.equal((await fetch(`${server.endpoint}/sdk-open/k`, { method: 'DELETE' })).status, 403)
  })

  test('the lifecycle removes what has expired', async () => {
    const sent = { Bucket: 'sdk-old' }
    await client().send(new CreateBucketCommand(sent))
    for (const Key of ['tmp/k', 'kept']) await client().send(new PutObjectCommand({ ...sent, Key, Body: 'x' }))
    const Rules = [{ ID: 'a', Status: 'Enabled' as const, Filter: { Prefix: 'tmp/' }, Expiration: { Days: 1 } }]
    await client().send(new PutBucketLifecycleConfigurationCommand({ ...sent, LifecycleConfiguration: { Rules } }))
    const body = JSON.stringify({ milliseconds: 3 * 86_400_000 })
    const headers = { 'content-type': 'application/json' }
    const advanced = await fetch(`${server.endpoint}/test/clock/advance`, { method: 'POST', headers, body })
    assert.equal(advanced.status, 200)
    await assert.rejects(client().send(new HeadObjectCommand({ ...sent, Key: 'tmp/k' })), { name: 'NotFound' })
    await client().send(new HeadObjectCommand({ ...sent, Key: 'kept' }))
  })
})

const awsCli = hasAwsCli()
if (!awsCli) skipped('writing to buckets by the AWS CLI', 'it is not installed: node scripts/install-clients.mjs')
const boto3 = hasBoto3()
if (!boto3) skipped('writing to buckets by boto3', 'it is not installed: node scripts/install-clients.mjs')

describe.skipIf(!awsCli)('by the AWS CLI', () => {
  const aws = async (...args: string[]): Promise<string> =>
    (await run(awsPath, args, { env: clientEnvironment(server), cwd: directory })).stdout
  const json = async (...args: string[]): Promise<Record<string, unknown>> =>
    JSON.parse((await aws('s3api', ...args)) || '{}') as Record<string, unknown>
  const refused = async (code: string, ...args: string[]): Promise<void> => {
    await assert.rejects(aws('s3api', ...args), ({ stderr }: { stderr: string }) => {
      assert.match(stderr, new RegExp(`\\(${code}\\)`))
      return true
    })
  }

  test('s3: make a bucket, copy, move, list, synchronise and remove', async () => {
    await aws('s3', 'mb', 's3://cli-files')
    writeFileSync(join(directory, 'large.bin'), large)
    await aws('s3', 'cp', 'large.bin', 's3://cli-files/in/large.bin', '--no-progress')
    await aws('s3', 'mv', 's3://cli-files/in/large.bin', 's3://cli-files/moved/a b+é.bin', '--no-progress')
    await aws('s3', 'cp', 's3://cli-files/moved/a b+é.bin', 'back.bin', '--no-progress')
    assert.ok(readFileSync(join(directory, 'back.bin')).equals(large))
    mkdirSync(join(directory, 'tree/sub'), { recursive: true })
    for (const name of ['one', 'sub/two', 'sub/<three>&']) writeFileSync(join(directory, 'tree', name), name)
    await aws('s3', 'sync', 'tree', 's3://cli-files/tree', '--no-progress')
    rmSync(join(directory, 'tree/one'))
    await aws('s3', 'sync', 'tree', 's3://cli-files/tree', '--delete', '--no-progress')
    await aws('s3', 'sync', 's3://cli-files/tree', 'copied', '--no-progress')
    assert.deepEqual(readdirSync(join(directory, 'copied/sub')).sort(), ['<three>&', 'two'])
    assert.match(await aws('s3', 'ls', 's3://cli-files/'), /PRE moved\/\n +PRE tree\//)
    await aws('s3', 'rb', 's3://cli-files', '--force')
    assert.doesNotMatch(await aws('s3', 'ls'), /cli-files/)
  })

  test('s3api: versions', async () => {
    const bucket = ['--bucket', 'cli-versions']
    await json('create-bucket', ...bucket)
    await json('put-bucket-versioning', ...bucket, '--versioning-configuration', 'Status=Enabled')
    writeFileSync(join(directory, 'v'), 'first')
    const first = await json('put-object', ...bucket, '--key', 'k', '--body', 'v')
    const object = [...bucket, '--key', 'k']
    await json('put-object', ...object, '--body', 'v', '--tagging', 'a=b')
    assert.equal((await json('delete-object', ...object))['DeleteMarker'], true)
    await refused('NoSuchKey', 'get-object', ...object, 'out')
    await json('get-object', ...object, '--version-id', String(first['VersionId']), 'out')
    assert.equal(readFileSync(join(directory, 'out'), 'utf8'), 'first')
    const listed = await json('list-object-versions', ...bucket)
    assert.deepEqual([(listed['Versions'] as []).length, (listed['DeleteMarkers'] as []).length], [2, 1])
  })

  test('s3api: Object Lock', async () => {
    const bucket = ['--bucket', 'cli-locked']
    await json('create-bucket', ...bucket, '--object-lock-enabled-for-bucket')
    const rule = '{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Mode":"GOVERNANCE","Days":1}}}'
    await json('put-object-lock-configuration', ...bucket, '--object-lock-configuration', rule)
    writeFileSync(join(directory, 'l'), 'locked')
    const object = [...bucket, '--key', 'k']
    const put = await json('put-object', ...object, '--body', 'l', '--checksum-algorithm', 'SHA256')
    const version = [...object, '--version-id', String(put['VersionId'])]
    await refused('AccessDenied', 'delete-object', ...version)
    await json('put-object-legal-hold', ...version, '--legal-hold', 'Status=ON')
    await refused('AccessDenied', 'delete-object', ...version, '--bypass-governance-retention')
    await json('put-object-legal-hold', ...version, '--legal-hold', 'Status=OFF')
    await json('delete-object', ...version, '--bypass-governance-retention')
    assert.equal((await json('list-object-versions', ...bucket))['Versions'], undefined)
  })

  test('s3api: an upload in parts', async () => {
    const object = ['--bucket', 'opentrail-logs', '--key', 'parts']
    const { UploadId } = await json('create-multipart-upload', ...object)
    const upload = [...object, '--upload-id', String(UploadId)]
    writeFileSync(join(directory, 'p'), 'the only part')
    const part = await json('upload-part', ...upload, '--part-number', '1', '--body', 'p')
    assert.equal(((await json('list-parts', ...upload))['Parts'] as []).length, 1)
    const parts = JSON.stringify({ Parts: [{ PartNumber: 1, ETag: part['ETag'] }] })
    assert.match(
      String((await json('complete-multipart-upload', ...upload, '--multipart-upload', parts))['ETag']),
      /-1"$/,
    )
    await json('delete-object', ...object)
  })

  test('what a setup script asks of its bucket', async () => {
    const bucket = ['--bucket', 'cli-settings']
    await json('create-bucket', ...bucket)
    const encryption = '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'
    await json('put-bucket-encryption', ...bucket, '--server-side-encryption-configuration', encryption)
    const block = 'BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true'
    await json('put-public-access-block', ...bucket, '--public-access-block-configuration', block)
    const lifecycle = '{"Rules":[{"ID":"old","Status":"Enabled","Filter":{"Prefix":""},"Expiration":{"Days":90}}]}'
    await json('put-bucket-lifecycle-configuration', ...bucket, '--lifecycle-configuration', lifecycle)
    await json('put-bucket-tagging', ...bucket, '--tagging', 'TagSet=[{Key=team,Value=audit}]')
    assert.deepEqual((await json('get-bucket-lifecycle-configuration', ...bucket))['Rules'], [
      { ID: 'old', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 90 } },
    ])
    await refused('NoSuchCORSConfiguration', 'get-bucket-cors', ...bucket)
    await json('delete-bucket', ...bucket)
  })
})

const script = `
import boto3, hashlib, io, json, os, sys
from boto3.s3.transfer import TransferConfig
from botocore.client import Config
client = boto3.client('s3', config=Config(signature_version='s3v4'))
client.create_bucket(Bucket='boto-files')
data = os.urandom(20 * 1024 * 1024 + 3)
config = TransferConfig(multipart_threshold=6 * 1024 * 1024, multipart_chunksize=6 * 1024 * 1024, max_concurrency=4)
extra = {'Metadata': {'a': 'b'}, 'ContentType': 'text/x', 'ChecksumAlgorithm': 'SHA256'}
client.upload_fileobj(io.BytesIO(data), 'boto-files', 'large', Config=config, ExtraArgs=extra)
head = client.head_object(Bucket='boto-files', Key='large', ChecksumMode='ENABLED')
client.copy({'Bucket': 'boto-files', 'Key': 'large'}, 'boto-files', 'copied', Config=config)
back = io.BytesIO()
client.download_fileobj('boto-files', 'copied', back, Config=config)
url = client.generate_presigned_url('put_object', Params={'Bucket': 'boto-files', 'Key': 'signed'})
import urllib.request
urllib.request.urlopen(urllib.request.Request(url, data=b'by a stranger', method='PUT', headers={'Content-Type': ''}))
print(json.dumps({
    'etag': head['ETag'].endswith('-4"'), 'type': head['ContentType'], 'metadata': head['Metadata'],
    'checksum': head['ChecksumSHA256'].endswith('-4'), 'same': back.getvalue() == data,
    'signed': client.get_object(Bucket='boto-files', Key='signed')['Body'].read().decode(),
    'uploads': client.list_multipart_uploads(Bucket='boto-files').get('Uploads', []),
}))
`

describe.skipIf(!boto3)('by boto3', () => {
  test('its transfer manager uploads, copies and downloads in parts', async () => {
    const { stdout } = await run(pythonPath, ['-c', script], { env: clientEnvironment(server) })
    assert.deepEqual(JSON.parse(stdout), {
      etag: true,
      type: 'text/x',
      metadata: { a: 'b' },
      checksum: true,
      same: true,
      signed: 'by a stranger',
      uploads: [],
    })
  })
})
