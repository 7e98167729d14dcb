import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import {
  CloudTrailClient,
  CreateTrailCommand,
  LookupEventsCommand,
  StartLoggingCommand,
} from '@aws-sdk/client-cloudtrail'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { call } from '../../packages/server/src/cli/cli.testing.ts'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { awsPath, hasAwsCli, hasBoto3, pythonPath } from '../clients.ts'
import { skipped } from '../skip.ts'
import { record } from './records.ts'
import { account, clientEnvironment, credentials, sendEvents, startTestServer } from './test-server.ts'

const run = promisify(execFile)
const bucket = 'opentrail-logs'
const eventName = `Delivered${randomUUID().slice(0, 8)}`
let server: RunningServer
let directory: string

/** A trail whose first log files are in the bucket. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'opentrail-s3-read-'))
  server = await startTestServer({ 'delivery-interval': '1s' })
  const trails = new CloudTrailClient({ endpoint: server.endpoint, region: 'us-east-1', credentials })
  await trails.send(new CreateTrailCommand({ Name: 'main', S3BucketName: bucket }))
  await trails.send(new StartLoggingCommand({ Name: 'main' }))
  await sendEvents(server, [record({ name: eventName })])
  const advanced = await fetch(`${server.endpoint}/test/clock/advance`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"milliseconds":600000}',
  })
  assert.equal(advanced.status, 200)
})
afterAll(async () => {
  await server.close()
  rmSync(directory, { recursive: true, force: true })
})

const awsCli = hasAwsCli()
if (!awsCli) skipped('reading log files by the AWS CLI', 'it is not installed: node scripts/install-clients.mjs')
const boto3 = hasBoto3()
if (!boto3) skipped('reading log files by boto3', 'it is not installed: node scripts/install-clients.mjs')

const folder = `AWSLogs/${account}/CloudTrail/`
const logFile = /AWSLogs\/\d{12}\/CloudTrail\/us-east-1\/[\w/-]+\.json\.gz/g
const names = (text: string): string[] =>
  (JSON.parse(text) as { Records: { eventName: string }[] }).Records.map((found) => found.eventName)

describe('by the command line of our own', () => {
  const opentrail = (...args: string[]) =>
    call(args, { environment: { AWS_ENDPOINT_URL: server.endpoint, AWS_REGION: 'us-east-1' } })

  test('what a trail delivered is listed, printed and exported', async () => {
    assert.match((await opentrail('ls')).stdout, new RegExp(`s3://${bucket}$`, 'm'))
    const listed = await opentrail('ls', `s3://${bucket}`, '--recursive')
    const keys = listed.stdout.match(logFile) ?? []
    assert.notEqual(keys.length, 0, listed.stdout)
    const printed = await Promise.all(keys.map((key) => opentrail('cat', `s3://${bucket}/${key}`)))
    assert.ok(printed.flatMap(({ bytes }) => names(bytes.toString())).includes(eventName))
    const exported = await opentrail('export', `s3://${bucket}`, join(directory, 'exported'))
    assert.equal(exported.exitCode, 0, exported.stderr)
    const files = keys.map((key) => readFileSync(join(directory, 'exported', key)))
    assert.deepEqual(
      files.map((file) => gunzipSync(file)),
      printed.map(({ bytes }) => bytes),
    )
  })

  test('a bucket of the machine’s owner takes a trail, one without a policy does not', async () => {
    const made = await opentrail('bucket', 'create', 'more-logs', '--prefix', 'audit')
    assert.equal(made.exitCode, 0, made.stderr)
    assert.match((await opentrail('ls')).stdout, /s3:\/\/more-logs$/m)
    const refused = await opentrail('trail', 'create', 'audit', '--bucket', 'more-logs')
    assert.match(refused.stderr, /InsufficientS3BucketPolicyException.*\n.*bucket policy more-logs --standard/)
    const created = await opentrail('trail', 'create', 'audit', '--bucket', 'more-logs', '--prefix', 'audit', '--start')
    assert.equal(created.exitCode, 0, created.stderr)
    await opentrail('bucket', 'policy', 'more-logs', '--delete')
    assert.match((await opentrail('bucket', 'policy', 'more-logs')).stderr, /has no policy/)
    assert.equal((await opentrail('trail', 'delete', 'audit')).exitCode, 0)
  })

  test('trails are listed and asked', async () => {
    assert.match((await opentrail('trail', 'list')).stdout, new RegExp(`main +us-east-1 +its own +s3://${bucket} +yes`))
    assert.match((await opentrail('trail', 'status', 'main')).stdout, /IsLogging: +true/)
  })
})

describe.skipIf(!awsCli)('by the AWS CLI', () => {
  const aws = async (...args: string[]) =>
    (await run(awsPath, args, { env: clientEnvironment(server), encoding: 'buffer' })).stdout

  test('log files are listed, copied and synchronised', async () => {
    assert.match((await aws('s3', 'ls')).toString(), new RegExp(`${bucket}$`, 'm'))
    const listed = (await aws('s3', 'ls', `s3://${bucket}`, '--recursive')).toString()
    const [key] = listed.match(logFile) ?? []
    assert.ok(key, listed)
    assert.match((await aws('s3', 'ls', `s3://${bucket}/AWSLogs/`)).toString(), new RegExp(`PRE ${account}/`))
    const copied = await aws('s3', 'cp', `s3://${bucket}/${key}`, '-')
    assert.notEqual(names(gunzipSync(copied).toString()).length, 0)
    await aws('s3', 'sync', `s3://${bucket}/${folder}`, join(directory, 'synchronised'), '--no-progress')
    const files = readdirSync(join(directory, 'synchronised'), { recursive: true }).map(String)
    assert.ok(files.some((file) => key.endsWith(file)))
  })

  test('what is not built fails as such', async () => {
    const request = ['--bucket', bucket, '--key', 'x', '--restore-request', 'Days=1']
    await assert.rejects(aws('s3api', 'restore-object', ...request), ({ stderr }: { stderr: Buffer }) => {
      assert.match(stderr.toString(), /NotImplemented.*RestoreObject is not built/)
      return true
    })
  })

  test('its calls are in the event history', async () => {
    await aws('s3api', 'get-bucket-location', '--bucket', bucket)
    const trails = new CloudTrailClient({ endpoint: server.endpoint, region: 'us-east-1', credentials })
    const { Events } = await trails.send(
      new LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'GetBucketLocation' }],
      }),
    )
    const found = JSON.parse(Events?.[0]?.CloudTrailEvent ?? '{}') as Record<string, unknown>
    assert.deepEqual(found['requestParameters'], {
      location: '',
      bucketName: bucket,
      Host: new URL(server.endpoint).host,
    })
    assert.match(String(found['userAgent']), /^\[aws-cli\/.*\]$/)
    assert.deepEqual(found['resources'], [
      { accountId: account, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucket}` },
    ])
  })
})

const script = `
import boto3, gzip, json, sys, urllib.request
from botocore.client import Config
from botocore.exceptions import ClientError
bucket = sys.argv[1]
client = boto3.client('s3', config=Config(signature_version='s3v4'))
pages = client.get_paginator('list_objects_v2').paginate(Bucket=bucket, PaginationConfig={'PageSize': 1})
keys = [item['Key'] for page in pages for item in page.get('Contents', [])]
old = [item['Key'] for page in client.get_paginator('list_objects').paginate(Bucket=bucket, PaginationConfig={'PageSize': 1}) for item in page.get('Contents', [])]
key = [key for key in keys if key.endswith('.json.gz')][0]
got = client.get_object(Bucket=bucket, Key=key)
body = got['Body'].read()
url = client.generate_presigned_url('get_object', Params={'Bucket': bucket, 'Key': key})
request = urllib.request.Request(url, headers={'Accept-Encoding': 'identity'})
part = client.get_object(Bucket=bucket, Key=key, Range='bytes=0-1')['Body'].read()
def code(call):
    try:
        call()
    except ClientError as error:
        return error.response['Error']['Code']
print(json.dumps({
    'keys': keys, 'old': old,
    'type': got['ContentType'], 'encoding': got['ContentEncoding'],
    'records': len(json.loads(gzip.decompress(body))['Records']),
    'presigned': urllib.request.urlopen(request).read() == body,
    'part': part == body[:2],
    'policy': 'Statement' in json.loads(client.get_bucket_policy(Bucket=bucket)['Policy']),
    'codes': [
        code(lambda: client.head_object(Bucket=bucket, Key='none')),
        code(lambda: client.get_object(Bucket=bucket, Key='none')),
        code(lambda: client.list_objects_v2(Bucket='no-such-bucket')),
        code(lambda: client.get_object(Bucket=bucket, Key=key, IfNoneMatch=got['ETag'])),
        code(lambda: boto3.client('s3', aws_secret_access_key='wrong', aws_access_key_id='test').list_buckets()),
    ],
}))
`

describe.skipIf(!boto3)('by boto3', () => {
  test('it pages, reads, presigns and raises its own exceptions', async () => {
    const { stdout } = await run(pythonPath, ['-c', script, bucket], { env: clientEnvironment(server) })
    const { keys, old, records, ...rest } = JSON.parse(stdout) as { keys: string[]; old: string[]; records: number }
    assert.deepEqual(keys, keys.toSorted())
    assert.deepEqual(old, keys)
    assert.notEqual(records, 0)
    assert.deepEqual(rest, {
      type: 'application/json',
      encoding: 'gzip',
      presigned: true,
      part: true,
      policy: true,
      codes: ['404', 'NoSuchKey', 'NoSuchBucket', '304', 'SignatureDoesNotMatch'],
    })
  })
})
