import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { defaultSelectors, readSelectors } from './index.ts'
import { accepted, basic } from './selector.testing.ts'

function refused(input: Parameters<typeof readSelectors>[0], kind = 'invalid'): string {
  const outcome = readSelectors(input)
  assert.ok(!outcome.ok, `accepted ${JSON.stringify(input).slice(0, 200)}`)
  assert.equal(outcome.kind, kind, outcome.message)
  return outcome.message
}
const refusedBasic = (...eventSelectors: readonly unknown[]) => refused({ eventSelectors })
const withValues = (Type: string, Values: readonly unknown[]) => ({ DataResources: [{ Type, Values }] })
const objects = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => `arn:aws:s3:::bucket-${from + index}/`)

const s3 = 'AWS::S3::Object'
const lambda = 'AWS::Lambda::Function'
const dynamo = 'AWS::DynamoDB::Table'

test('an empty selector is the default one: reads and writes, management events, no data events', () => {
  assert.deepEqual(basic({}), defaultSelectors)
})

test('one kind of selectors is given, not both and not neither', () => {
  const eventSelectors = [{}]
  const fields = [{ Field: 'eventCategory', Equals: ['Management'] }]
  const advancedEventSelectors = [{ FieldSelectors: fields }]
  assert.match(refused({}), /either EventSelectors or AdvancedEventSelectors/)
  assert.match(refused({ eventSelectors: null, advancedEventSelectors: null }), /either/)
  assert.match(refused({ eventSelectors, advancedEventSelectors }), /not both/)
  assert.equal(accepted({ eventSelectors, advancedEventSelectors: null }).kind, 'basic')
  assert.equal(accepted({ eventSelectors: null, advancedEventSelectors }).kind, 'advanced')
})

test('one to five selectors', () => {
  assert.match(refusedBasic(), /1 to 5/)
  for (const count of [1, 5]) assert.equal(basic(...Array.from({ length: count }, () => ({}))).selectors.length, count)
  assert.match(refusedBasic(...Array.from({ length: 6 }, () => ({}))), /1 to 5/)
})

test('null means absent, unknown members are dropped', () => {
  const nulls = {
    ReadWriteType: null,
    IncludeManagementEvents: null,
    DataResources: null,
    ExcludeManagementEventSources: null,
  }
  assert.deepEqual(basic({ ...nulls, FutureMember: { x: 1 } }), defaultSelectors)
  assert.deepEqual(basic({ DataResources: [{ Type: s3, Values: null, Future: 1 }] }), basic(withValues(s3, [])))
})

test('a member of the wrong JSON type is a serialization fault, whatever else is wrong', () => {
  for (const wrong of ['x', {}, 1, true]) {
    refused({ eventSelectors: wrong, advancedEventSelectors: [] }, 'serialization')
    refused({ advancedEventSelectors: wrong }, 'serialization')
  }
  const selectors = [
    null,
    'x',
    [],
    { ReadWriteType: 1 },
    { ReadWriteType: ['All'] },
    { IncludeManagementEvents: 'true' },
    { IncludeManagementEvents: 1 },
    { DataResources: {} },
    { DataResources: [null] },
    { DataResources: [{ Type: 1 }] },
    { DataResources: [{ Type: s3, Values: 'arn:aws:s3' }] },
    { DataResources: [{ Type: s3, Values: [null] }] },
    { ExcludeManagementEventSources: 'kms.amazonaws.com' },
    { ExcludeManagementEventSources: [1] },
  ]
  for (const selector of selectors) refused({ eventSelectors: [{ ReadWriteType: 'none' }, selector] }, 'serialization')
  assert.equal(
    refused({ eventSelectors: [{ IncludeManagementEvents: 'true' }] }, 'serialization'),
    'EventSelectors[0].IncludeManagementEvents must be a JSON boolean.',
  )
})

test('ReadWriteType is one of three, exact in case', () => {
  for (const ReadWriteType of ['All', 'ReadOnly', 'WriteOnly'])
    assert.deepEqual(basic({ ReadWriteType }).selectors, [{ ...defaultSelectors.selectors[0], ReadWriteType }])
  for (const ReadWriteType of ['', 'all', 'readonly', 'Read', '__proto__'])
    assert.match(refusedBasic({ ReadWriteType }), /ReadWriteType/)
})

test('only the events of two sources can be left out of management events, each named once', () => {
  const both = ['rdsdata.amazonaws.com', 'kms.amazonaws.com']
  for (const sources of [[], ['kms.amazonaws.com'], both])
    assert.deepEqual(basic({ ExcludeManagementEventSources: sources }).selectors, [
      { ...defaultSelectors.selectors[0], ExcludeManagementEventSources: sources },
    ])
  assert.deepEqual(
    basic({ ExcludeManagementEventSources: [...both, ...both] }),
    basic({ ExcludeManagementEventSources: both }),
  )
  for (const source of ['', 'kms', 'KMS.amazonaws.com', 'ec2.amazonaws.com'])
    assert.match(refusedBasic({ ExcludeManagementEventSources: [source] }), /ExcludeManagementEventSources/)
})

test('a selector that records nothing is accepted', () => {
  const selector = { ReadWriteType: 'All', IncludeManagementEvents: false, ExcludeManagementEventSources: [] }
  for (const DataResources of [[], [{ Type: s3, Values: [] }]])
    assert.deepEqual(basic({ ...selector, DataResources }).selectors, [{ ...selector, DataResources }])
})

describe('DataResources', () => {
  test('have one of three types', () => {
    for (const Type of [s3, lambda, dynamo]) basic(withValues(Type, []))
    for (const Type of ['AWS::S3::Bucket', 'AWS::DynamoDB::Stream', 'AWS::SQS::Queue', '', 's3'])
      assert.match(refusedBasic(withValues(Type, [])), /DataResources\.Type/)
    assert.match(refusedBasic({ DataResources: [{ Values: [] }] }), /DataResources\.Type/)
  })

  const legal = {
    [s3]: [
      'arn:aws:s3',
      'arn:aws:s3:::',
      'arn:aws:s3:::bucket/',
      'arn:aws:s3:::bucket.with.dots/a prefix/é*?',
      'arn:aws-cn:s3:::',
      'arn:aws-us-gov:s3',
      'arn:aws-iso-b:s3:::bucket/x',
    ],
    [lambda]: [
      'arn:aws:lambda',
      'arn:aws-cn:lambda',
      'arn:aws:lambda:us-west-2:111122223333:function:helloworld',
      'arn:aws-us-gov:lambda:us-gov-west-1:111122223333:function:hello_world-2',
      'arn:aws:lambda:us-west-2:111122223333:function:helloworld:$LATEST',
      'arn:aws:lambda:us-west-2:111122223333:function:helloworld:live',
    ],
    [dynamo]: [
      'arn:aws:dynamodb',
      'arn:aws-cn:dynamodb',
      'arn:aws:dynamodb:eu-west-1:111122223333:table/Orders',
      'arn:aws-us-gov:dynamodb:us-gov-west-1:111122223333:table/orders.eu_2-x',
    ],
  }
  const illegal = {
    [s3]: [
      '',
      '*',
      'arn:aws:s3:::*',
      'arn:aws:s3:::bucket',
      'arn:aws:s3:::bucket*/',
      'arn:aws:s3:::/',
      'arn:aws:s3:',
      'arn:aws:s3::',
      'arn:aws:s3:*',
      'arn:aws:s3:eu-west-1::bucket/',
      'arn:azure:s3:::bucket/',
      'arn:aws:lambda',
      'bucket/',
      `arn:aws:s3:::bucket/${'k'.repeat(2_048)}`,
    ],
    [lambda]: [
      'arn:aws:lambda:*',
      'arn:aws:lambda:',
      'arn:aws:lambda:us-west-2:111122223333:function:*',
      'arn:aws:lambda:us-west-2:111122223333:function:',
      'arn:aws:lambda:us-west-2:111122223333:function',
      'arn:aws:lambda:us-west-2::function:helloworld',
      'arn:aws:lambda:us-west-2:111122223333:layer:helloworld',
      'arn:aws:s3',
      'helloworld',
    ],
    [dynamo]: [
      'arn:aws:dynamodb:*',
      'arn:aws:dynamodb:eu-west-1:111122223333:table/',
      'arn:aws:dynamodb:eu-west-1:111122223333:table/*',
      'arn:aws:dynamodb:eu-west-1:111122223333:table/Orders/stream/2026-03-04T00:00:00.000',
      'arn:aws:dynamodb:eu-west-1:1111:table/Orders',
      'Orders',
    ],
  }
  test('take the value forms of their type, in every partition', () => {
    for (const [type, values] of Object.entries(legal))
      assert.deepEqual(basic(withValues(type, values)).selectors, [
        { ...defaultSelectors.selectors[0], ...withValues(type, values) },
      ])
  })
  test('refuse any other value by name', () => {
    for (const [type, values] of Object.entries(illegal))
      for (const value of values) {
        const message = refusedBasic(withValues(type, [legal[type as keyof typeof legal][0], value]))
        if (value.length > 300) assert.ok(message.length < 500)
        else assert.equal(message, `Value ${value} for DataResources.Values is invalid.`)
      }
  })

  test('have at most 250 values over all selectors', () => {
    basic(withValues(s3, objects(250)))
    const message = 'Specify a valid number of DataResources.Values (0 to 250) for all your selectors'
    assert.equal(refusedBasic(withValues(s3, objects(251))), message)
    const parts = [0, 1, 2, 3].map((part) => withValues(s3, objects(50, part * 50)))
    basic(...parts, withValues(lambda, legal[lambda].slice(2)))
    assert.equal(refusedBasic(...parts, withValues(s3, objects(51))), message)
  })

  test('may say all beyond these 250, but not without end', () => {
    basic(withValues(s3, [...objects(250), 'arn:aws:s3', 'arn:aws:s3:::']), withValues(lambda, ['arn:aws:lambda']))
    const all = Array.from({ length: 251 }, () => 'arn:aws:s3')
    assert.match(refusedBasic(withValues(s3, all)), /0 to 250/)
    const empty = Array.from({ length: 251 }, () => ({ Type: s3, Values: [] }))
    assert.match(refusedBasic({ DataResources: empty }), /0 to 250/)
  })
})
