import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import {
  CloudTrailClient,
  ListChannelsCommand,
  LookupEventsCommand,
  paginateLookupEvents,
  type Event,
  type LookupEventsCommandInput,
} from '@aws-sdk/client-cloudtrail'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { record } from './records.ts'
import { credentials, sendEvents, startTestServer } from './test-server.ts'

let server: RunningServer
const clientOf = (region = 'us-east-1', identity = credentials) =>
  new CloudTrailClient({ endpoint: server.endpoint, region, credentials: identity, maxAttempts: 1 })

const lookup = async (input: LookupEventsCommandInput): Promise<Event[]> =>
  (await clientOf().send(new LookupEventsCommand(input))).Events!
const by = (AttributeKey: 'EventId' | 'EventName' | 'Username', AttributeValue: string) => ({
  LookupAttributes: [{ AttributeKey, AttributeValue }],
})

async function nameOfError(input: object, region?: string, identity?: typeof credentials): Promise<[string, number]> {
  try {
    await clientOf(region, identity).send(new LookupEventsCommand(input as LookupEventsCommandInput))
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata: { httpStatusCode: number } }
    return [name, $metadata.httpStatusCode]
  }
  throw new Error('the call should have been refused')
}

beforeAll(async () => {
  server = await startTestServer()
})
afterAll(async () => {
  await server.close()
})

describe('LookupEvents by the AWS SDK for JavaScript', () => {
  test('finds an event at once, by every attribute, exactly as it was sent', async () => {
    const mark = randomUUID()
    const sent = record({
      id: mark,
      name: `RunTask${mark.slice(0, 8)}`,
      source: `${mark.slice(0, 8)}.amazonaws.com`,
      user: `user-${mark}`,
      accessKeyId: `AKIA${mark.slice(0, 8).toUpperCase()}`,
      readOnly: false,
      resources: [{ type: `AWS::Test::${mark.slice(0, 8)}`, ARN: `arn:aws:test:::${mark}` }],
    })
    await sendEvents(server, [sent])
    const attributes = {
      EventId: sent.eventID,
      EventName: sent.eventName,
      EventSource: sent.eventSource,
      Username: sent.userIdentity.userName,
      AccessKeyId: sent.userIdentity.accessKeyId,
      ResourceType: sent.resources![0]!.type,
      ResourceName: sent.resources![0]!.ARN,
    } as const
    for (const [AttributeKey, AttributeValue] of Object.entries(attributes)) {
      const events = await lookup({ LookupAttributes: [{ AttributeKey: AttributeKey as 'EventId', AttributeValue }] })
      assert.equal(events.length, 1, AttributeKey)
      const [event] = events
      assert.deepEqual(JSON.parse(event!.CloudTrailEvent!), sent)
      assert.equal(event!.EventId, sent.eventID)
      assert.equal(event!.ReadOnly, 'false')
      assert.equal(event!.EventTime!.toISOString().slice(0, 19), sent.eventTime.slice(0, 19))
      assert.deepEqual(event!.Resources, [
        { ResourceType: sent.resources![0]!.type, ResourceName: sent.resources![0]!.ARN },
      ])
    }
  })

  test('the paginator walks through all of them once, newest first, and what arrives meanwhile stays out', async () => {
    const name = `Paged${randomUUID().slice(0, 8)}`
    const sent = Array.from({ length: 123 }, (_, index) => record({ name, secondsAgo: index % 40 }))
    await sendEvents(server, sent)
    const seen: Event[] = []
    for await (const page of paginateLookupEvents({ client: clientOf(), pageSize: 20 }, by('EventName', name))) {
      seen.push(...page.Events!)
      await sendEvents(server, [record({ name, secondsAgo: 20 })])
    }
    assert.equal(seen.length, sent.length)
    assert.deepEqual(new Set(seen.map(({ EventId }) => EventId)), new Set(sent.map(({ eventID }) => eventID)))
    const times = seen.map(({ EventTime }) => EventTime!.getTime())
    assert.deepEqual(
      times,
      times.toSorted((a, b) => b - a),
    )
  })

  test('StartTime and EndTime are both inclusive', async () => {
    const name = `Ranged${randomUUID().slice(0, 8)}`
    const sent = [10, 20, 30].map((secondsAgo) => record({ name, secondsAgo }))
    await sendEvents(server, sent)
    const time = (index: number) => new Date(sent[index]!.eventTime)
    assert.equal((await lookup({ ...by('EventName', name), StartTime: time(1), EndTime: time(0) })).length, 2)
    assert.equal((await lookup({ ...by('EventName', name), StartTime: time(1), EndTime: time(1) })).length, 1)
    assert.equal((await lookup({ ...by('EventName', name), EndTime: time(2) })).length, 1)
  })

  test('Regions are apart, and data events never appear', async () => {
    const name = `Apart${randomUUID().slice(0, 8)}`
    await sendEvents(server, [
      record({ name, region: 'eu-west-1' }),
      { ...record({ name }), managementEvent: false, eventCategory: 'Data' },
    ])
    assert.deepEqual(await lookup(by('EventName', name)), [])
    const elsewhere = await clientOf('eu-west-1').send(new LookupEventsCommand(by('EventName', name)))
    assert.equal(elsewhere.Events!.length, 1)
    assert.equal(elsewhere.NextToken, undefined)
  })

  test('a lookup is itself an event, with the answered request id', async () => {
    const answer = await clientOf().send(
      new LookupEventsCommand({ MaxResults: 1, ...by('Username', 'nobody-has-this-name') }),
    )
    const [own] = (await lookup({ ...by('EventName', 'LookupEvents'), MaxResults: 50 })).filter(
      ({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent!).requestID === answer.$metadata.requestId,
    )
    const event = JSON.parse(own!.CloudTrailEvent!)
    assert.equal(event.eventSource, 'cloudtrail.amazonaws.com')
    assert.equal(event.readOnly, true)
    assert.equal(event.responseElements, null)
    assert.deepEqual(event.requestParameters, {
      maxResults: 1,
      lookupAttributes: [{ attributeKey: 'Username', attributeValue: 'nobody-has-this-name' }],
    })
    assert.equal(event.sourceIPAddress, '127.0.0.1')
    assert.match(event.userAgent, /aws-sdk-js/)
    assert.equal(event.userIdentity.accessKeyId, credentials.accessKeyId)
    assert.equal(own!.AccessKeyId, credentials.accessKeyId)
  })

  test('each error under its own name, with status 400', async () => {
    const attribute = { AttributeKey: 'EventName', AttributeValue: 'x' }
    const expected: [object, string][] = [
      [{ LookupAttributes: [attribute, attribute] }, 'InvalidLookupAttributesException'],
      [{ LookupAttributes: [{ AttributeKey: 'Nothing', AttributeValue: 'x' }] }, 'InvalidLookupAttributesException'],
      [{ LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: '' }] }, 'InvalidLookupAttributesException'],
      [
        { LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: '_'.repeat(1_001) }] },
        'InvalidLookupAttributesException',
      ],
      [
        { EventCategory: 'insight', LookupAttributes: [{ AttributeKey: 'Username', AttributeValue: 'x' }] },
        'InvalidLookupAttributesException',
      ],
      [{ StartTime: new Date(2_000), EndTime: new Date(1_000) }, 'InvalidTimeRangeException'],
      [{ MaxResults: 0 }, 'InvalidMaxResultsException'],
      [{ MaxResults: 51 }, 'InvalidMaxResultsException'],
      [{ NextToken: 'made up' }, 'InvalidNextTokenException'],
      [{ EventCategory: 'management' }, 'InvalidEventCategoryException'],
    ]
    for (const [input, name] of expected) assert.deepEqual(await nameOfError(input), [name, 400], JSON.stringify(input))
  })

  test('a token works only with the request it came from', async () => {
    const name = `Token${randomUUID().slice(0, 8)}`
    await sendEvents(server, [record({ name }), record({ name }), record({ name })])
    const first = await clientOf().send(new LookupEventsCommand({ ...by('EventName', name), MaxResults: 1 }))
    const NextToken = first.NextToken!
    assert.deepEqual(await nameOfError({ ...by('EventName', 'Other'), MaxResults: 1, NextToken }), [
      'InvalidNextTokenException',
      400,
    ])
    assert.deepEqual(await nameOfError({ ...by('EventName', name), MaxResults: 1, NextToken }, 'eu-west-1'), [
      'InvalidNextTokenException',
      400,
    ])
    const again = await lookup({ ...by('EventName', name), MaxResults: 1, NextToken })
    assert.equal(again.length, 1)
  })

  test('who may not is told so in AWS words, and the refusal is an event', async () => {
    assert.deepEqual(await nameOfError({}, 'us-east-1', { accessKeyId: 'test', secretAccessKey: 'wrong' }), [
      'InvalidSignatureException',
      403,
    ])
    assert.deepEqual(await nameOfError({}, 'us-east-1', { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' }), [
      'UnrecognizedClientException',
      403,
    ])
    assert.deepEqual(await nameOfError({}, 'mars-north-1'), ['UnrecognizedClientException', 403])
    const refused = await lookup({ ...by('EventName', 'LookupEvents') })
    const codes = refused.map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent!).errorCode)
    assert.ok(
      codes.some((code) => /InvalidSignature/.test(code)),
      JSON.stringify(codes),
    )
  })

  test('what is not built says so', async () => {
    await assert.rejects(clientOf().send(new ListChannelsCommand({})), { name: 'UnsupportedOperationException' })
  })
})
