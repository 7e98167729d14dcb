import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, test } from 'vitest'
import {
  account,
  admitted,
  context,
  eventId,
  givenId,
  importing,
  minimal,
  otherAccount,
  refusalOf,
  refused,
} from './admission.testing.ts'
import { admit } from './admit.ts'
import { contentKey, parseEnvelope } from './envelope.ts'

const readOnly = (eventName: string) => admitted({ ...minimal, eventName }).envelope.event.readOnly

const cut = (errorMessage: string) => {
  const { text } = admitted(JSON.stringify(minimal).replace('{', `{"errorMessage":"${errorMessage}",`))
  return /"errorMessage":"([^"]*)"/.exec(text)![1]!
}

const isHarmless = (text: string) => !text.includes('HIDDEN_DUE_TO_SECURITY_REASONS')

// Names and values that redaction changes have tests of their own.

const id = (record: object) => admitted(record, importing).envelope.event.eventId

describe('what is filled in', () => {
  test('a first event needs four fields; the rest follows from it, the configuration and the clock', () => {
    const { text, envelope, stream } = admitted(minimal)
    assert.equal(
      text,
      '{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","userName":"kim"},"eventTime":"2026-03-04T12:00:00Z",' +
        '"eventSource":"billing.example.com","eventName":"ExportInvoices","awsRegion":"eu-west-1",' +
        '"sourceIPAddress":"203.0.113.7","requestParameters":null,"responseElements":null,' +
        `"eventID":"${givenId}","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,` +
        `"recipientAccountId":"${account}","eventCategory":"Management"}`,
    )
    assert.equal(stream, `${account}/eu-west-1`)
    assert.deepEqual(envelope, {
      version: 1,
      configVersion: 7,
      origin: 'producer',
      principal: context.principal,
      event: {
        eventId: givenId,
        eventTime: Date.UTC(2026, 2, 4, 12),
        eventSource: 'billing.example.com',
        eventName: 'ExportInvoices',
        category: 'Management',
        readOnly: false,
        username: 'kim',
        resources: [],
      },
    })
  })
  test('what the record says is never replaced', () => {
    const record = { ...minimal, eventVersion: '1.08', readOnly: true, eventID: eventId, awsRegion: 'us-east-1' }
    const { json, stream } = admitted(record)
    for (const [key, value] of Object.entries(record)) assert.deepEqual(json[key], value)
    assert.equal(stream, `${account}/us-east-1`)
  })
  test('managementEvent false means a data event', () => {
    const { json, envelope } = admitted({ ...minimal, managementEvent: false })
    assert.equal(json['eventCategory'], 'Data')
    assert.equal(envelope.event.category, 'Data')
  })
  test('calls whose name begins like a read are reads', () => {
    for (const name of ['GetObject', 'DescribeX', 'ListUsers', 'LookupEvents', 'Search', 'HeadBucket'])
      assert.equal(readOnly(name), true, name)
    for (const name of ['Getaway', 'PutObject', 'Listen', 'getObject']) assert.equal(readOnly(name), false, name)
  })
  test('an id made from an Idempotency-Key is marked, one that the record brings is not', () => {
    assert.equal(admitted(minimal, context, true).envelope.idFromKey, true)
    assert.equal('idFromKey' in admitted({ ...minimal, eventID: eventId }, context, true).envelope, false)
  })
})

describe('bytes', () => {
  test('an id without a time: admitted later it has other bytes and the same content', () => {
    const brought = { ...minimal, eventID: eventId }
    const later = { ...context, now: context.now + 61_000 }
    const entryOf = (record: object, from = context) => {
      const admission = admit(Buffer.from(JSON.stringify(record)), from, () => ({ id: givenId, fromKey: false }))
      assert.ok(admission.ok)
      return admission.entry
    }
    const [first, again] = [entryOf(brought), entryOf(brought, later)]
    assert.notDeepEqual(first.recordHash, again.recordHash)
    assert.deepEqual(contentKey(first), contentKey(again))
    assert.equal(contentKey(first).length, 32)
    for (const other of [
      { eventName: 'Harmless' },
      { sourceIPAddress: '203.0.113.8' },
      { eventTime: '2026-03-04T12:00:00Z' },
    ])
      assert.notDeepEqual(contentKey(entryOf({ ...brought, ...other })), contentKey(first))
    // Where nothing was filled in from the clock, or no id was brought, the bytes themselves are compared.
    for (const record of [{ ...brought, eventTime: '2026-03-04T12:00:00Z' }, minimal]) {
      const entry = entryOf(record)
      assert.deepEqual(contentKey(entry), entry.recordHash)
      assert.equal(parseEnvelope(entry).inputHash, undefined)
    }
  })

  test('no text of a record passes for the hash of an input', () => {
    const fake = `","inputHash":"${'A'.repeat(43)}="}`
    const record = { ...minimal, eventTime: '2026-03-04T12:00:00Z', eventName: fake, eventID: eventId }
    const admission = admit(Buffer.from(JSON.stringify(record)), context, () => ({ id: givenId, fromKey: false }))
    assert.ok(admission.ok)
    assert.deepEqual(contentKey(admission.entry), admission.entry.recordHash)
  })

  test('members come in the order of CloudTrail, unknown ones last in their own order', () => {
    const shuffled = {
      zeta: 1,
      eventContext: {},
      eventID: eventId,
      alpha: 2,
      addendum: {},
      annotation: 'x',
      ...minimal,
    }
    const keys = Object.keys(admitted(shuffled).json)
    assert.deepEqual(keys.slice(-3), ['eventContext', 'zeta', 'alpha'])
    assert.ok(keys.indexOf('annotation') < keys.indexOf('addendum'))
    assert.ok(keys.indexOf('addendum') < keys.indexOf('eventCategory'))
  })
  test('numbers, escapes and the order inside values stay as they were written; only white space goes', () => {
    const parameters = '{"b":2.0,"a":12345678901234567890,"e":1e400,"n":-0,"u":"\\u00e9\\/ \\u0000","é":"日本"}'
    const { text } = admitted(
      `{"requestParameters": ${parameters.replaceAll(',', ' ,\n\t')}, ${JSON.stringify(minimal).slice(1)}`,
    )
    assert.ok(text.includes(`"requestParameters":${parameters},`), text)
  })
  test('the hash and the id key belong to what is stored', () => {
    const { text, recordHash, idKey } = admitted({ ...minimal, eventID: eventId })
    assert.deepEqual(Buffer.from(recordHash), createHash('sha256').update(text).digest())
    assert.equal(Buffer.from(idKey).toString('hex'), eventId.replaceAll('-', ''))
    const other = admitted({ eventTime: '2020-01-01T00:00:00Z', eventID: 'Not-A-UUID' }, importing)
    assert.deepEqual(Buffer.from(other.idKey), createHash('sha256').update('Not-A-UUID').digest().subarray(0, 16))
  })
  test('the result does not change when the caller uses its buffer again', () => {
    const raw = Buffer.from(admitted(minimal).text)
    const admission = admit(raw, context, () => ({ id: givenId, fromKey: false }))
    const before = raw.toString()
    raw.fill(0)
    assert.ok(admission.ok)
    assert.equal(Buffer.from(admission.entry.record).toString(), before)
  })
})

describe('what is refused', () => {
  const cases: [string, Record<string, unknown>][] = [
    ['InvalidField', { eventName: '' }],
    ['InvalidField', { eventName: 'x'.repeat(1025) }],
    ['InvalidField', { eventSource: 5 }],
    ['InvalidField', { userIdentity: 'kim' }],
    ['InvalidField', { userIdentity: { type: 'IAMUser', userName: 7 } }],
    ['InvalidField', { readOnly: 'true' }],
    ['InvalidField', { managementEvent: 1 }],
    ['InvalidField', { requestParameters: [] }],
    ['InvalidField', { additionalEventData: null }],
    ['InvalidField', { resources: {} }],
    ['InvalidField', { eventVersion: 'one' }],
    ['InvalidField', { eventType: 'Unheard' }],
    ['InvalidField', { eventCategory: 'Unheard' }],
    ['InvalidField', { eventCategory: 'Data', managementEvent: true }],
    ['InvalidEventId', { eventID: 'x' }],
    ['InvalidEventId', { eventID: eventId.toUpperCase() }],
    ['InvalidEventTime', { eventTime: '2026-02-29T00:00:00Z' }],
    ['InvalidEventTime', { eventTime: '2026-03-04T10:00:00.5Z' }],
    ['InvalidEventTime', { eventTime: '2026-03-04 10:00:00Z' }],
    ['EventTimeInFuture', { eventTime: '2026-03-04T12:05:01Z' }],
    ['ForeignAccount', { recipientAccountId: otherAccount }],
    ['UnknownRegion', { awsRegion: 'mars-north-1' }],
    ['EventTooLarge', { annotation: 'x'.repeat(300_000) }],
  ]
  for (const [code, change] of cases)
    test(`${code}: ${JSON.stringify(change).slice(0, 60)}`, () =>
      assert.equal(refused({ ...minimal, ...change }), code))

  test('a missing field, and all that are missing at once', () => {
    assert.equal(refused({}), 'MissingField')
    assert.match(refusalOf({ eventName: 'X' }).message, /userIdentity, eventSource, sourceIPAddress/)
  })
  test('an account that nobody configured', () => {
    assert.equal(refused(minimal, { ...context, accounts: new Set() }), 'UnknownAccount')
    assert.equal(refused({ eventTime: '2020-01-01T00:00:00Z', recipientAccountId: '1' }, importing), 'UnknownAccount')
  })
  test('five minutes ahead is in time', () => {
    assert.ok(admitted({ ...minimal, eventTime: '2026-03-04T12:05:00Z' }))
  })
  test('a refusal names the event as far as it is known', () => {
    assert.equal(refusalOf({ ...minimal, eventID: eventId, readOnly: 1 }).eventId, eventId)
    assert.equal('eventId' in refusalOf('{"eventID":'), false)
  })
  test('more than 1 MB of input, whatever the origin', () => {
    assert.equal(refused(`{"a":"${'x'.repeat(1 << 20)}"}`, importing), 'EventTooLarge')
  })
})

describe('imports', () => {
  test('gain nothing and lose nothing: only the order of members changes', () => {
    const record =
      '{"errorMessage":"m","eventTime":"2015-01-01T00:00:00Z","readOnly":"true","userAgent":"' + 'a'.repeat(3000) + '"}'
    const { json, text, envelope } = admitted(record, importing)
    assert.deepEqual(Object.keys(json), ['eventTime', 'userAgent', 'errorMessage', 'readOnly'])
    assert.equal(text.length, record.length)
    assert.equal('readOnly' in envelope.event, false)
  })
  test('a record without an id has the same one each time, made from its content', () => {
    const record = { eventTime: '2015-01-01T00:00:00Z', eventName: 'X' }
    assert.match(id(record), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.equal(id(record), id({ eventName: 'X', eventTime: '2015-01-01T00:00:00Z' }))
    assert.notEqual(id(record), id({ ...record, eventName: 'Y' }))
  })
  test('may be for another configured account and of any age, and any id up to 1 KB will do', () => {
    const record = { eventTime: '2013-11-21T00:00:00.123Z', recipientAccountId: otherAccount, eventID: 'é'.repeat(512) }
    const { stream, envelope } = admitted(record, importing)
    assert.equal(stream, `${otherAccount}/eu-west-1`)
    assert.equal(envelope.event.eventTime, Date.UTC(2013, 10, 21))
    assert.equal(refused({ ...record, eventID: 'é'.repeat(513) }, importing), 'InvalidEventId')
    assert.equal(refused({ ...record, eventTime: '2030-01-01T00:00:00Z' }, importing), 'EventTimeInFuture')
  })
  test('names that every JavaScript object has are names like others', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      const record = `{"eventTime":"2020-01-01T00:00:00Z","eventType":"${name}","eventName":"${name}","eventSource":"${name}","${name}":1}`
      const { envelope, text } = admitted(record, importing)
      assert.deepEqual([envelope.event.category, envelope.event.eventName], ['Management', name])
      assert.ok(text.includes(`"${name}":1`))
    }
  })
  test('need a time', () => {
    assert.equal(refused(minimal, importing), 'MissingField')
    assert.equal(refused({ eventTime: 5 }, importing), 'MissingField')
    assert.equal(refused({ eventTime: 'yesterday' }, importing), 'InvalidEventTime')
  })
})

describe('other kinds of records', () => {
  const common = { eventVersion: '1.09', eventTime: '2026-03-04T10:20:00Z', awsRegion: 'eu-west-1', eventID: eventId }
  const kinds = {
    network: {
      eventVersion: '1.09',
      userIdentity: { type: 'AWSAccount', principalId: 'AIDAX', accountId: otherAccount },
      eventTime: '2026-03-04T10:20:00Z',
      eventSource: 'kms.amazonaws.com',
      eventName: 'ListKeys',
      awsRegion: 'eu-west-1',
      sourceIPAddress: '10.0.0.1',
      errorCode: 'VpceAccessDenied',
      requestID: 'r',
      eventID: eventId,
      eventType: 'AwsVpceEvent',
      recipientAccountId: account,
      sharedEventID: givenId,
      vpcEndpointId: 'vpce-1',
      vpcEndpointAccountId: account,
      eventCategory: 'NetworkActivity',
    },
    insight: {
      ...common,
      eventType: 'AwsCloudTrailInsight',
      recipientAccountId: account,
      sharedEventID: givenId,
      insightDetails: { state: 'Start', eventSource: 'ssm.amazonaws.com', eventName: 'PutParameter' },
      eventCategory: 'Insight',
    },
    aggregated: {
      eventVersion: '1.0',
      accountId: account,
      eventId,
      eventCategory: 'Aggregated',
      eventType: 'AwsAggregatedEvent',
      awsRegion: 'eu-west-1',
      eventSource: 's3.amazonaws.com',
      timeWindow: { windowStart: '2026-03-04T10:00:00Z', windowEnd: '2026-03-04T10:05:00Z', windowSize: 'PT5M' },
      summary: { primaryDimension: { dimension: 'eventName', statistics: [{ name: 'GetObject', value: 412 }] } },
    },
    activity: {
      eventVersion: '1.0',
      eventCategory: 'ActivityAuditLog',
      eventType: 'ActivityLog',
      eventID: eventId,
      eventTime: '2026-03-04T09:00:00Z',
      awsRegion: 'eu-west-1',
      recipientAccountId: account,
      metadata: { ingestionTime: '2026-03-04T09:00:02Z', channelARN: 'arn:aws:cloudtrail:eu-west-1:1:channel/9' },
      eventData: {
        version: '1',
        userIdentity: { type: 'User', principalId: 'u-7' },
        eventSource: 'crm.example',
        eventName: 'Export',
      },
    },
    service: {
      eventVersion: '1.08',
      userIdentity: { accountId: account, invokedBy: 'AWS Internal' },
      eventTime: '2026-03-04T00:00:08Z',
      eventSource: 'kms.amazonaws.com',
      eventName: 'RotateKey',
      awsRegion: 'eu-west-1',
      sourceIPAddress: 'AWS Internal',
      requestParameters: null,
      responseElements: null,
      eventID: eventId,
      readOnly: false,
      eventType: 'AwsServiceEvent',
      managementEvent: true,
      recipientAccountId: account,
      serviceEventDetails: { keyId: 'k1' },
      eventCategory: 'Management',
    },
  }
  for (const [kind, record] of Object.entries(kinds))
    for (const given of [context, importing])
      test(`${kind}, ${given.origin}: taken as it is`, () => {
        const { text, envelope } = admitted(record, given)
        assert.equal(text, JSON.stringify(record))
        assert.equal(envelope.event.eventId, eventId)
        assert.equal(envelope.event.category, record.eventCategory)
      })
  test('Insights and external events are routed by the call they are about', () => {
    const insight = admitted(kinds.insight).envelope.event
    assert.deepEqual(
      [insight.eventSource, insight.eventName, insight.username],
      ['ssm.amazonaws.com', 'PutParameter', undefined],
    )
    const activity = admitted(kinds.activity).envelope.event
    assert.deepEqual([activity.eventSource, activity.eventName, activity.username], ['crm.example', 'Export', 'u-7'])
    assert.equal(admitted(kinds.aggregated).envelope.event.eventTime, Date.UTC(2026, 2, 4, 10))
  })
  test('network activity gets no parameters and no readOnly', () => {
    const { json } = admitted({ ...minimal, eventType: 'AwsVpceEvents' })
    assert.equal(json['eventCategory'], 'NetworkActivity')
    for (const key of ['requestParameters', 'responseElements', 'readOnly', 'managementEvent'])
      assert.equal(key in json, false, key)
  })
})

describe('caps', () => {
  test('strings are cut at a whole character or escape', () => {
    assert.equal(cut('x'.repeat(1024)), 'x'.repeat(1024))
    assert.equal(cut('x'.repeat(1025)), 'x'.repeat(1024))
    assert.equal(cut('x'.repeat(1023) + 'é'), 'x'.repeat(1023))
    assert.equal(cut('x'.repeat(1020) + '\\u00e9y'), 'x'.repeat(1020))
    assert.equal(cut('x'.repeat(1015) + '\\ud83d\\ude00'), 'x'.repeat(1015))
    assert.equal(cut('x'.repeat(1012) + '\\ud83d\\ude00y'), 'x'.repeat(1012) + '\\ud83d\\ude00')
  })
  test('objects are replaced by a note of their size', () => {
    const parameters = { text: 'x'.repeat(102_400) }
    const { json } = admitted({
      ...minimal,
      requestParameters: parameters,
      additionalEventData: { a: 'y'.repeat(28_672) },
    })
    const originalSize = JSON.stringify(parameters).length
    assert.deepEqual(json['requestParameters'], { reason: 'requestParameters too large', omitted: true, originalSize })
    assert.deepEqual(json['additionalEventData'], {
      reason: 'additionalEventData too large',
      omitted: true,
      originalSize: 28_680,
    })
  })
})

describe('properties', () => {
  const anyRecord = fc.dictionary(fc.string({ maxLength: 12 }), fc.jsonValue(), { maxKeys: 8 })

  test('what goes in comes out, plus what is filled in; and admitting it again changes nothing', () => {
    fc.assert(
      fc.property(anyRecord, fc.constantFrom(undefined, 2), (extra, indent) => {
        const record = { ...extra, ...minimal }
        const input = JSON.parse(JSON.stringify(record)) as Record<string, unknown>
        const first = admitted(JSON.stringify(record, null, indent))
        if (isHarmless(first.text))
          for (const [key, value] of Object.entries(input)) assert.deepEqual(first.json[key], value)
        const again = admitted(first.text)
        assert.equal(again.text, first.text)
        assert.deepEqual(again.envelope, first.envelope)
      }),
    )
  })
  test('bytes changed at random are admitted or refused, never thrown at', () => {
    const valid = Buffer.from(
      admitted({ ...minimal, requestParameters: { a: [1.5e3, 'é\u0001', true, null, {}] } }).text,
    )
    const change = fc.tuple(fc.nat(valid.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(valid.length), (changes, length) => {
        const bytes = Buffer.from(valid)
        for (const [at, byte] of changes) bytes[at] = byte
        for (const raw of [bytes, bytes.subarray(0, length)])
          for (const given of [context, importing]) {
            const admission = admit(raw, given, () => ({ id: givenId, fromKey: false }))
            if (admission.ok) JSON.parse(Buffer.from(admission.entry.record).toString())
            else assert.ok(admission.refusal.message.length < 500)
          }
      }),
      { numRuns: 1000 },
    )
  })
})
