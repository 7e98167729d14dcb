import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { awsPath, hasAwsCli, hasBoto3, pythonPath } from '../clients.ts'
import { skipped } from '../skip.ts'
import { account, clientEnvironment, startTestServer } from './test-server.ts'

const run = promisify(execFile)
/** Each call starts Python anew. */
const timeout = 300_000
let server: RunningServer

beforeAll(async () => {
  server = await startTestServer()
})
afterAll(async () => {
  await server.close()
})

const awsCli = hasAwsCli()
if (!awsCli) skipped('queues by the AWS CLI', 'the AWS CLI is not installed: node scripts/install-clients.mjs')
const boto3 = hasBoto3()
if (!boto3) skipped('queues by boto3', 'boto3 is not installed: node scripts/install-clients.mjs')

const aws = async (...args: string[]): Promise<Record<string, unknown>> => {
  const { stdout } = await run(awsPath, [...args, '--endpoint-url', server.endpoint], {
    env: clientEnvironment(server),
  })
  return stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>)
}

describe.skipIf(!awsCli)('queues by the AWS CLI', () => {
  test('made, sent to, received from, purged and deleted, and in the event history', { timeout }, async () => {
    const created = await aws('sqs', 'create-queue', '--queue-name', 'cli', '--attributes', 'VisibilityTimeout=60')
    const url = String(created['QueueUrl'])
    assert.equal(url, `${server.endpoint}/${account}/cli`)
    const of = ['--queue-url', url]
    await aws('sqs', 'send-message', ...of, '--message-body', 'hello')
    const received = await aws('sqs', 'receive-message', ...of, '--attribute-names', 'All', '--wait-time-seconds', '5')
    const [message] = received['Messages'] as { Body: string; ReceiptHandle: string }[]
    assert.equal(message?.Body, 'hello')
    await aws('sqs', 'delete-message', ...of, '--receipt-handle', message.ReceiptHandle)
    const names = 'ApproximateNumberOfMessages'
    const counted = await aws('sqs', 'get-queue-attributes', ...of, '--attribute-names', names)
    assert.deepEqual(counted['Attributes'], { ApproximateNumberOfMessages: '0' })
    await aws('sqs', 'purge-queue', ...of)
    await aws('sqs', 'delete-queue', ...of)
    await assert.rejects(
      aws('sqs', 'get-queue-url', '--queue-name', 'cli'),
      /AWS\.SimpleQueueService\.NonExistentQueue/,
    )
    const history = await aws(
      'cloudtrail',
      'lookup-events',
      '--lookup-attributes',
      'AttributeKey=EventSource,AttributeValue=sqs.amazonaws.com',
    )
    const events = (history['Events'] as { EventName: string }[]).map(({ EventName }) => EventName)
    assert.deepEqual(events.sort(), ['CreateQueue', 'DeleteQueue', 'PurgeQueue'])
  })
})

const script = `
import boto3, json, threading
c = boto3.client('sqs')
out = {}
dead = c.create_queue(QueueName='dead.fifo', Attributes={'FifoQueue': 'true'})['QueueUrl']
arn = c.get_queue_attributes(QueueUrl=dead, AttributeNames=['QueueArn'])['Attributes']['QueueArn']
url = c.create_queue(QueueName='orders.fifo', tags={'Env': 'test'}, Attributes={
  'FifoQueue': 'true', 'ContentBasedDeduplication': 'true', 'VisibilityTimeout': '0',
  'RedrivePolicy': json.dumps({'deadLetterTargetArn': arn, 'maxReceiveCount': 1})})['QueueUrl']
out['tags'] = c.list_queue_tags(QueueUrl=url)['Tags']
entries = [{'Id': str(i), 'MessageBody': 'm%d' % i, 'MessageGroupId': 'g'} for i in range(5)]
first = c.send_message_batch(QueueUrl=url, Entries=entries)['Successful']
again = c.send_message_batch(QueueUrl=url, Entries=entries)['Successful']
out['same'] = [e['MessageId'] for e in first] == [e['MessageId'] for e in again]
bodies = lambda r: [m['Body'] for m in r.get('Messages', [])]
out['first'] = bodies(c.receive_message(QueueUrl=url, MaxNumberOfMessages=10))
out['second'] = bodies(c.receive_message(QueueUrl=url, MaxNumberOfMessages=10))
out['dead'] = bodies(c.receive_message(QueueUrl=dead, MaxNumberOfMessages=10))
plain = c.create_queue(QueueName='plain')['QueueUrl']
waited = []
waiter = threading.Thread(target=lambda: waited.append(c.receive_message(QueueUrl=plain, WaitTimeSeconds=20, MessageAttributeNames=['All'])))
waiter.start()
sent = c.send_message(QueueUrl=plain, MessageBody='é😀', MessageAttributes={
  'b': {'DataType': 'Binary', 'BinaryValue': b'\\0\\xff'}, 'n': {'DataType': 'Number', 'StringValue': '1.5'}})
waiter.join()
m = waited[0]['Messages'][0]
out['digests'] = m['MD5OfBody'] == sent['MD5OfMessageBody'] and m['MD5OfMessageAttributes'] == sent['MD5OfMessageAttributes']
out['body'] = m['Body']
out['binary'] = list(m['MessageAttributes']['b']['BinaryValue'])
errors = {}
for name, call in {
  'missing': lambda: c.get_queue_url(QueueName='nope'),
  'exists': lambda: c.create_queue(QueueName='plain', Attributes={'DelaySeconds': '5'}),
  'handle': lambda: c.delete_message(QueueUrl=plain, ReceiptHandle='x'),
  'attribute': lambda: c.get_queue_attributes(QueueUrl=plain, AttributeNames=['Nope']),
  'unbuilt': lambda: c.start_message_move_task(SourceArn=arn)}.items():
  try: call()
  except c.exceptions.ClientError as error: errors[name] = [type(error).__name__, error.response['Error']['Code']]
out['errors'] = errors
out['pages'] = len(list(c.get_paginator('list_queues').paginate(PaginationConfig={'PageSize': 1})))
print(json.dumps(out))
`

describe.skipIf(!boto3)('queues by boto3', () => {
  test(
    'FIFO order, deduplication, dead letters, long polling, digests and its own exceptions',
    { timeout },
    async () => {
      const { stdout } = await run(pythonPath, ['-c', script], { env: clientEnvironment(server) })
      const all = ['m0', 'm1', 'm2', 'm3', 'm4']
      assert.deepEqual(JSON.parse(stdout), {
        tags: { Env: 'test' },
        same: true,
        first: all,
        second: [],
        dead: all,
        digests: true,
        body: 'é😀',
        binary: [0, 255],
        errors: {
          missing: ['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'],
          exists: ['QueueNameExists', 'QueueAlreadyExists'],
          handle: ['ReceiptHandleIsInvalid', 'ReceiptHandleIsInvalid'],
          attribute: ['InvalidAttributeName', 'InvalidAttributeName'],
          unbuilt: ['UnsupportedOperation', 'AWS.SimpleQueueService.UnsupportedOperation'],
        },
        pages: 3,
      })
    },
  )
})
