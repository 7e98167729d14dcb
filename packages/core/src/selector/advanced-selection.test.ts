import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { compileSelectors } from './index.ts'
import {
  advanced,
  dataEvent,
  eventOf,
  objectEvent,
  sealed,
  selecting,
  takes,
  type TestEvent,
} from './selector.testing.ts'

const equals = (...Equals: string[]) => ({ Equals })
const management = { eventCategory: equals('Management') }
const dataOf = (type: string) => ({ eventCategory: equals('Data'), 'resources.type': equals(type) })
const objects = dataOf('AWS::S3::Object')
const network = { eventCategory: equals('NetworkActivity'), eventSource: equals('ec2.amazonaws.com') }
const takesWith = (fields: Readonly<Record<string, object>>, event: ReturnType<typeof eventOf>) =>
  takes(advanced(selecting(fields)), event)

test('a selector takes events of its own category', () => {
  const events: Readonly<Record<string, TestEvent>> = {
    Management: {},
    NetworkActivity: { category: 'NetworkActivity', readOnly: undefined },
    Insight: { category: 'Insight' },
    Aggregated: { category: 'Aggregated' },
    Data: { category: 'Data', record: { resources: [{ type: 'AWS::S3::Object', ARN: 'arn:aws:s3:::b/k' }] } },
  }
  for (const [category, fields] of Object.entries({ Management: management, Data: objects, NetworkActivity: network }))
    for (const [name, event] of Object.entries(events))
      assert.equal(takesWith(fields, eventOf(event)), name === category, `${category} takes ${name}`)
})

test('without readOnly both reads and writes, with it one of them; an event that does not say is a write', () => {
  for (const readOnly of [true, false, undefined]) {
    assert.ok(takesWith(management, eventOf({ readOnly })))
    assert.equal(takesWith({ ...management, readOnly: equals('true') }, eventOf({ readOnly })), readOnly === true)
    assert.equal(takesWith({ ...management, readOnly: equals('false') }, eventOf({ readOnly })), readOnly !== true)
  }
})

test('management events without those of a source', () => {
  const fields = { ...management, eventSource: { NotEquals: ['kms.amazonaws.com', 'rdsdata.amazonaws.com'] } }
  assert.ok(takesWith(fields, eventOf()))
  for (const eventSource of ['kms.amazonaws.com', 'rdsdata.amazonaws.com'])
    assert.ok(!takesWith(fields, eventOf({ eventSource })))
})

describe('operators on one field', () => {
  const named = (operators: object, eventName: string) =>
    takesWith({ ...objects, eventName: operators }, objectEvent('b/k', { eventName }))
  test('values of one operator, and positive operators among themselves, are OR-ed', () => {
    const operators = { Equals: ['CopyObject', 'HeadObject'], StartsWith: ['Get'], EndsWith: ['Acl'] }
    for (const name of ['CopyObject', 'HeadObject', 'GetObject', 'PutObjectAcl'])
      assert.ok(named(operators, name), name)
    for (const name of ['PutObject', 'copyobject', 'CopyObject2', 'ForGet']) assert.ok(!named(operators, name), name)
  })
  test('each negative operator must pass', () => {
    const operators = { NotEquals: ['CopyObject'], NotStartsWith: ['Get', 'Put'], NotEndsWith: ['Acl'] }
    assert.ok(named(operators, 'HeadObject'))
    for (const name of ['CopyObject', 'GetObject', 'PutObject', 'SomeAcl']) assert.ok(!named(operators, name), name)
  })
  test('both groups are AND-ed', () => {
    const operators = { StartsWith: ['Get'], NotEndsWith: ['Acl'] }
    assert.ok(named(operators, 'GetObject'))
    assert.ok(!named(operators, 'GetObjectAcl'))
    assert.ok(!named(operators, 'PutObject'))
  })
  test('a star is a letter', () => {
    assert.ok(!named({ Equals: ['Get*'], StartsWith: ['*'], EndsWith: ['*'] }, 'GetObject'))
    assert.ok(named({ Equals: ['Get*'] }, 'Get*'))
  })
})

test('fields are AND-ed, selectors OR-ed', () => {
  const reads = { ...objects, readOnly: equals('true'), eventName: equals('GetObject') }
  const get = objectEvent('b/k', { readOnly: true, eventName: 'GetObject' })
  assert.ok(takesWith(reads, get))
  assert.ok(!takesWith(reads, objectEvent('b/k', { readOnly: false, eventName: 'GetObject' })))
  assert.ok(!takesWith(reads, objectEvent('b/k', { readOnly: true, eventName: 'HeadObject' })))
  const either = advanced(selecting(management), selecting(reads), selecting({ ...objects, eventName: equals('Put') }))
  for (const event of [get, eventOf(), objectEvent('b/k', { eventName: 'Put' })]) assert.ok(takes(either, event))
  assert.ok(!takes(either, objectEvent('b/k', { eventName: 'Copy' })))
})

test('a field that an event lacks fails positive operators and passes negative ones', () => {
  const fields: Readonly<Record<string, readonly [object, object]>> = {
    eventType: [{ eventType: 'AwsApiCall' }, { eventType: 1 }],
    'userIdentity.arn': [{ userIdentity: { arn: 'AwsApiCall' } }, { userIdentity: { arn: null } }],
  }
  for (const [field, [having, lacking]] of Object.entries(fields)) {
    for (const record of [{}, lacking])
      for (const [positive, negative] of [
        ['Equals', 'NotEquals'],
        ['StartsWith', 'NotStartsWith'],
        ['EndsWith', 'NotEndsWith'],
      ] as const) {
        const on = (operators: object, event: object) =>
          takesWith({ ...objects, [field]: operators }, objectEvent('b/k', { record: { ...event } }))
        assert.ok(!on({ [positive]: ['AwsApiCall'] }, record))
        assert.ok(on({ [negative]: ['AwsApiCall'] }, record))
        assert.ok(!on({ [positive]: ['AwsApiCall'], [negative]: ['x'] }, record))
        assert.ok(on({ [positive]: ['AwsApiCall'] }, having))
        assert.ok(!on({ [negative]: ['AwsApiCall'] }, having))
      }
  }
})

test('sessionCredentialFromConsole is there or not', () => {
  const inConsole = objectEvent('b/k', { record: { sessionCredentialFromConsole: 'true' } })
  const elsewhere = objectEvent('b/k')
  const only = { ...objects, sessionCredentialFromConsole: equals('true') }
  const never = { ...objects, sessionCredentialFromConsole: { NotEquals: ['true'] } }
  assert.deepEqual([takesWith(only, inConsole), takesWith(only, elsewhere)], [true, false])
  assert.deepEqual([takesWith(never, inConsole), takesWith(never, elsewhere)], [false, true])
})

describe('resources', () => {
  const object = (key: string) => ({ type: 'AWS::S3::Object', ARN: `arn:aws:s3:::${key}` })
  const bucket = { type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::b' }

  test('some resource has the selected type', () => {
    assert.ok(takesWith(objects, dataEvent([bucket, object('b/k')])))
    assert.ok(!takesWith(objects, dataEvent([bucket])))
    assert.ok(!takesWith(objects, dataEvent([])))
    assert.ok(!takesWith(objects, dataEvent([{ ARN: 'arn:aws:s3:::b/k' }])), 'a resource without a type')
    assert.ok(!takesWith(objects, eventOf({ category: 'Data' })), 'no resources at all')
  })
  test('the conditions on the ARN hold for a resource of that type', () => {
    const fields = { ...objects, 'resources.ARN': { StartsWith: ['arn:aws:s3:::b'] } }
    assert.ok(takesWith(fields, dataEvent([object('x/k'), object('b/k')])))
    assert.ok(!takesWith(fields, dataEvent([bucket, object('x/k')])))
    const listing = { type: 'AWS::S3::Object', ARNPrefix: 'arn:aws:s3:::b/' }
    assert.ok(takesWith(fields, dataEvent([listing])))
  })
  test('all of them for one and the same resource', () => {
    const fields = { ...objects, 'resources.ARN': { StartsWith: ['arn:aws:s3:::b/'], NotEndsWith: ['.tmp'] } }
    assert.ok(takesWith(fields, dataEvent([object('b/x.tmp'), object('b/x')])))
    assert.ok(!takesWith(fields, dataEvent([object('b/x.tmp'), object('c/x')])))
  })
  test('an event is left out by its ARN only if no resource of the type remains', () => {
    const fields = { ...objects, 'resources.ARN': { NotStartsWith: ['arn:aws:s3:::logs/'] } }
    assert.ok(!takesWith(fields, dataEvent([object('logs/a'), bucket])))
    assert.ok(takesWith(fields, dataEvent([object('logs/a'), object('b/a')])))
    assert.ok(takesWith(fields, dataEvent([{ type: 'AWS::S3::Object' }])), 'an object without an ARN')
  })
  test('selectors that differ only in their ARNs each count, also beside others', () => {
    const asking = (operators: object, more: object = {}) =>
      selecting({ ...objects, ...more, 'resources.ARN': operators })
    const selectors = advanced(
      asking({ StartsWith: ['arn:aws:s3:::a/'] }),
      asking({ Equals: ['arn:aws:s3:::b/k'], EndsWith: ['.csv'] }),
      asking({ StartsWith: ['arn:aws:s3:::c/'] }, { readOnly: equals('true') }),
      asking({ StartsWith: ['arn:aws:s3:::d/'], NotEndsWith: ['.csv', '.tmp'] }),
      asking({ StartsWith: ['arn:aws:s3:::d/'], NotEndsWith: ['.log', '.tmp'] }),
    )
    for (const key of ['a/k', 'b/k', 'x.csv', 'd/k', 'd/x.log', 'd/x.csv'])
      assert.ok(takes(selectors, dataEvent([object(key)])), key)
    for (const key of ['b/k2', 'c/k', 'd/x.tmp', 'e/k']) assert.ok(!takes(selectors, dataEvent([object(key)])), key)
    assert.ok(takes(selectors, dataEvent([object('c/k')], { readOnly: true })))
    const one = asking({ StartsWith: ['arn:aws:s3:::a/'] })
    for (const all of [advanced(one, selecting(objects)), advanced(selecting(objects), one)])
      assert.ok(takes(all, dataEvent([object('e/k')])))
  })
  test('a DynamoDB table stands for its streams, a stream for itself', () => {
    const arn = 'arn:aws:dynamodb:eu-west-1:111122223333:table/Orders'
    const table = dataEvent([{ type: 'AWS::DynamoDB::Table', ARN: arn }])
    const stream = dataEvent([{ type: 'AWS::DynamoDB::Stream', ARN: `${arn}/stream/2026-03-04T00:00:00.000` }])
    const tables = dataOf('AWS::DynamoDB::Table')
    const streams = dataOf('AWS::DynamoDB::Stream')
    assert.deepEqual([takesWith(tables, table), takesWith(tables, stream)], [true, true])
    assert.deepEqual([takesWith(streams, table), takesWith(streams, stream)], [false, true])
    const one = { ...tables, 'resources.ARN': equals(arn) }
    assert.deepEqual([takesWith(one, table), takesWith(one, stream)], [true, true])
    const others = { ...tables, 'resources.ARN': { NotEquals: [arn] } }
    assert.deepEqual([takesWith(others, table), takesWith(others, stream)], [false, false])
  })
})

test('network activity by source, name, endpoint and denial', () => {
  const event = (record: object, eventSource = 'ec2.amazonaws.com') =>
    eventOf({ category: 'NetworkActivity', readOnly: undefined, eventSource, record: { ...record } })
  assert.ok(takesWith(network, event({})))
  assert.ok(!takesWith(network, event({}, 'kms.amazonaws.com')))
  const denied = { ...network, errorCode: equals('VpceAccessDenied') }
  assert.ok(takesWith(denied, event({ errorCode: 'VpceAccessDenied' })))
  assert.ok(!takesWith(denied, event({})))
  const others = { ...network, vpcEndpointId: { NotEquals: ['vpce-1'] } }
  assert.ok(takesWith(others, event({ vpcEndpointId: 'vpce-2' })))
  assert.ok(!takesWith(others, event({ vpcEndpointId: 'vpce-1' })))
})

test('the record is read only where the envelope has not decided', () => {
  const judge = compileSelectors(
    advanced(
      selecting({ ...management, readOnly: equals('false') }),
      selecting({ ...objects, readOnly: equals('false'), eventName: { StartsWith: ['Put'] } }),
      selecting({ ...network, eventName: equals('DescribeKey'), errorCode: equals('VpceAccessDenied') }),
    ),
  )
  for (const category of ['Management', 'NetworkActivity', 'Insight', 'Data', 'Aggregated'])
    judge(sealed(eventOf({ category, readOnly: true, eventName: 'PutObject' })))
  assert.equal(judge(sealed(objectEvent('b/k', { eventName: 'GetObject' }))), false)
  assert.throws(() => judge(sealed(objectEvent('b/k', { eventName: 'PutObject' }))), /record was asked for/)
})
