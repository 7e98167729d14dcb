import assert from 'node:assert/strict'
import { createPublicKey, verify, X509Certificate } from 'node:crypto'
import { afterEach, beforeEach, describe, test } from 'vitest'
import {
  auditorKey,
  element,
  elements,
  entries,
  producerKey,
  queueArnOf,
  startSubscriber,
  startTopics,
  topicArnOf,
  trailPolicy,
  type TopicsRig,
} from './topics.testing.ts'

let rig: TopicsRig
beforeEach(async () => {
  rig = await startTopics()
})
afterEach(async () => {
  assert.deepEqual(rig.faults, [])
  await rig.close()
})

const queue = queueArnOf('files')

describe('topics', () => {
  test('a topic is created once, whoever asks again, and is listed with its owner’s policy', async () => {
    const arn = await rig.createTopic('trail')
    assert.equal(arn, topicArnOf('trail'))
    assert.equal(await rig.createTopic('trail'), arn)
    assert.deepEqual(elements(await rig.call({ Action: 'ListTopics' }), 'TopicArn'), [arn])
    const attributes = await rig.call({ Action: 'GetTopicAttributes', TopicArn: arn })
    assert.ok(attributes.includes('__default_policy_ID'))
    assert.deepEqual(
      rig.trail.calls.map(({ eventName, eventSource }) => `${eventSource} ${eventName}`),
      ['CreateTopic', 'CreateTopic', 'ListTopics', 'GetTopicAttributes'].map((name) => `sns.amazonaws.com ${name}`),
    )
    assert.deepEqual(rig.trail.calls[0]!.responseElements, { TopicArn: arn })
    assert.match(
      await rig.refusal({ Action: 'CreateTopic', Name: 'trail', ...entries('Attributes', { DisplayName: 'x' }) }),
      /^InvalidParameter: .*already exists with different attributes/,
    )
  })

  test('what a topic cannot be is refused in SNS’s words', async () => {
    const refusal = (members: Record<string, string>) => rig.refusal({ Action: 'CreateTopic', ...members })
    assert.match(await refusal({ Name: 'a.fifo' }), /^InvalidParameter: .*FIFO topics are not built/)
    assert.match(await refusal({ Name: 'a b' }), /^InvalidParameter: Invalid parameter: Topic Name$/)
    assert.match(await refusal({ Name: 'x'.repeat(257) }), /^InvalidParameter/)
    assert.match(await refusal({}), /^InvalidParameter/)
    for (const [key, value] of [
      ['FifoTopic', 'true'],
      ['Policy', '{"Statement": []}'],
      ['SignatureVersion', '3'],
      ['DeliveryPolicy', '{"http":{"defaultThrottlePolicy":{"maxReceivesPerSecond":1}}}'],
      ['DeliveryPolicy', '{"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}}'],
      ['Colour', 'red'],
    ] as const)
      assert.match(await refusal({ Name: 'a', ...entries('Attributes', { [key]: value }) }), /^InvalidParameter/, key)
    assert.match(await rig.refusal({ Action: 'GetTopicAttributes', TopicArn: topicArnOf('none') }), /^NotFound/)
    assert.match(await rig.refusal({ Action: 'GetTopicAttributes', TopicArn: 'none' }), /^InvalidParameter/)
    assert.match(await rig.refusal({ Action: 'CreatePlatformApplication' }), /^InvalidAction/)
  })

  test('attributes, permissions and tags are kept and given back', async () => {
    const TopicArn = await rig.createTopic('trail')
    const set = (AttributeName: string, AttributeValue: string) =>
      rig.call({ Action: 'SetTopicAttributes', TopicArn, AttributeName, AttributeValue })
    await set('Policy', trailPolicy('trail'))
    await set('SignatureVersion', '2')
    await rig.call({
      Action: 'AddPermission',
      TopicArn,
      Label: 'partner',
      'AWSAccountId.member.1': '999988887777',
      'ActionName.member.1': 'Subscribe',
    })
    const answer = await rig.call({ Action: 'GetTopicAttributes', TopicArn })
    const values = new Map(elements(answer, 'key').map((key, index) => [key, elements(answer, 'value')[index]!]))
    const policy = JSON.parse(values.get('Policy')!) as { Statement: { Sid: string }[] }
    assert.deepEqual(
      policy.Statement.map(({ Sid }) => Sid),
      ['AWSCloudTrailSNSPolicy20150319', 'partner'],
    )
    assert.equal(values.get('SignatureVersion'), '2')
    await rig.call({ Action: 'RemovePermission', TopicArn, Label: 'partner' })
    assert.match(await rig.refusal({ Action: 'RemovePermission', TopicArn, Label: 'partner' }), /^NotFound/)

    const tag = { ResourceArn: TopicArn, 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': 'security' }
    await rig.call({ Action: 'TagResource', ...tag })
    assert.deepEqual(elements(await rig.call({ Action: 'ListTagsForResource', ResourceArn: TopicArn }), 'Key'), [
      'team',
    ])
    await rig.call({ Action: 'UntagResource', ResourceArn: TopicArn, 'TagKeys.member.1': 'team' })
    assert.deepEqual(elements(await rig.call({ Action: 'ListTagsForResource', ResourceArn: TopicArn }), 'Key'), [])
    const unknown = { Action: 'ListTagsForResource', ResourceArn: topicArnOf('none') }
    assert.match(await rig.refusal(unknown), /^ResourceNotFound/)
  })

  test('lists come in pages of a hundred, each topic once', async () => {
    for (let n = 0; n < 203; n++) await rig.createTopic(`t${String(n).padStart(3, '0')}`)
    const seen: string[] = []
    for (let NextToken = ''; ;) {
      const page = await rig.call({ Action: 'ListTopics', NextToken })
      seen.push(...elements(page, 'TopicArn'))
      NextToken = element(page, 'NextToken')
      if (NextToken === '') break
    }
    assert.equal(seen.length, 203)
    assert.equal(new Set(seen).size, 203)
    assert.match(await rig.refusal({ Action: 'ListTopics', NextToken: '!' }), /^InvalidParameter/)
  })

  test('a deleted topic takes its subscriptions with it, and deleting it again succeeds', async () => {
    const TopicArn = await rig.createTopic('trail')
    await rig.subscribe(TopicArn, 'sqs', queue)
    await rig.call({ Action: 'DeleteTopic', TopicArn })
    await rig.call({ Action: 'DeleteTopic', TopicArn })
    assert.deepEqual(elements(await rig.call({ Action: 'ListSubscriptions' }), 'SubscriptionArn'), [])
    assert.match(await rig.refusal({ Action: 'Publish', TopicArn, Message: 'x' }), /^NotFound/)
  })
})

describe('who may', () => {
  test('an auditor reads, a producer does nothing, and a policy can let them and keep an administrator out', async () => {
    const TopicArn = await rig.createTopic('trail')
    const publish = { Action: 'Publish', TopicArn, Message: 'x' }
    await rig.call({ Action: 'GetTopicAttributes', TopicArn }, { key: auditorKey })
    for (const [key, action] of [
      [auditorKey, publish],
      [auditorKey, { Action: 'CreateTopic', Name: 'other' }],
      [producerKey, publish],
      [producerKey, { Action: 'GetTopicAttributes', TopicArn }],
      [producerKey, { Action: 'ListTopics' }],
    ] as const)
      assert.match(await rig.refusal(action, { key }), /^AuthorizationError: User: arn:aws:iam::/)
    const denied = rig.trail.calls.at(-1)!
    assert.deepEqual([denied.errorCode, denied.requestParameters], ['AuthorizationError', undefined])

    const statement = (Effect: string, Action: string) => ({ Effect, Principal: '*', Action, Resource: TopicArn })
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [statement('Allow', 'SNS:Publish'), statement('Deny', 'SNS:Subscribe')],
    })
    const set = { Action: 'SetTopicAttributes', TopicArn, AttributeName: 'Policy', AttributeValue: Policy }
    await rig.call(set)
    await rig.call(publish, { key: producerKey })
    const subscribe = { Action: 'Subscribe', TopicArn, Protocol: 'sqs', Endpoint: queue }
    assert.match(await rig.refusal(subscribe), /^AuthorizationError/)
  })

  test('a trail publishes only where the policy lets CloudTrail', async () => {
    const refused = await rig.createTopic('refused')
    const open = await rig.createTopic('open', { Policy: trailPolicy('open') })
    const failure = (arn: string) =>
      rig.publish(arn, 'x').then(
        () => 'taken',
        (error: { code: string }) => error.code,
      )
    assert.equal(await failure(refused), 'AuthorizationError')
    assert.equal(await failure(topicArnOf('none')), 'NotFound')
    assert.equal(await failure('nonsense'), 'NotFound')
    assert.equal(await failure(open), 'taken')
  })

  test('calls that nobody signed, or signed wrongly, get SNS’s own codes', async () => {
    assert.match(
      await rig.refusal({ Action: 'ListTopics' }, { key: { ...producerKey, secretAccessKey: 'wrong' } }),
      /^SignatureDoesNotMatch/,
    )
    const stranger = { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x' }
    assert.match(await rig.refusal({ Action: 'ListTopics' }, { key: stranger }), /^InvalidClientTokenId/)
  })
})

describe('messages', () => {
  test('a queue gets the envelope, signed so that the certificate verifies it', async () => {
    const topic = await rig.createTopic('trail', { Policy: trailPolicy('trail') })
    const subscription = await rig.subscribe(topic, 'sqs', queue)
    for (const version of ['1', '2'] as const) {
      const value = { AttributeName: 'SignatureVersion', AttributeValue: version }
      await rig.call({ Action: 'SetTopicAttributes', TopicArn: topic, ...value })
      await rig.publish(topic, '{"s3Bucket":"audit-logs","s3ObjectKey":["AWSLogs/x.json.gz"]}')
      await rig.settle()
      const body = JSON.parse(rig.queues.sent.at(-1)!.body) as Record<string, string>
      assert.deepEqual(Object.keys(body), [
        'Type',
        'MessageId',
        'TopicArn',
        'Message',
        'Timestamp',
        'SignatureVersion',
        'Signature',
        'SigningCertURL',
        'UnsubscribeURL',
      ])
      assert.equal(body['Type'], 'Notification')
      assert.equal(body['TopicArn'], topic)
      assert.equal(body['Message'], '{"s3Bucket":"audit-logs","s3ObjectKey":["AWSLogs/x.json.gz"]}')
      assert.equal(body['Timestamp'], '2026-03-04T12:00:00.120Z')
      assert.equal(body['SignatureVersion'], version)
      assert.ok(body['UnsubscribeURL']!.includes(encodeURIComponent(subscription).replaceAll('%3A', ':')))
      const certificate = await rig.get(body['SigningCertURL']!)
      assert.equal(certificate.status, 200)
      assertSigned(body, certificate.text)
    }
    assert.equal(rig.queues.sent.length, 2)
    assert.equal(rig.queues.sent[0]!.senderArn, topic)
  })

  test('the certificate is X.509 that signs itself', async () => {
    const topic = await rig.createTopic('trail', { Policy: trailPolicy('trail') })
    await rig.subscribe(topic, 'sqs', queue)
    await rig.publish(topic, 'x')
    await rig.settle()
    const { SigningCertURL } = JSON.parse(rig.queues.sent[0]!.body) as Record<string, string>
    const certificate = new X509Certificate((await rig.get(SigningCertURL!)).text)
    assert.ok(certificate.verify(certificate.publicKey))
    assert.equal(certificate.subject, 'CN=OpenTrail topics')
    assert.ok(Date.parse(certificate.validTo) - Date.now() > 19 * 365 * 86_400_000)
  })

  test('raw delivery is the message itself with its attributes', async () => {
    const TopicArn = await rig.createTopic('trail')
    await rig.subscribe(TopicArn, 'sqs', queue, { RawMessageDelivery: 'true' })
    await rig.call({
      Action: 'Publish',
      TopicArn,
      Message: 'ä "quoted" 😀',
      'MessageAttributes.entry.1.Name': 'kind',
      'MessageAttributes.entry.1.Value.DataType': 'String',
      'MessageAttributes.entry.1.Value.StringValue': 'file',
    })
    await rig.settle()
    const [message] = rig.queues.sent
    assert.equal(message!.body, 'ä "quoted" 😀')
    assert.deepEqual(message!.attributes, { kind: { dataType: 'String', stringValue: 'file' } })
  })

  test('a publish is recorded as a data event of the topic, without what it says', async () => {
    const TopicArn = await rig.createTopic('trail')
    const answer = await rig.call({ Action: 'Publish', TopicArn, Message: 'a secret', Subject: 'another' })
    const { category, requestParameters, responseElements, resources } = rig.trail.calls.at(-1)!
    assert.equal(category, 'Data')
    const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS'
    assert.deepEqual(requestParameters, { TopicArn, Message: hidden, Subject: hidden })
    assert.deepEqual(responseElements, { MessageId: element(answer, 'MessageId') })
    assert.deepEqual(resources, [{ accountId: '111122223333', type: 'AWS::SNS::Topic', ARN: TopicArn }])
  })

  test('a batch answers for each entry by itself', async () => {
    const TopicArn = await rig.createTopic('trail')
    await rig.subscribe(TopicArn, 'sqs', queue, { RawMessageDelivery: 'true' })
    const entry = (n: number, Id: string, Message: string) => ({
      [`PublishBatchRequestEntries.member.${n}.Id`]: Id,
      [`PublishBatchRequestEntries.member.${n}.Message`]: Message,
    })
    const batch = { Action: 'PublishBatch', TopicArn }
    const answer = await rig.call({
      ...batch,
      ...entry(1, 'a', 'one'),
      ...entry(2, 'b', ''),
      ...entry(3, 'c', 'three'),
    })
    assert.deepEqual(elements(answer, 'Id'), ['a', 'c', 'b'])
    assert.deepEqual(elements(answer, 'Code'), ['InvalidParameter'])
    await rig.settle()
    assert.deepEqual(rig.queues.sent.map(({ body }) => body).sort(), ['one', 'three'])
    assert.match(await rig.refusal(batch), /^EmptyBatchRequest/)
    assert.match(
      await rig.refusal({ ...batch, ...entry(1, 'a', 'x'), ...entry(2, 'a', 'y') }),
      /^BatchEntryIdsNotDistinct/,
    )
    const many = Object.assign({}, ...Array.from({ length: 11 }, (_, n) => entry(n + 1, `e${n}`, 'x'))) as object
    assert.match(await rig.refusal({ ...batch, ...many }), /^TooManyEntriesInBatchRequest/)
  })

  test('what a message cannot be is refused', async () => {
    const TopicArn = await rig.createTopic('trail')
    const refusal = (members: Record<string, string>) => rig.refusal({ Action: 'Publish', TopicArn, ...members })
    assert.match(await refusal({}), /^InvalidParameter: .*Empty message/)
    assert.match(await refusal({ Message: 'a\u0001' }), /^InvalidParameter/)
    assert.match(await refusal({ Message: 'x'.repeat(262_145) }), /^InvalidParameter: .*too long/)
    assert.match(await refusal({ Message: 'x', Subject: 'x'.repeat(101) }), /^InvalidParameter: .*Subject/)
    assert.match(await refusal({ Message: 'x', MessageStructure: 'json' }), /^InvalidParameter: .*failed to parse/)
    assert.match(await refusal({ Message: '{}', MessageStructure: 'json' }), /^InvalidParameter: .*No default entry/)
    assert.match(await refusal({ Message: 'x', MessageGroupId: 'g' }), /^InvalidParameter/)
    assert.match(await refusal({ Message: 'x', PhoneNumber: '+15550100' }), /^InvalidParameter/)
    await rig.call({ Action: 'Publish', TopicArn, Message: 'x'.repeat(262_144) })
  })

  test('a text for each protocol goes to its own', async () => {
    const TopicArn = await rig.createTopic('trail')
    await rig.subscribe(TopicArn, 'sqs', queue, { RawMessageDelivery: 'true' })
    const Message = JSON.stringify({ default: 'for all', sqs: 'for queues' })
    await rig.call({ Action: 'Publish', TopicArn, Message, MessageStructure: 'json' })
    await rig.settle()
    assert.equal(rig.queues.sent[0]!.body, 'for queues')
  })

  test('one failing queue holds up no other, is tried again, and its dead letters go where they should', async () => {
    const TopicArn = await rig.createTopic('trail')
    const [bad, good, dead] = ['bad', 'good', 'dead'].map((name) => queueArnOf(name)) as [string, string, string]
    await rig.subscribe(TopicArn, 'sqs', bad, { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead }) })
    await rig.subscribe(TopicArn, 'sqs', good)
    rig.queues.failures.set(bad, 'Unavailable')
    await rig.call({ Action: 'Publish', TopicArn, Message: 'first' })
    await rig.settle()
    assert.equal(rig.queues.bodies(good).length, 1)
    assert.equal(rig.topics.backlog(), 1)
    rig.queues.failures.delete(bad)
    rig.time.now += 1_000
    await rig.settle()
    assert.equal(rig.queues.bodies(bad).length, 1)
    // What the queue itself refuses is not repeated.
    rig.queues.failures.set(bad, 'AccessDenied')
    await rig.call({ Action: 'Publish', TopicArn, Message: 'second' })
    await rig.settle()
    const [letter] = rig.queues.bodies(dead)
    assert.equal((JSON.parse(letter!.body) as { Message: string }).Message, 'second')
    assert.equal(rig.topics.backlog(), 0)
    assert.deepEqual(
      rig.told.lost.map(({ reason, isDeadLettered }) => [reason, isDeadLettered]),
      [['undeliverable', true]],
    )
  })

  test('a subscriber that has more waiting than is kept loses messages, and only that one', async () => {
    await rig.close()
    rig = await startTopics({ limits: { pendingMax: 3 } })
    const TopicArn = await rig.createTopic('trail')
    await rig.subscribe(TopicArn, 'sqs', queueArnOf('bad'))
    await rig.subscribe(TopicArn, 'sqs', queueArnOf('good'))
    rig.queues.failures.set(queueArnOf('bad'), 'Unavailable')
    for (let n = 0; n < 5; n++) {
      await rig.call({ Action: 'Publish', TopicArn, Message: String(n) })
      await rig.settle()
    }
    assert.equal(rig.queues.bodies(queueArnOf('good')).length, 5)
    assert.equal(rig.topics.backlog(), 3)
    assert.deepEqual(
      rig.told.lost.map(({ reason }) => reason),
      ['queue-full', 'queue-full'],
    )
  })
})

describe('subscriptions', () => {
  test('an own queue is subscribed at once; what is not built says so', async () => {
    const TopicArn = await rig.createTopic('trail')
    const arn = await rig.subscribe(TopicArn, 'sqs', queue)
    assert.equal(await rig.subscribe(TopicArn, 'sqs', queue), arn)
    const list = await rig.call({ Action: 'ListSubscriptionsByTopic', TopicArn })
    assert.deepEqual([elements(list, 'SubscriptionArn'), elements(list, 'Endpoint')], [[arn], [queue]])
    const subscribe = (Protocol: string, Endpoint: string, more = {}) =>
      rig.refusal({ Action: 'Subscribe', TopicArn, Protocol, Endpoint, ...more })
    assert.match(await subscribe('email', 'a@example.com'), /^InvalidParameter: .*not built/)
    assert.match(await subscribe('pigeon', 'x'), /^InvalidParameter: .*does not support this protocol/)
    assert.match(await subscribe('sqs', `${queue}.fifo`), /^InvalidParameter: .*FIFO SQS Queues/)
    assert.match(await subscribe('sqs', 'https://sqs'), /^InvalidParameter: .*SQS endpoint ARN/)
    assert.match(await subscribe('http', 'https://example.com/'), /^InvalidParameter/)
    const replay = entries('Attributes', { ReplayPolicy: '{"PointType":"Timestamp"}' })
    assert.match(await subscribe('sqs', queueArnOf('other'), replay), /^InvalidParameter: .*ReplayPolicy is not built/)
    await rig.call({ Action: 'Unsubscribe', SubscriptionArn: arn })
    await rig.call({ Action: 'Unsubscribe', SubscriptionArn: arn })
    await rig.call({ Action: 'Publish', TopicArn, Message: 'x' })
    await rig.settle()
    assert.equal(rig.queues.sent.length, 0)
  })

  test('an own queue that left by a message’s link is back at once when it is subscribed again', async () => {
    const TopicArn = await rig.createTopic('trail')
    const arn = await rig.subscribe(TopicArn, 'sqs', queue)
    await rig.call({ Action: 'Publish', TopicArn, Message: 'x' })
    await rig.settle()
    const { UnsubscribeURL = '' } = JSON.parse(rig.queues.sent[0]!.body) as Record<string, string>
    assert.equal((await rig.get(UnsubscribeURL)).status, 200)
    const owned = async () => elements(await rig.call({ Action: 'ListSubscriptions' }), 'SubscriptionArn')
    assert.deepEqual(await owned(), ['PendingConfirmation'])
    await rig.subscribe(TopicArn, 'sqs', queue)
    assert.deepEqual(await owned(), [arn])
  })

  test('a filter policy keeps what it does not take from its subscriber alone', async () => {
    const TopicArn = await rig.createTopic('trail')
    const byAttribute = { FilterPolicy: '{"kind":["digest"]}' }
    const byBody = { FilterPolicyScope: 'MessageBody', FilterPolicy: '{"s3":{"key":[{"suffix":".gz"}]}}' }
    await rig.subscribe(TopicArn, 'sqs', queueArnOf('all'))
    await rig.subscribe(TopicArn, 'sqs', queueArnOf('digests'), byAttribute)
    await rig.subscribe(TopicArn, 'sqs', queueArnOf('files'), byBody)
    const [digest, file] = [JSON.stringify({ s3: { key: 'digest' } }), JSON.stringify({ s3: { key: 'log.gz' } })]
    const kind = {
      'MessageAttributes.entry.1.Name': 'kind',
      'MessageAttributes.entry.1.Value.DataType': 'String',
      'MessageAttributes.entry.1.Value.StringValue': 'digest',
    }
    await rig.call({ Action: 'Publish', TopicArn, Message: digest, ...kind })
    await rig.call({ Action: 'Publish', TopicArn, Message: file })
    await rig.settle()
    const messagesOf = (name: string) =>
      rig.queues.bodies(queueArnOf(name)).map(({ body }) => (JSON.parse(body) as { Message: string }).Message)
    assert.deepEqual(messagesOf('all').sort(), [digest, file].sort())
    assert.deepEqual(messagesOf('digests'), [digest])
    assert.deepEqual(messagesOf('files'), [file])
  })

  test('a filter policy is checked with its scope, read and cleared', async () => {
    const TopicArn = await rig.createTopic('trail')
    const SubscriptionArn = await rig.subscribe(TopicArn, 'sqs', queue)
    const change = (AttributeName: string, AttributeValue: string) =>
      ({ Action: 'SetSubscriptionAttributes', SubscriptionArn, AttributeName, AttributeValue }) as const
    const nested = '{"a":{"b":["c"]}}'
    assert.match(await rig.refusal(change('FilterPolicy', nested)), /^InvalidParameter: .*does not support nested/)
    assert.match(await rig.refusal(change('FilterPolicy', '{"a":[{"wildcard":"*"}]}')), /^InvalidParameter: .*wildcard/)
    assert.match(await rig.refusal(change('FilterPolicyScope', 'Subject')), /^InvalidParameter/)
    await rig.call(change('FilterPolicyScope', 'MessageBody'))
    await rig.call(change('FilterPolicy', nested))
    assert.match(await rig.refusal(change('FilterPolicyScope', 'MessageAttributes')), /nested/)
    const read = async () => elements(await rig.call({ Action: 'GetSubscriptionAttributes', SubscriptionArn }), 'value')
    assert.ok((await read()).includes(nested) && (await read()).includes('MessageBody'))
    await rig.call(change('FilterPolicy', ''))
    assert.ok(!(await read()).includes(nested))
  })

  test('attributes of a subscription are set, read and cleared', async () => {
    const TopicArn = await rig.createTopic('trail')
    const SubscriptionArn = await rig.subscribe(TopicArn, 'sqs', queue)
    const set = (AttributeName: string, AttributeValue: string) =>
      rig.call({ Action: 'SetSubscriptionAttributes', SubscriptionArn, AttributeName, AttributeValue })
    await set('RawMessageDelivery', 'true')
    const redrive = JSON.stringify({ deadLetterTargetArn: queueArnOf('dead') })
    await set('RedrivePolicy', redrive)
    const read = async () => {
      const answer = await rig.call({ Action: 'GetSubscriptionAttributes', SubscriptionArn })
      return new Map(elements(answer, 'key').map((key, index) => [key, elements(answer, 'value')[index]!]))
    }
    const values = await read()
    assert.deepEqual(
      ['RawMessageDelivery', 'RedrivePolicy', 'PendingConfirmation', 'ConfirmationWasAuthenticated', 'Owner'].map(
        (name) => values.get(name),
      ),
      ['true', redrive, 'false', 'true', '111122223333'],
    )
    await set('RedrivePolicy', '')
    assert.equal((await read()).has('RedrivePolicy'), false)
  })

  test('a queue of another account is asked first', async () => {
    const TopicArn = await rig.createTopic('trail')
    const theirs = queueArnOf('files', '999988887777')
    const members = { Action: 'Subscribe', TopicArn, Protocol: 'sqs', Endpoint: theirs }
    assert.equal(element(await rig.call(members), 'SubscriptionArn'), 'pending confirmation')
    await rig.call({ Action: 'Publish', TopicArn, Message: 'x' })
    await rig.settle()
    const [request, ...more] = rig.queues.bodies(theirs).map(({ body }) => JSON.parse(body) as Record<string, string>)
    assert.deepEqual([request!['Type'], more.length], ['SubscriptionConfirmation', 0])
  })
})

describe('an HTTP endpoint', () => {
  let endpoint: Awaited<ReturnType<typeof startSubscriber>>
  afterEach(() => endpoint.close())

  test('confirms by the link, gets signed messages, unsubscribes by the link and can take that back', async () => {
    endpoint = await startSubscriber()
    const TopicArn = await rig.createTopic('trail')
    const arn = await rig.subscribe(TopicArn, 'http', endpoint.url)
    await rig.call({ Action: 'Publish', TopicArn, Message: 'too early' })
    await rig.settle()
    assert.equal(endpoint.taken.length, 1)
    const [request] = endpoint.messages()
    assert.equal(request!['Type'], 'SubscriptionConfirmation')
    const { headers } = endpoint.taken[0]!
    assert.equal(headers['x-amz-sns-message-type'], 'SubscriptionConfirmation')
    assert.equal(headers['x-amz-sns-topic-arn'], TopicArn)
    assert.equal(headers['content-type'], 'text/plain; charset=UTF-8')
    const pem = (await rig.get(request!['SigningCertURL']!)).text
    assertSigned(request!, pem)

    const confirmed = await rig.get(request!['SubscribeURL']!)
    assert.equal(element(confirmed.text, 'SubscriptionArn'), arn)
    assert.equal((await rig.get(request!['SubscribeURL']!)).status, 200)
    const { eventName, identity, requestParameters } = rig.trail.calls.at(-1)!
    assert.deepEqual([eventName, identity.kind], ['ConfirmSubscription', 'unknown-key'])
    assert.deepEqual(requestParameters, { TopicArn, Token: 'HIDDEN_DUE_TO_SECURITY_REASONS' })

    await rig.call({ Action: 'Publish', TopicArn, Message: 'hello' })
    await rig.settle()
    const notification = endpoint.messages().at(-1)!
    assert.deepEqual([notification['Type'], notification['Message']], ['Notification', 'hello'])
    assert.equal(endpoint.taken.at(-1)!.headers['x-amz-sns-subscription-arn'], arn)
    assertSigned(notification, pem)

    assert.equal((await rig.get(notification['UnsubscribeURL']!)).status, 200)
    await rig.settle()
    const farewell = endpoint.messages().at(-1)!
    assert.equal(farewell['Type'], 'UnsubscribeConfirmation')
    assertSigned(farewell, pem)
    await rig.call({ Action: 'Publish', TopicArn, Message: 'unheard' })
    await rig.settle()
    assert.equal(endpoint.messages().at(-1)!['Type'], 'UnsubscribeConfirmation')
    await rig.get(farewell['SubscribeURL']!)
    await rig.call({ Action: 'Publish', TopicArn, Message: 'heard again' })
    await rig.settle()
    assert.equal(endpoint.messages().at(-1)!['Message'], 'heard again')
  })

  test('only the token that was sent confirms, and not after two days; who only looks does not confirm', async () => {
    endpoint = await startSubscriber()
    const TopicArn = await rig.createTopic('trail')
    const arn = await rig.subscribe(TopicArn, 'http', endpoint.url)
    await rig.settle()
    const { SubscribeURL = '', Token = '' } = endpoint.messages()[0]!
    const wrong = `${Token.slice(0, -1)}${Token.endsWith('0') ? '1' : '0'}`
    assert.equal(element((await rig.get(SubscribeURL.replace(Token, wrong))).text, 'Code'), 'InvalidParameter')
    assert.match(await rig.refusal({ Action: 'ConfirmSubscription', TopicArn, Token: wrong }), /^InvalidParameter/)
    const list = () => rig.call({ Action: 'ListSubscriptions' })
    assert.deepEqual(elements(await list(), 'SubscriptionArn'), ['PendingConfirmation'])
    rig.time.now += 3 * 86_400_000
    assert.equal(element((await rig.get(SubscribeURL)).text, 'Code'), 'InvalidParameter')
    for (const job of rig.topics.jobs) if ('everyMs' in job) await job.run(rig.time.now)
    assert.deepEqual(elements(await list(), 'SubscriptionArn'), [])
    assert.ok(arn.startsWith(TopicArn))
  })

  test('asked for once more, an endpoint gets a token that makes the one before worthless', async () => {
    endpoint = await startSubscriber()
    const topic = await rig.createTopic('trail')
    const arn = await rig.subscribe(topic, 'http', endpoint.url)
    await rig.settle()
    rig.time.now += 47 * 3_600_000
    assert.equal(await rig.subscribe(topic, 'http', endpoint.url), arn)
    await rig.settle()
    rig.time.now += 24 * 3_600_000
    const [first, second] = endpoint.messages().map(({ SubscribeURL = '' }) => SubscribeURL) as [string, string]
    assert.equal(element((await rig.get(first)).text, 'Code'), 'InvalidParameter')
    assert.equal((await rig.get(second)).status, 200)
  })

  test('a signed confirmation can demand a signature to unsubscribe', async () => {
    endpoint = await startSubscriber()
    const TopicArn = await rig.createTopic('trail')
    const SubscriptionArn = await rig.subscribe(TopicArn, 'http', endpoint.url)
    await rig.settle()
    const { Token = '' } = endpoint.messages()[0]!
    await rig.call({ Action: 'ConfirmSubscription', TopicArn, Token, AuthenticateOnUnsubscribe: 'true' })
    await rig.call({ Action: 'Publish', TopicArn, Message: 'x' })
    await rig.settle()
    const { UnsubscribeURL = '' } = endpoint.messages().at(-1)!
    assert.equal(element((await rig.get(UnsubscribeURL)).text, 'Code'), 'AuthorizationError')
    await rig.call({ Action: 'Unsubscribe', SubscriptionArn })
  })
})

/** As AWS's libraries do it: the names that are there, in their order, under the certificate's key. */
function assertSigned(message: Readonly<Record<string, string>>, pem: string): void {
  const names =
    message['Type'] === 'Notification'
      ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
      : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
  const text = names.flatMap((name) => (name in message ? [`${name}\n${message[name]}\n`] : [])).join('')
  const algorithm = message['SignatureVersion'] === '1' ? 'sha1' : 'sha256'
  const signature = Buffer.from(message['Signature']!, 'base64')
  assert.ok(verify(algorithm, Buffer.from(text), createPublicKey(pem), signature))
}
