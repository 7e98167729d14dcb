import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createPublicKey, verify } from 'node:crypto'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { startSubscriber } from '../../packages/server/src/topics/topics.testing.ts'
import { awsPath, hasAwsCli, hasBoto3, pythonPath } from '../clients.ts'
import { skipped } from '../skip.ts'
import { record } from './records.ts'
import { account, clientEnvironment, sendEvents, startTestServer } from './test-server.ts'

const run = promisify(execFile)
/** Each call starts Python anew. */
const timeout = 300_000
const bucket = 'opentrail-logs'
const topicArn = (name: string) => `arn:aws:sns:us-east-1:${account}:${name}`
const queueArn = (name: string) => `arn:aws:sqs:us-east-1:${account}:${name}`
let server: RunningServer

beforeAll(async () => {
  server = await startTestServer({ 'subscriber-networks': '127.0.0.0/8' })
})
afterAll(async () => {
  await server.close()
})

const awsCli = hasAwsCli()
if (!awsCli) skipped('topics by the AWS CLI', 'the AWS CLI is not installed: node scripts/install-clients.mjs')
const boto3 = hasBoto3()
if (!boto3) skipped('topics by boto3', 'boto3 is not installed: node scripts/install-clients.mjs')

const aws = async (...args: string[]): Promise<Record<string, unknown>> => {
  // `aws sqs` takes its old host name where the environment names another.
  const { stdout } = await run(awsPath, [...args, '--endpoint-url', server.endpoint], {
    env: clientEnvironment(server),
  })
  return stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>)
}
const refusal = (...args: string[]): Promise<string> =>
  aws(...args).then(
    () => assert.fail('should have failed'),
    (error: { stderr: string }) => error.stderr,
  )

async function advance(milliseconds: number): Promise<void> {
  const body = JSON.stringify({ milliseconds })
  const answer = await fetch(new URL('/test/clock/advance', server.endpoint), { method: 'POST', body })
  assert.equal(answer.status, 200, await answer.text())
}

const allow = (service: string, action: string, resource: string, source: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'AWSCloudTrailSNSPolicy20150319',
        Effect: 'Allow',
        Principal: { Service: service },
        Action: action,
        Resource: resource,
        Condition: { ArnEquals: { 'aws:SourceArn': source } },
      },
    ],
  })

interface Envelope {
  readonly Type: string
  readonly MessageId: string
  readonly TopicArn: string
  readonly Message: string
  readonly Timestamp: string
  readonly SignatureVersion: string
  readonly Signature: string
  readonly SigningCertURL: string
  readonly UnsubscribeURL: string
}

async function receive(url: unknown): Promise<Envelope[]> {
  const answer = await aws('sqs', 'receive-message', '--queue-url', String(url), '--max-number-of-messages', '10')
  return ((answer['Messages'] ?? []) as { Body: string }[]).map(({ Body }) => JSON.parse(Body) as Envelope)
}

describe.skipIf(!awsCli)('topics by the AWS CLI', () => {
  test('a trail’s files are announced to a queue in SNS’s envelope', { timeout }, async () => {
    const [topic, queue] = [topicArn('files'), queueArn('files')]
    assert.deepEqual(await aws('sns', 'create-topic', '--name', 'files'), { TopicArn: topic })
    const noPolicy = ['--name', 'audit', '--s3-bucket-name', bucket, '--sns-topic-name', 'files']
    assert.match(await refusal('cloudtrail', 'create-trail', ...noPolicy), /InsufficientSnsTopicPolicyException/)
    const trail = `arn:aws:cloudtrail:us-east-1:${account}:trail/audit`
    const policy = allow('cloudtrail.amazonaws.com', 'SNS:Publish', topic, trail)
    const attribute = ['--attribute-name', 'Policy', '--attribute-value', policy]
    await aws('sns', 'set-topic-attributes', '--topic-arn', topic, ...attribute)
    const { QueueUrl } = await aws('sqs', 'create-queue', '--queue-name', 'files')
    const queuePolicy = JSON.stringify({ Policy: allow('sns.amazonaws.com', 'sqs:SendMessage', queue, topic) })
    await aws('sqs', 'set-queue-attributes', '--queue-url', String(QueueUrl), '--attributes', queuePolicy)
    const endpoint = ['--protocol', 'sqs', '--notification-endpoint', queue]
    const { SubscriptionArn } = await aws('sns', 'subscribe', '--topic-arn', topic, ...endpoint)
    assert.match(String(SubscriptionArn), new RegExp(`^${topic}:[0-9a-f-]{36}$`))

    const made = await aws('cloudtrail', 'create-trail', ...noPolicy)
    assert.deepEqual([made['SnsTopicName'], made['SnsTopicARN']], ['files', topic])
    await aws('cloudtrail', 'start-logging', '--name', 'audit')
    await sendEvents(server, [record({})])
    await advance(120_000)

    const messages = await receive(QueueUrl)
    const texts = messages.map(({ Message }) => Message)
    assert.ok(texts.includes('CloudTrail validation message.'), texts.join('\n'))
    const [file] = messages.filter(({ Message }) => Message.startsWith('{'))
    assert.ok(file)
    const form =
      /^\{"s3Bucket":"opentrail-logs","s3ObjectKey":\["AWSLogs\/123456789012\/CloudTrail\/[^"]+\.json\.gz"\]\}$/
    assert.match(file.Message, form)
    assert.deepEqual([file.Type, file.TopicArn, file.SignatureVersion], ['Notification', topic, '1'])
    const key = (JSON.parse(file.Message) as { s3ObjectKey: string[] }).s3ObjectKey[0]!
    await run(awsPath, ['s3api', 'head-object', '--bucket', bucket, '--key', key], { env: clientEnvironment(server) })
    const pem = await (await fetch(file.SigningCertURL)).text()
    const names = ['Message', 'MessageId', 'Timestamp', 'TopicArn', 'Type'] as const
    const text = names.map((name) => `${name}\n${file[name]}\n`).join('')
    assert.ok(verify('sha1', Buffer.from(text), createPublicKey(pem), Buffer.from(file.Signature, 'base64')))

    const status = await aws('cloudtrail', 'get-trail-status', '--name', 'audit')
    assert.match(String(status['LatestNotificationAttemptSucceeded']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.ok('LatestNotificationTime' in status && !('LatestNotificationError' in status))

    assert.equal((await fetch(file.UnsubscribeURL)).status, 200)
    const left = await aws('sns', 'list-subscriptions-by-topic', '--topic-arn', topic)
    assert.deepEqual(
      (left['Subscriptions'] as { SubscriptionArn: string }[]).map((each) => each.SubscriptionArn),
      ['PendingConfirmation'],
    )
    await aws('sns', 'delete-topic', '--topic-arn', topic)
    await advance(120_000)
    const { LatestNotificationError } = await aws('cloudtrail', 'get-trail-status', '--name', 'audit')
    assert.equal(LatestNotificationError, 'NotFound')
    await aws('cloudtrail', 'delete-trail', '--name', 'audit')
  })

  test('an HTTP endpoint confirms and gets what is published', { timeout }, async () => {
    const endpoint = await startSubscriber()
    try {
      const topic = topicArn('hooks')
      await aws('sns', 'create-topic', '--name', 'hooks')
      const members = ['--protocol', 'http', '--notification-endpoint', endpoint.url]
      const asked = await aws('sns', 'subscribe', '--topic-arn', topic, ...members)
      assert.equal(asked['SubscriptionArn'], 'pending confirmation')
      await advance(1_000)
      const { Token = '' } = endpoint.messages()[0]!
      const confirmed = await aws('sns', 'confirm-subscription', '--topic-arn', topic, '--token', Token)
      assert.match(String(confirmed['SubscriptionArn']), /:hooks:/)
      const { MessageId } = await aws(
        'sns',
        'publish',
        '--topic-arn',
        topic,
        '--message',
        'hello',
        '--subject',
        'first',
      )
      await advance(1_000)
      const { Message, Subject, MessageId: got } = endpoint.messages().at(-1)!
      assert.deepEqual([Message, Subject, got], ['hello', 'first', MessageId])
    } finally {
      await endpoint.close()
    }
  })
})

const script = `
import boto3, json
sns = boto3.client('sns')
arn = sns.create_topic(Name='boto', Attributes={'DisplayName': 'Boto'}, Tags=[{'Key': 'team', 'Value': 'security'}])['TopicArn']
attributes = sns.get_topic_attributes(TopicArn=arn)['Attributes']
queue = arn.replace(':sns:', ':sqs:').replace(':boto', ':nobody')
subscription = sns.subscribe(TopicArn=arn, Protocol='sqs', Endpoint=queue, Attributes={'RawMessageDelivery': 'true'}, ReturnSubscriptionArn=True)['SubscriptionArn']
batch = sns.publish_batch(TopicArn=arn, PublishBatchRequestEntries=[{'Id': 'a', 'Message': 'one', 'MessageAttributes': {'n': {'DataType': 'Number', 'StringValue': '1'}, 'b': {'DataType': 'Binary', 'BinaryValue': b'\\x00\\xff'}}}, {'Id': 'b', 'Message': 'x', 'Subject': 'y' * 101}])
errors = []
for call in [lambda: sns.get_topic_attributes(TopicArn=arn + '-none'), lambda: sns.create_topic(Name='a.fifo', Attributes={'FifoTopic': 'true'}), lambda: sns.subscribe(TopicArn=arn, Protocol='email', Endpoint='a@example.com'), lambda: sns.list_tags_for_resource(ResourceArn=arn + '-none')]:
    try:
        call()
    except sns.exceptions.ClientError as error:
        errors.append([type(error).__name__, error.response['ResponseMetadata']['HTTPStatusCode']])
topics = [topic['TopicArn'] for page in sns.get_paginator('list_topics').paginate() for topic in page['Topics']]
print(json.dumps({
    'attributes': {name: attributes[name] for name in ['DisplayName', 'Owner', 'SubscriptionsConfirmed']},
    'raw': sns.get_subscription_attributes(SubscriptionArn=subscription)['Attributes']['RawMessageDelivery'],
    'tags': sns.list_tags_for_resource(ResourceArn=arn)['Tags'],
    'successful': [entry['Id'] for entry in batch['Successful']],
    'failed': [[entry['Id'], entry['Code'], entry['SenderFault']] for entry in batch['Failed']],
    'errors': errors,
    'listed': arn in topics,
}))
`

describe.skipIf(!boto3)('topics by boto3', () => {
  test('what is answered is read as SNS’s, errors too', { timeout }, async () => {
    const { stdout } = await run(pythonPath, ['-c', script], { env: clientEnvironment(server) })
    assert.deepEqual(JSON.parse(stdout), {
      attributes: { DisplayName: 'Boto', Owner: account, SubscriptionsConfirmed: '0' },
      raw: 'true',
      tags: [{ Key: 'team', Value: 'security' }],
      successful: ['a'],
      failed: [['b', 'InvalidParameter', true]],
      errors: [
        ['NotFoundException', 404],
        ['InvalidParameterException', 400],
        ['InvalidParameterException', 400],
        ['ResourceNotFoundException', 404],
      ],
      listed: true,
    })
  })
})
