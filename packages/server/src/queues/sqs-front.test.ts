import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { describe, test } from 'vitest'
import { createMemoryControlStore } from '../control/index.ts'
import { send } from '../http/http.testing.ts'
import { presignTarget, signRequest } from '../auth/index.ts'
import { exampleKey } from '../auth/sigv4.testing.ts'
import {
  account,
  auditorKey,
  noon,
  otherAccount,
  producerKey,
  signed,
  startQueues,
  strangerKey,
} from './queues.testing.ts'

const policyOf = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements })
const queueArn = (name: string) => `arn:aws:sqs:eu-west-1:${account}:${name}`
const codeOf = (text: string) => /<Code>(.*?)<\/Code>/.exec(text)?.[1]

describe('both protocols', () => {
  test('a message sent by one is received by the other, byte for byte', async () => {
    await using front = await startQueues()
    const url = await front.createQueue()
    const body = 'a & <b> "c"\r\n\té 😀'
    const sent = await front.query('SendMessage', {
      QueueUrl: url,
      MessageBody: body,
      'MessageAttribute.1.Name': 'kind',
      'MessageAttribute.1.Value.DataType': 'String',
      'MessageAttribute.1.Value.StringValue': 'é',
      'MessageAttribute.2.Name': 'bytes',
      'MessageAttribute.2.Value.DataType': 'Binary',
      'MessageAttribute.2.Value.BinaryValue': 'AAH/',
    })
    assert.equal(sent.status, 200, sent.text)
    assert.equal(sent.headers['content-type'], 'text/xml')
    const [message] = await front.receive(url, { MessageAttributeNames: ['All'], AttributeNames: ['All'] })
    assert.equal(message?.Body, body)
    assert.deepEqual(message.MessageAttributes, {
      kind: { StringValue: 'é', DataType: 'String' },
      bytes: { BinaryValue: 'AAH/', DataType: 'Binary' },
    })
    assert.ok(sent.text.includes(`<MD5OfMessageBody>${message.MD5OfBody}</MD5OfMessageBody>`))
    assert.ok(sent.text.includes(`<MD5OfMessageAttributes>${message.MD5OfMessageAttributes}</MD5OfMessageAttributes>`))
    assert.deepEqual(message.Attributes, {
      SenderId: 'AIDAEXAMPLE',
      SentTimestamp: String(noon),
      ApproximateReceiveCount: '1',
      ApproximateFirstReceiveTimestamp: String(noon),
    })
    await front.call('ChangeMessageVisibility', {
      QueueUrl: url,
      ReceiptHandle: message.ReceiptHandle,
      VisibilityTimeout: 0,
    })
    const { text } = await front.query(
      'ReceiveMessage',
      { 'MessageAttributeName.1': 'bytes', AttributeName: 'ApproximateReceiveCount' },
      { path: new URL(url).pathname },
    )
    assert.ok(text.includes('<Body>a &amp; &lt;b&gt; &quot;c&quot;&#13;\n\té 😀</Body>'), text)
    assert.ok(text.includes('<Attribute><Name>ApproximateReceiveCount</Name><Value>2</Value></Attribute>'), text)
    assert.ok(
      text.includes(
        '<MessageAttribute><Name>bytes</Name><Value><BinaryValue>AAH/</BinaryValue><DataType>Binary</DataType></Value></MessageAttribute>',
      ),
      text,
    )
  })

  test('lists, maps and batches of the Query protocol', async () => {
    await using front = await startQueues()
    const created = await front.query('CreateQueue', {
      QueueName: 'q',
      'Attribute.1.Name': 'VisibilityTimeout',
      'Attribute.1.Value': '0',
      'Tag.1.Key': 'Env',
      'Tag.1.Value': 'test',
    })
    const url = /<QueueUrl>(.*?)<\/QueueUrl>/.exec(created.text)?.[1]
    assert.equal(url, `http://${front.server.host}:${front.server.port}/${account}/q`)
    const path = `/${account}/q`
    const old = await front.query(
      'SetQueueAttributes',
      { 'Attribute.Name': 'DelaySeconds', 'Attribute.Value': '3' },
      { path },
    )
    assert.equal(
      old.text.replace(/<RequestId>.*?<\/RequestId>/, '<RequestId/>'),
      '<?xml version="1.0"?><SetQueueAttributesResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">' +
        '<ResponseMetadata><RequestId/></ResponseMetadata></SetQueueAttributesResponse>',
    )
    const batch = await front.query(
      'SendMessageBatch',
      {
        'SendMessageBatchRequestEntry.1.Id': 'one',
        'SendMessageBatchRequestEntry.1.MessageBody': 'a',
        'SendMessageBatchRequestEntry.2.Id': 'two',
        'SendMessageBatchRequestEntry.2.MessageBody': 'b',
        'SendMessageBatchRequestEntry.2.DelaySeconds': '0',
        'SendMessageBatchRequestEntry.3.Id': 'bad',
        'SendMessageBatchRequestEntry.3.MessageBody': '\u0001',
      },
      { path },
    )
    assert.equal(batch.text.match(/<SendMessageBatchResultEntry>/g)?.length, 2, batch.text)
    assert.match(
      batch.text,
      /<BatchResultErrorEntry><Id>bad<\/Id><SenderFault>true<\/SenderFault><Code>InvalidMessageContents<\/Code>/,
    )
    const attributes = await front.query('GetQueueAttributes', { 'AttributeName.1': 'All' }, { path })
    assert.match(attributes.text, /<Name>ApproximateNumberOfMessagesDelayed<\/Name><Value>1<\/Value>/)
    assert.match(attributes.text, /<Name>DelaySeconds<\/Name><Value>3<\/Value>/)
    const tags = await front.query('ListQueueTags', {}, { path })
    assert.match(
      tags.text,
      /<ListQueueTagsResult><Tag><Key>Env<\/Key><Value>test<\/Value><\/Tag><\/ListQueueTagsResult>/,
    )
    const list = await front.query('ListQueues', { QueueNamePrefix: 'q' })
    assert.match(list.text, /<ListQueuesResult><QueueUrl>/)
  })

  test('a signed GET to the queue, and one whose signature is in the query', async () => {
    await using front = await startQueues()
    const url = await front.createQueue()
    const path = `${new URL(url).pathname}?Action=GetQueueAttributes&AttributeName.1=QueueArn`
    const { host, port } = front.server
    const presigned = presignTarget(
      { method: 'GET', target: path, host: `${host}:${port}`, body: Buffer.alloc(0) },
      { ...exampleKey, region: 'eu-west-1', service: 'sqs' },
      Date.now(),
      60,
    )
    for (const reply of [
      await signed(front.server, { method: 'GET', path, body: '' }),
      await send(front.server, { path: presigned }),
    ]) {
      assert.equal(reply.status, 200, reply.text)
      assert.ok(reply.text.includes(`<Value>${queueArn('q')}</Value>`))
    }
  })

  test('errors in the form of the protocol that was spoken', async () => {
    await using front = await startQueues()
    const missing = { QueueUrl: `http://elsewhere:1/${account}/nope` }
    const json = await front.json('PurgeQueue', missing)
    assert.equal(json.status, 400)
    assert.equal(json.headers['content-type'], 'application/x-amz-json-1.0')
    assert.equal(json.headers['x-amzn-query-error'], 'AWS.SimpleQueueService.NonExistentQueue;Sender')
    assert.deepEqual(JSON.parse(json.text), {
      __type: 'com.amazonaws.sqs#QueueDoesNotExist',
      message: 'The specified queue does not exist or you do not have access to it.',
    })
    const query = await front.query('PurgeQueue', missing)
    assert.equal(query.status, 400)
    assert.equal(codeOf(query.text), 'AWS.SimpleQueueService.NonExistentQueue')
    assert.equal(codeOf((await front.query('Nothing', {})).text), 'InvalidAction')
    assert.equal((await front.json('Nothing', {})).status, 404)
    assert.equal(await front.refusal('StartMessageMoveTask', {}), 'AWS.SimpleQueueService.UnsupportedOperation')
    assert.equal(
      codeOf((await front.query('ListMessageMoveTasks', {})).text),
      'AWS.SimpleQueueService.UnsupportedOperation',
    )
  })

  test('who does not prove who it is is refused in SQS words, and the refusal is recorded', async () => {
    await using front = await startQueues()
    const unsigned = await send(front.server, {
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.ListQueues' },
      body: '{}',
    })
    assert.equal(unsigned.status, 403)
    assert.equal(unsigned.headers['x-amzn-query-error'], 'MissingAuthenticationToken;Sender')
    const wrong = { ...exampleKey, secretAccessKey: 'wrong' }
    assert.equal(codeOf((await front.query('ListQueues', {}, { key: wrong })).text), 'SignatureDoesNotMatch')
    assert.equal(await front.refusal('ListQueues', {}, { region: 'mars-1' }), 'InvalidClientTokenId')
    const refused = front.selfTrail.calls.filter(({ eventName }) => eventName === 'ListQueues')
    assert.ok(refused.some(({ errorCode }) => errorCode === 'InvalidSignatureException'))
  })
})

describe('who may', () => {
  test('auditors read, producers nothing, others what the policy allows', async () => {
    await using front = await startQueues()
    const url = await front.createQueue()
    const reading = { QueueUrl: url, AttributeNames: ['QueueArn'] }
    const sending = { QueueUrl: url, MessageBody: 'x' }
    await front.call('GetQueueAttributes', reading, { key: auditorKey })
    await front.call('ListQueues', {}, { key: auditorKey })
    for (const [name, input, key] of [
      ['SendMessage', sending, auditorKey],
      ['ReceiveMessage', { QueueUrl: url }, auditorKey],
      ['DeleteQueue', { QueueUrl: url }, auditorKey],
      ['GetQueueAttributes', reading, producerKey],
      ['ListQueues', {}, producerKey],
      ['SendMessage', sending, strangerKey],
      ['GetQueueUrl', { QueueName: 'q', QueueOwnerAWSAccountId: account }, strangerKey],
    ] as const)
      assert.equal(await front.refusal(name, input, { key }), 'AccessDenied', name)
    const Policy = policyOf(
      { Effect: 'Allow', Principal: { AWS: otherAccount }, Action: ['sqs:*'], Resource: queueArn('q') },
      { Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: '*' },
    )
    await front.call('SetQueueAttributes', { QueueUrl: url, Attributes: { Policy } })
    await front.call('SendMessage', sending, { key: strangerKey })
    await front.call(
      'SendMessageBatch',
      { QueueUrl: url, Entries: [{ Id: 'a', MessageBody: 'x' }] },
      { key: producerKey },
    )
    assert.equal((await front.call('ListQueues', {}, { key: strangerKey }))['QueueUrls'], undefined)
    // Some actions are never other accounts' to take.
    assert.equal(await front.refusal('DeleteQueue', { QueueUrl: url }, { key: strangerKey }), 'AccessDenied')
  })

  test('an explicit deny wins over the administrator, who can still change the policy', async () => {
    await using front = await startQueues()
    const url = await front.createQueue()
    const Policy = policyOf({ Effect: 'Deny', Principal: '*', Action: 'sqs:*', Resource: queueArn('q') })
    await front.call('SetQueueAttributes', { QueueUrl: url, Attributes: { Policy } })
    assert.equal(await front.refusal('SendMessage', { QueueUrl: url, MessageBody: 'x' }), 'AccessDenied')
    await front.call('SetQueueAttributes', { QueueUrl: url, Attributes: { Policy: '' } })
    await front.call('SendMessage', { QueueUrl: url, MessageBody: 'x' })
  })

  test('AddPermission lets another account in, RemovePermission shuts it out', async () => {
    await using front = await startQueues()
    const url = await front.createQueue()
    const sending = { QueueUrl: url, MessageBody: 'x' }
    const permission = { QueueUrl: url, Label: 'friends', AWSAccountIds: [otherAccount], Actions: ['SendMessage'] }
    await front.call('AddPermission', permission)
    assert.equal(await front.refusal('AddPermission', permission), 'InvalidParameterValue')
    await front.call('SendMessage', sending, { key: strangerKey })
    assert.equal(await front.refusal('ReceiveMessage', { QueueUrl: url }, { key: strangerKey }), 'AccessDenied')
    await front.call('RemovePermission', { QueueUrl: url, Label: 'friends' })
    assert.equal(await front.refusal('SendMessage', sending, { key: strangerKey }), 'AccessDenied')
    assert.equal(await front.refusal('RemovePermission', { QueueUrl: url, Label: 'friends' }), 'InvalidParameterValue')
  })

  test('topics send by policy, for the topic that it names', async () => {
    await using front = await startQueues()
    const url = await front.createQueue()
    const topic = `arn:aws:sns:eu-west-1:${account}:t`
    const message = { queueArn: queueArn('q'), body: 'hello', senderArn: topic, senderAccount: account }
    const { sink } = front.queues
    await assert.rejects(sink.send(message), { name: 'QueueSinkError', code: 'AccessDenied' })
    const Policy = policyOf({
      Effect: 'Allow',
      Principal: { Service: 'sns.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: queueArn('q'),
      Condition: { ArnEquals: { 'aws:SourceArn': topic } },
    })
    await front.call('SetQueueAttributes', { QueueUrl: url, Attributes: { Policy } })
    await sink.send({ ...message, attributes: { kind: { dataType: 'String', stringValue: 'x' } } })
    await assert.rejects(sink.send({ ...message, senderArn: `${topic}2` }), { code: 'AccessDenied' })
    await assert.rejects(sink.send({ ...message, queueArn: queueArn('r') }), { code: 'NonExistentQueue' })
    await assert.rejects(sink.send({ ...message, queueArn: 'nonsense' }), { code: 'NonExistentQueue' })
    await assert.rejects(sink.send({ ...message, body: 'x'.repeat(262_145) }), { code: 'TooLarge' })
    await assert.rejects(sink.send({ ...message, body: '\u0000' }), { code: 'InvalidMessage' })
    assert.equal(await sink.ownerOf(queueArn('q')), account)
    assert.equal(await sink.ownerOf(queueArn('r')), undefined)
    const [received] = await front.receive(url, { AttributeNames: ['SenderId'] })
    assert.equal(received?.Body, 'hello')
    assert.deepEqual(received.Attributes, { SenderId: 'sns.amazonaws.com' })
  })
})

describe('what is recorded', () => {
  test('changes as management events, messages as data events without what they say', async () => {
    await using front = await startQueues()
    const url = await front.createQueue('q', { VisibilityTimeout: '60' })
    await front.call('TagQueue', { QueueUrl: url, Tags: { Env: 'test' } })
    const attributes = { secret: { DataType: 'String', StringValue: 'the password' } }
    await front.call('SendMessage', { QueueUrl: url, MessageBody: 'the password', MessageAttributes: attributes })
    await front.call('SendMessageBatch', { QueueUrl: url, Entries: [{ Id: 'a', MessageBody: 'the password' }] })
    const [message] = await front.receive(url)
    await front.call('DeleteMessage', { QueueUrl: url, ReceiptHandle: message!.ReceiptHandle })
    await front.refusal('DeleteQueue', { QueueUrl: url }, { key: producerKey })
    const { calls } = front.selfTrail
    assert.deepEqual(
      calls.map(({ eventName, category, readOnly, eventSource }) => [eventName, category, readOnly, eventSource]),
      [
        ['CreateQueue', 'Management', false, 'sqs.amazonaws.com'],
        ['TagQueue', 'Management', false, 'sqs.amazonaws.com'],
        ['SendMessage', 'Data', false, 'sqs.amazonaws.com'],
        ['SendMessageBatch', 'Data', false, 'sqs.amazonaws.com'],
        ['ReceiveMessage', 'Data', true, 'sqs.amazonaws.com'],
        ['DeleteMessage', 'Data', false, 'sqs.amazonaws.com'],
        ['DeleteQueue', 'Management', false, 'sqs.amazonaws.com'],
      ],
    )
    assert.ok(!JSON.stringify(calls).includes('the password'))
    const [create, tag, sent, batch, received, , denied] = calls
    assert.deepEqual(create?.requestParameters, { queueName: 'q', attributes: { VisibilityTimeout: '60' } })
    assert.deepEqual(create.responseElements, { queueUrl: url })
    assert.deepEqual(tag?.requestParameters, { queueUrl: url, tags: { Env: 'test' } })
    const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS'
    assert.deepEqual(sent?.requestParameters, { queueUrl: url, messageBody: hidden, messageAttributes: hidden })
    assert.deepEqual(Object.keys(sent.responseElements as object), [
      'mD5OfMessageBody',
      'mD5OfMessageAttributes',
      'messageId',
    ])
    assert.deepEqual(sent.resources, [{ accountId: account, type: 'AWS::SQS::Queue', ARN: queueArn('q') }])
    assert.deepEqual(batch?.requestParameters, { queueUrl: url, entries: [{ id: 'a', messageBody: hidden }] })
    assert.deepEqual(received?.requestParameters, { queueUrl: url, maxNumberOfMessages: 10 })
    assert.equal(received.responseElements, undefined)
    assert.equal(denied?.errorCode, 'AccessDenied')
    assert.equal(denied.requestParameters, undefined)
  })

  test('what cannot be recorded is not changed, and not said to have happened', async () => {
    await using front = await startQueues()
    const url = await front.createQueue()
    front.selfTrail.failing = true
    assert.equal(await front.refusal('CreateQueue', { QueueName: 'other' }), 'ServiceUnavailable')
    assert.equal(await front.refusal('DeleteQueue', { QueueUrl: url }), 'ServiceUnavailable')
    assert.equal(await front.refusal('SendMessage', { QueueUrl: url, MessageBody: 'x' }), 'ServiceUnavailable')
    front.selfTrail.failing = false
    assert.deepEqual((await front.call('ListQueues', {}))['QueueUrls'], [url])
  })
})

describe('long polling', () => {
  test('a receive that waits gets what is sent meanwhile', async () => {
    await using front = await startQueues()
    const url = await front.createQueue()
    const waiting = Array.from({ length: 3 }, () => front.receive(url, { WaitTimeSeconds: 20, MaxNumberOfMessages: 1 }))
    await untilWaiting(front, 3)
    const Entries = ['a', 'b', 'c'].map((Id) => ({ Id, MessageBody: Id }))
    await front.call('SendMessageBatch', { QueueUrl: url, Entries })
    const received = (await Promise.all(waiting)).flat().map(({ Body }) => Body)
    assert.deepEqual(received.sort(), ['a', 'b', 'c'])
  })

  test('and what becomes visible again', async () => {
    await using front = await startQueues()
    const url = await front.createQueue()
    await front.call('SendMessage', { QueueUrl: url, MessageBody: 'x' })
    await front.receive(url)
    const waiting = front.receive(url, { WaitTimeSeconds: 20 })
    await untilWaiting(front, 1)
    front.clock.now += 31_000
    await front.runJobs()
    assert.equal((await waiting)[0]?.Body, 'x')
  })

  test('ends with the server, and when the queue is deleted', async () => {
    await using front = await startQueues()
    const url = await front.createQueue('kept')
    const deleted = await front.createQueue('deleted')
    const kept = front.receive(url, { WaitTimeSeconds: 20 })
    const gone = front.refusal('ReceiveMessage', { QueueUrl: deleted, WaitTimeSeconds: 20 })
    await untilWaiting(front, 2)
    await front.call('DeleteQueue', { QueueUrl: deleted })
    assert.equal(await gone, 'AWS.SimpleQueueService.NonExistentQueue')
    front.queues.endWaits()
    assert.deepEqual(await kept, [])
    assert.deepEqual(await front.receive(url, { WaitTimeSeconds: 20 }), [])
  })

  test('a client that goes away leaves, and takes no message with it', async () => {
    await using front = await startQueues()
    const url = await front.createQueue()
    const body = JSON.stringify({ QueueUrl: url, WaitTimeSeconds: 20 })
    const { host, port } = front.server
    const headers = signRequest(
      {
        method: 'POST',
        target: '/',
        headers: {
          host: `${host}:${port}`,
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': 'AmazonSQS.ReceiveMessage',
        },
        body: Buffer.from(body),
      },
      { ...exampleKey, region: 'eu-west-1', service: 'sqs' },
      Date.now(),
    )
    const client = httpRequest({ host, port, method: 'POST', path: '/', headers }).on('error', () => {})
    client.end(body)
    await untilWaiting(front, 1)
    const closed = new Promise((resolve) => client.once('close', resolve))
    client.destroy()
    await closed
    await untilWaiting(front, 0)
    await front.call('SendMessage', { QueueUrl: url, MessageBody: 'x' })
    assert.equal((await front.receive(url))[0]?.Body, 'x')
  })

  test('more waiters than there may be are told to come back', async () => {
    await using front = await startQueues({ waitersMax: 1 })
    const url = await front.createQueue()
    const first = front.receive(url, { WaitTimeSeconds: 20 })
    await untilWaiting(front, 1)
    assert.equal(await front.refusal('ReceiveMessage', { QueueUrl: url, WaitTimeSeconds: 20 }), 'RequestThrottled')
    await front.call('SendMessage', { QueueUrl: url, MessageBody: 'x' })
    assert.equal((await first)[0]?.Body, 'x')
  })
})

describe('queues', () => {
  test('outlive the process with their messages, receipt handles and deduplication', async () => {
    const control = createMemoryControlStore()
    const first = await startQueues({ control })
    const attributes = { FifoQueue: 'true', ContentBasedDeduplication: 'true' }
    const url = new URL(await first.createQueue('q.fifo', attributes)).pathname
    const sending = { QueueUrl: url, MessageBody: 'x', MessageGroupId: 'g' }
    const { MessageId } = await first.call('SendMessage', sending)
    const [message] = await first.receive(url)
    await first[Symbol.asyncDispose]()
    await using second = await startQueues({ control: control.crash() })
    assert.equal((await second.call('SendMessage', sending))['MessageId'], MessageId)
    assert.deepEqual(await second.receive(url), [])
    await second.call('DeleteMessage', { QueueUrl: url, ReceiptHandle: message!.ReceiptHandle })
    second.clock.now += 400_000
    assert.deepEqual(await second.receive(url), [])
    await second.call('SendMessage', sending)
    assert.equal((await second.receive(url)).length, 1)
  })

  test('a queue that is made again under its name has none of the messages before it', async () => {
    await using front = await startQueues()
    const url = await front.createQueue()
    await front.call('SendMessage', { QueueUrl: url, MessageBody: 'x' })
    const [message] = await front.receive(url, { VisibilityTimeout: 0 })
    await front.call('DeleteQueue', { QueueUrl: url })
    await front.createQueue()
    assert.deepEqual(await front.receive(url), [])
    // A handle of the old queue's message is none of this one's.
    await front.call('DeleteMessage', { QueueUrl: url, ReceiptHandle: message!.ReceiptHandle })
    await front.runJobs()
    assert.deepEqual(await front.control.list('queues/content/'), [])
  })

  test('messages that were received too often go to the dead-letter queue', async () => {
    await using front = await startQueues()
    const target = await front.createQueue('dead')
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: queueArn('dead'), maxReceiveCount: 2 })
    const url = await front.createQueue('q', { VisibilityTimeout: '0', RedrivePolicy })
    const sent = await front.call('SendMessage', { QueueUrl: url, MessageBody: 'x' })
    for (let receives = 0; receives < 2; receives++) assert.equal((await front.receive(url)).length, 1)
    assert.deepEqual(await front.receive(url), [])
    const [dead] = await front.receive(target, { AttributeNames: ['All'] })
    assert.equal(dead?.MessageId, sent['MessageId'])
    assert.equal(dead?.Attributes?.['DeadLetterQueueSourceArn'], queueArn('q'))
    assert.deepEqual((await front.call('ListDeadLetterSourceQueues', { QueueUrl: target }))['queueUrls'], [url])
  })

  test('a dead-letter queue has to be there, of the same kind, and willing', async () => {
    await using front = await startQueues()
    const redriveTo = (name: string) => ({
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn(name), maxReceiveCount: '3' }),
    })
    const create = (name: string, target: string) =>
      front.refusal('CreateQueue', { QueueName: name, Attributes: redriveTo(target) })
    assert.equal(await create('q', 'nope'), 'InvalidParameterValue')
    assert.equal(await create('q', 'q'), 'InvalidParameterValue')
    await front.createQueue('f.fifo', { FifoQueue: 'true' })
    assert.equal(await create('q', 'f.fifo'), 'InvalidParameterValue')
    await front.createQueue('shut', { RedriveAllowPolicy: '{"redrivePermission":"denyAll"}' })
    assert.equal(await create('q', 'shut'), 'InvalidParameterValue')
    const onlyR = { redrivePermission: 'byQueue', sourceQueueArns: [queueArn('r')] }
    await front.createQueue('some', { RedriveAllowPolicy: JSON.stringify(onlyR) })
    assert.equal(await create('q', 'some'), 'InvalidParameterValue')
    await front.createQueue('r', redriveTo('some'))
  })

  test('pages of queues follow one another', async () => {
    await using front = await startQueues()
    for (const name of ['a', 'b', 'c']) await front.createQueue(name)
    const first = await front.call('ListQueues', { MaxResults: 2 })
    assert.equal((first['QueueUrls'] as string[]).length, 2)
    const second = await front.call('ListQueues', { MaxResults: 2, NextToken: first['NextToken'] })
    assert.ok((second['QueueUrls'] as string[])[0]?.endsWith('/c'))
    assert.equal(second['NextToken'], undefined)
    assert.equal(await front.refusal('ListQueues', { MaxResults: 2, NextToken: '%%' }), 'InvalidParameterValue')
  })

  test('a queue is of its Region', async () => {
    await using front = await startQueues()
    const url = await front.createQueue()
    const elsewhere = { region: 'us-east-1' }
    assert.equal(
      await front.refusal('SendMessage', { QueueUrl: url, MessageBody: 'x' }, elsewhere),
      'AWS.SimpleQueueService.NonExistentQueue',
    )
  })
})

/** Until so many receives wait. */
async function untilWaiting(front: Awaited<ReturnType<typeof startQueues>>, count: number): Promise<void> {
  const deadline = performance.now() + 60_000
  while (front.queues.waiting() !== count) {
    assert.ok(performance.now() < deadline, `${front.queues.waiting()} receives wait instead of ${count}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
