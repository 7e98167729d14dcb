import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { awsPath, hasAwsCli, hasBoto3, pythonPath } from '../clients.ts'
import { skipped } from '../skip.ts'
import { record } from './records.ts'
import { account, clientEnvironment, sendEvents, startTestServer } from './test-server.ts'

const run = promisify(execFile)
/** Each call starts Python anew. */
const timeout = 300_000
const template = 'policy/S3/AWSCloudTrail-S3BucketPolicy-2014-12-17.json'
let server: RunningServer

beforeAll(async () => {
  server = await startTestServer({ regions: 'us-east-1,eu-west-1' })
})
afterAll(async () => {
  await server.close()
})

const awsCli = hasAwsCli()
if (!awsCli)
  skipped('create-subscription by the AWS CLI', 'the AWS CLI is not installed: node scripts/install-clients.mjs')
const boto3 = hasBoto3()
if (!boto3) skipped('GetCallerIdentity by boto3', 'boto3 is not installed: node scripts/install-clients.mjs')

const aws = async (...args: string[]): Promise<string> =>
  (await run(awsPath, args, { env: clientEnvironment(server) })).stdout
const json = async (...args: string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await aws(...args)) as Record<string, unknown>
const refusal = (...args: string[]): Promise<string> =>
  aws(...args).then(
    () => assert.fail('should have failed'),
    (error: { stderr: string }) => error.stderr,
  )
/** `aws sqs` takes its old host name where the environment names another. */
const sqs = (...args: string[]) => aws('sqs', ...args, '--endpoint-url', server.endpoint)

async function advance(milliseconds: number): Promise<void> {
  const body = JSON.stringify({ milliseconds })
  const answer = await fetch(new URL('/test/clock/advance', server.endpoint), { method: 'POST', body })
  assert.equal(answer.status, 200, await answer.text())
}

const trailOf = async (name: string, ...options: string[]) => {
  const { trailList } = await json('cloudtrail', 'describe-trails', '--trail-name-list', name, ...options)
  return (trailList as Record<string, unknown>[])[0]!
}
const keysIn = async (bucket: string, ...options: string[]): Promise<string[]> => {
  const { Contents = [] } = await json('s3api', 'list-objects-v2', '--bucket', bucket, ...options)
  return (Contents as { Key: string }[]).map(({ Key }) => Key)
}

async function subscribeQueue(topic: string): Promise<string> {
  const { QueueUrl } = JSON.parse(await sqs('create-queue', '--queue-name', topic)) as { QueueUrl: string }
  const [queueArn, topicArn] = ['sqs', 'sns'].map((service) => `arn:aws:${service}:us-east-1:${account}:${topic}`)
  const statement = {
    Effect: 'Allow',
    Principal: { Service: 'sns.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: queueArn!,
    Condition: { ArnEquals: { 'aws:SourceArn': topicArn! } },
  }
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  await sqs('set-queue-attributes', '--queue-url', QueueUrl, '--attributes', JSON.stringify({ Policy }))
  const endpoint = ['--protocol', 'sqs', '--notification-endpoint', queueArn!]
  await aws('sns', 'subscribe', '--topic-arn', topicArn!, ...endpoint)
  return QueueUrl
}

/** Of the files that a topic has told of. */
async function announcedIn(queueUrl: string): Promise<{ readonly s3Bucket: string; readonly s3ObjectKey: string[] }[]> {
  const text = await sqs('receive-message', '--queue-url', queueUrl, '--max-number-of-messages', '10')
  const { Messages = [] } = (text === '' ? {} : JSON.parse(text)) as { Messages?: { Body: string }[] }
  const messages = Messages.map(({ Body }) => (JSON.parse(Body) as { Message: string }).Message)
  return messages
    .filter((message) => message.startsWith('{'))
    .map((message) => JSON.parse(message) as { s3Bucket: string; s3ObjectKey: string[] })
}

describe.skipIf(!awsCli)('create-subscription by the AWS CLI', () => {
  test('makes bucket, topic and trail, and files are delivered and announced', { timeout }, async () => {
    const where = ['--s3-new-bucket', 'first-logs', '--s3-prefix', 'audit', '--sns-new-topic', 'first-files']
    const events = ['--include-global-service-events', 'true']
    const made = await aws('cloudtrail', 'create-subscription', '--name', 'first', ...where, ...events)
    assert.match(made, /Logs will be delivered to first-logs:audit/)
    const trail = await trailOf('first')
    assert.deepEqual(
      [trail['S3BucketName'], trail['S3KeyPrefix'], trail['SnsTopicName'], trail['IncludeGlobalServiceEvents']],
      ['first-logs', 'audit', 'first-files', true],
    )
    const queue = await subscribeQueue('first-files')
    await sendEvents(server, [record({})])
    await advance(120_000)
    const announced = await announcedIn(queue)
    const files = (await keysIn('first-logs')).filter((key) => key.endsWith('.json.gz'))
    assert.ok(files.length > 0)
    assert.ok(
      files.every((key) => key.startsWith(`audit/AWSLogs/${account}/CloudTrail/us-east-1/`)),
      files.join(),
    )
    assert.deepEqual(announced.flatMap(({ s3ObjectKey }) => s3ObjectKey).sort(), files)

    const elsewhere = ['--s3-new-bucket', 'second-logs', '--sns-new-topic', 'second-files']
    await aws('cloudtrail', 'update-subscription', '--name', 'first', ...elsewhere)
    const moved = await trailOf('first')
    assert.deepEqual(
      [moved['S3BucketName'], moved['S3KeyPrefix'], moved['SnsTopicName']],
      ['second-logs', 'audit', 'second-files'],
    )
    const secondQueue = await subscribeQueue('second-files')
    await sendEvents(server, [record({})])
    await advance(120_000)
    const [there] = await announcedIn(secondQueue)
    assert.equal(there?.s3Bucket, 'second-logs')
    assert.ok((await keysIn('second-logs')).includes(there.s3ObjectKey[0]!))
  })

  test('takes a bucket that is there', { timeout }, async () => {
    await aws('cloudtrail', 'create-subscription', '--name', 'third', '--s3-use-bucket', 'opentrail-logs')
    const { IsLogging } = await json('cloudtrail', 'get-trail-status', '--name', 'third')
    assert.equal(IsLogging, true)
    const taken = ['--name', 'other', '--s3-new-bucket', 'opentrail-logs']
    assert.match(await refusal('cloudtrail', 'create-subscription', ...taken), /Bucket opentrail-logs already exists/)
  })

  test('finds the policies of each Region', { timeout }, async () => {
    const region = ['--region', 'eu-west-1']
    const named = ['--name', 'fourth', '--s3-new-bucket', 'fourth-logs', '--sns-new-topic', 'fourth-files']
    await aws('cloudtrail', 'create-subscription', ...named, ...region)
    const { HomeRegion, SnsTopicARN } = await trailOf('fourth', ...region)
    assert.deepEqual([HomeRegion, SnsTopicARN], ['eu-west-1', `arn:aws:sns:eu-west-1:${account}:fourth-files`])
    const { LocationConstraint } = await json('s3api', 'get-bucket-location', '--bucket', 'fourth-logs')
    assert.equal(LocationConstraint, 'eu-west-1')
  })

  test('the bucket of policies is in nobody’s list, and nobody changes it', { timeout }, async () => {
    const bucket = 'awscloudtrail-policy-us-east-1'
    assert.ok(!(await aws('s3', 'ls')).includes(bucket))
    assert.match(await aws('s3', 'ls', `s3://${bucket}`, '--recursive'), new RegExp(template))
    assert.match(await refusal('s3', 'cp', awsPath, `s3://${bucket}/${template}`), /AccessDenied/)
    assert.match(await refusal('s3', 'rm', `s3://${bucket}/${template}`), /AccessDenied/)
  })

  test('who am I, and its event', { timeout }, async () => {
    const identity = await json('sts', 'get-caller-identity')
    const arn = `arn:aws:iam::${account}:user/admin`
    assert.deepEqual({ ...identity, UserId: '' }, { UserId: '', Account: account, Arn: arn })
    const attribute = ['--lookup-attributes', 'AttributeKey=EventName,AttributeValue=GetCallerIdentity']
    const { Events } = await json('cloudtrail', 'lookup-events', ...attribute, '--max-results', '1')
    const event = JSON.parse((Events as { CloudTrailEvent: string }[])[0]!.CloudTrailEvent) as Record<string, unknown>
    const { type, principalId } = event['userIdentity'] as Record<string, unknown>
    assert.deepEqual([type, principalId], ['IAMUser', identity['UserId']])
    const { eventSource, readOnly, eventCategory, requestParameters, responseElements } = event
    assert.deepEqual(
      [eventSource, readOnly, eventCategory, requestParameters, responseElements],
      ['sts.amazonaws.com', true, 'Management', null, null],
    )
    assert.match(await refusal('sts', 'get-session-token'), /InvalidAction.*GetSessionToken is not built/s)
  })
})

const script = `
import boto3, json, urllib.request, urllib.error
sts = boto3.client('sts')
identity = sts.get_caller_identity()
del identity['ResponseMetadata']
url = sts.generate_presigned_url('get_caller_identity', ExpiresIn=60, HttpMethod='GET')
def get(url):
    request = urllib.request.Request(url, headers={'Accept': 'application/json'})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)
try:
    get(url[:-1] + ('0' if url[-1] != '0' else '1'))
    refused = None
except urllib.error.HTTPError as error:
    refused = [error.code, json.load(error)['Error']['Code']]
try:
    sts.assume_role(RoleArn='arn:aws:iam::123456789012:role/r', RoleSessionName='session')
    role = None
except sts.exceptions.ClientError as error:
    role = error.response['Error']['Code']
presigned = get(url)['GetCallerIdentityResponse']['GetCallerIdentityResult']
print(json.dumps({'same': presigned == identity, 'account': identity['Account'], 'refused': refused, 'role': role}))
`

describe.skipIf(!boto3)('GetCallerIdentity by boto3', () => {
  test('signed, and presigned for somebody else to ask', { timeout }, async () => {
    const { stdout } = await run(pythonPath, ['-c', script], { env: clientEnvironment(server) })
    assert.deepEqual(JSON.parse(stdout), {
      same: true,
      account,
      refused: [403, 'SignatureDoesNotMatch'],
      role: 'InvalidAction',
    })
  })
})
