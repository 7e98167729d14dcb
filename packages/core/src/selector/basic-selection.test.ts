import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { compileSelectors, defaultSelectors } from './index.ts'
import { basic, dataEvent, eventOf, objectEvent, sealed, takes } from './selector.testing.ts'

const s3 = (...Values: string[]) => ({ Type: 'AWS::S3::Object', Values })
const lambda = (...Values: string[]) => ({ Type: 'AWS::Lambda::Function', Values })
const dynamo = (...Values: string[]) => ({ Type: 'AWS::DynamoDB::Table', Values })
const data = (...DataResources: object[]) => basic({ IncludeManagementEvents: false, DataResources })
const read = { readOnly: true }
const write = { readOnly: false }

test('the default takes every management event and nothing else', () => {
  for (const readOnly of [true, false, undefined]) assert.ok(takes(defaultSelectors, eventOf({ readOnly })))
  assert.ok(!takes(defaultSelectors, objectEvent('b/k')))
  for (const category of ['Data', 'NetworkActivity', 'Insight', 'Aggregated', 'ActivityAuditLog', ''])
    assert.ok(!takes(defaultSelectors, eventOf({ category })), category)
})

test('ReadWriteType goes for management and data events', () => {
  const selectors = (ReadWriteType: string) => basic({ ReadWriteType, DataResources: [s3('arn:aws:s3')] })
  for (const make of [eventOf, (given: object) => objectEvent('b/k', given)]) {
    assert.deepEqual(
      ['All', 'ReadOnly', 'WriteOnly'].map((type) => [
        takes(selectors(type), make(read)),
        takes(selectors(type), make(write)),
      ]),
      [
        [true, true],
        [true, false],
        [false, true],
      ],
    )
  }
})

test('an event that does not say whether it reads counts as a write', () => {
  const event = { readOnly: undefined }
  assert.ok(takes(basic({ ReadWriteType: 'WriteOnly' }), eventOf(event)))
  assert.ok(!takes(basic({ ReadWriteType: 'ReadOnly' }), eventOf(event)))
})

test('excluded sources leave out management events only, and only where every selector excludes them', () => {
  const kms = { eventSource: 'kms.amazonaws.com' }
  const without = { ExcludeManagementEventSources: ['kms.amazonaws.com'], DataResources: [s3('arn:aws:s3:::b/')] }
  assert.ok(!takes(basic(without), eventOf(kms)))
  assert.ok(takes(basic(without), eventOf()))
  assert.ok(takes(basic(without), objectEvent('b/k', kms)))
  assert.ok(takes(basic(without, {}), eventOf(kms)))
  assert.ok(!takes(basic(without, { ...without, DataResources: [] }), eventOf(kms)))
  const reads = { ReadWriteType: 'ReadOnly' }
  assert.ok(takes(basic(without, reads), eventOf({ ...kms, ...read })))
  assert.ok(!takes(basic(without, reads), eventOf({ ...kms, ...write })))
  assert.ok(!takes(basic(without, { IncludeManagementEvents: false }), eventOf(kms)))
})

test('a selector without management events and without data resources takes nothing', () => {
  const nothing = basic({ IncludeManagementEvents: false, DataResources: [s3()] })
  for (const event of [eventOf(), objectEvent('b/k'), eventOf({ category: 'NetworkActivity' })])
    assert.ok(!takes(nothing, event))
})

describe('S3', () => {
  test('a value for all takes every object of its partition', () => {
    for (const value of ['arn:aws:s3', 'arn:aws:s3:::']) {
      assert.ok(takes(data(s3(value)), objectEvent('any/key')))
      assert.ok(takes(data(s3(value)), dataEvent([{ type: 'AWS::S3::Object' }])), 'an object without an ARN')
      const accessPoint = 'arn:aws:s3:eu-west-1:111122223333:accesspoint/reports/object/k'
      assert.ok(takes(data(s3(value)), dataEvent([{ type: 'AWS::S3::Object', ARN: accessPoint }])))
      assert.ok(!takes(data(s3(value)), dataEvent([{ type: 'AWS::S3::Object', ARN: 'arn:aws-cn:s3:::b/k' }])))
    }
  })
  test('a bucket or a prefix is told by the beginning of the object, and the slash ends the bucket', () => {
    const bucket = data(s3('arn:aws:s3:::bucket/'))
    assert.ok(takes(bucket, objectEvent('bucket/any/key')))
    assert.ok(!takes(bucket, objectEvent('bucket-2/any/key')))
    const prefix = data(s3('arn:aws:s3:::bucket/images/2'))
    assert.ok(takes(prefix, objectEvent('bucket/images/2026.png')))
    assert.ok(!takes(prefix, objectEvent('bucket/images/1999.png')))
    assert.ok(!takes(prefix, objectEvent('bucket/Images/2026.png')))
    assert.ok(!takes(data(s3('arn:aws:s3:::bucket/*')), objectEvent('bucket/key')), 'a star is a letter')
  })
  test('an event is judged by its object, never by its bucket', () => {
    const bucket = { type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::bucket' }
    for (const value of ['arn:aws:s3', 'arn:aws:s3:::bucket/']) assert.ok(!takes(data(s3(value)), dataEvent([bucket])))
  })
  test('a call on the bucket carries the beginning of its objects', () => {
    const listing = dataEvent([
      { type: 'AWS::S3::Object', ARNPrefix: 'arn:aws:s3:::bucket/' },
      { type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::bucket' },
    ])
    assert.ok(takes(data(s3('arn:aws:s3:::bucket/')), listing))
    assert.ok(!takes(data(s3('arn:aws:s3:::bucket/images/')), listing))
  })
})

test('Lambda: all functions of the partition, or exactly one', () => {
  const arn = 'arn:aws:lambda:us-west-2:111122223333:function:helloworld'
  const call = (ARN: string) => dataEvent([{ type: 'AWS::Lambda::Function', ARN }])
  assert.ok(takes(data(lambda('arn:aws:lambda')), call(arn)))
  assert.ok(!takes(data(lambda('arn:aws-cn:lambda')), call(arn)))
  assert.ok(takes(data(lambda(arn)), call(arn)))
  assert.ok(!takes(data(lambda(arn)), call(`${arn}2`)))
  assert.ok(!takes(data(lambda(arn)), call(`${arn}:live`)))
  assert.ok(takes(data(lambda(`${arn}:live`)), call(`${arn}:live`)))
})

test('DynamoDB: a table with its streams, not one whose name goes on', () => {
  const table = 'arn:aws:dynamodb:eu-west-1:111122223333:table/Orders'
  const of = (type: string, ARN: string) => dataEvent([{ type: `AWS::DynamoDB::${type}`, ARN }])
  for (const value of [table, 'arn:aws:dynamodb']) {
    assert.ok(takes(data(dynamo(value)), of('Table', table)))
    assert.ok(takes(data(dynamo(value)), of('Stream', `${table}/stream/2026-03-04T00:00:00.000`)))
    assert.ok(!takes(data(dynamo(value)), of('Index', table)), 'another type')
  }
  assert.ok(!takes(data(dynamo(table)), of('Table', `${table}2`)))
  assert.ok(!takes(data(dynamo(table)), of('Stream', `${table}2/stream/2026-03-04T00:00:00.000`)))
})

test('any resource of an event and any selector will do', () => {
  const selectors = basic(
    { ReadWriteType: 'ReadOnly', DataResources: [s3('arn:aws:s3:::a/')] },
    { ReadWriteType: 'WriteOnly', DataResources: [s3('arn:aws:s3:::b/'), s3('arn:aws:s3:::c/')] },
  )
  assert.ok(takes(selectors, objectEvent('a/k', read)))
  assert.ok(!takes(selectors, objectEvent('a/k', write)))
  assert.ok(takes(selectors, objectEvent('b/k', write)))
  const copy = ['x/k', 'c/k'].map((key) => ({ type: 'AWS::S3::Object', ARN: `arn:aws:s3:::${key}` }))
  assert.ok(takes(selectors, dataEvent(copy, write)))
})

test('the record is read only for data events of which some selector wants that kind', () => {
  const selectors = basic({ ReadWriteType: 'WriteOnly', DataResources: [s3('arn:aws:s3:::b/')] })
  const judge = compileSelectors(selectors)
  for (const category of ['Management', 'NetworkActivity', 'Insight', 'Aggregated'])
    judge(sealed(eventOf({ category })))
  assert.equal(judge(sealed(objectEvent('b/k', read))), false)
  assert.throws(() => judge(sealed(objectEvent('b/k', write))), /record was asked for/)
  assert.equal(compileSelectors(defaultSelectors)(sealed(objectEvent('b/k'))), false)
})
