import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { FilterFault, isNested, readFilterPolicy } from './filter-policy.ts'
import { createMessageFilter } from './message-filter.ts'
import type { StoredAttribute } from './topic-documents.ts'

type Value = string | number | readonly unknown[]

function attributeOf(value: Value): StoredAttribute {
  if (typeof value === 'string') return { dataType: 'String', stringValue: value }
  if (typeof value === 'number') return { dataType: 'Number', stringValue: String(value) }
  return { dataType: 'String.Array', stringValue: JSON.stringify(value) }
}

/** By the attributes of a message. */
function takes(policy: object, attributes: Readonly<Record<string, Value>>): boolean {
  const sent = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, attributeOf(value)]))
  return createMessageFilter(sent)({ attributes: { FilterPolicy: JSON.stringify(policy) } }, 'x')
}

/** By a message's body. */
function takesBody(policy: object, body: unknown): boolean {
  const attributes = { FilterPolicy: JSON.stringify(policy), FilterPolicyScope: 'MessageBody' }
  return createMessageFilter()({ attributes }, typeof body === 'string' ? body : JSON.stringify(body))
}

/** What each operator takes and leaves, in both scopes. */
const cases: readonly (readonly [rules: readonly unknown[], taken: readonly Value[], left: readonly Value[]])[] = [
  [
    ['delivered', 'lost'],
    ['delivered', 'lost', ['sent', 'lost']],
    ['Delivered', 'sent', '', 1, ['sent']],
  ],
  [[301.5], [301.5, 301.500_001, [1, 301.5]], [301, '301.5', 301.501]],
  [
    [true, null],
    [[true], [null], ['no', null]],
    ['true', 'null', [false], 0],
  ],
  [[{ prefix: 'eu-' }], ['eu-west-1', ['us-east-1', 'eu-north-1']], ['us-eu-1', 'EU-west-1', 7]],
  [[{ suffix: '.gz' }], ['log.gz'], ['log.gz.tmp', 'gz']],
  [[{ 'equals-ignore-case': 'Tennis' }], ['tennis', 'TENNIS'], ['tennis ', 'rugby']],
  [[{ 'anything-but': ['rugby', 'tennis'] }], ['golf', 7, ['rugby', 'golf']], ['rugby', ['rugby', 'tennis']]],
  [[{ 'anything-but': 'rugby' }], ['golf'], ['rugby']],
  [[{ 'anything-but': [100, 500] }], [101, '100'], [100, 500]],
  [[{ 'anything-but': { prefix: 'order-' } }], ['data-entry'], ['order-number', 5]],
  [[{ 'anything-but': { suffix: '.tmp' } }], ['a.gz'], ['a.tmp']],
  [[{ numeric: ['=', 3.015e2] }], [301.5], [301, '301.5']],
  [[{ numeric: ['<', 0] }], [-1, -0.000_01], [0, 1]],
  [[{ numeric: ['>', 0, '<=', 150] }], [1, 150], [0, 150.000_01, '100']],
  [[{ numeric: ['>=', -1e9] }], [-1e9, 0], ['0']],
  [[{ cidr: '10.0.0.0/24' }], ['10.0.0.0', '10.0.0.255'], ['10.0.1.0', '10.0.0.0/24', 'ten', '::ffff']],
  [[{ cidr: '2001:db8::/32' }], ['2001:db8::1'], ['2001:db9::1', '10.0.0.1']],
  [[{ exists: true }], ['', 0, [null]], []],
  [
    ['soccer', { prefix: 'base' }, { numeric: ['=', 3] }],
    ['soccer', 'baseball', 3],
    ['rugby', 4],
  ],
]

describe('a filter policy', () => {
  test.each(cases)('%j takes what it says, by attributes and by bodies', (rules, taken, left) => {
    for (const [values, isTaken] of [
      [taken, true],
      [left, false],
    ] as const)
      for (const value of values) {
        assert.equal(takes({ key: rules }, { key: value, other: 'x' }), isTaken, `attribute ${JSON.stringify(value)}`)
        assert.equal(takesBody({ key: rules }, { key: value, other: 'x' }), isTaken, `body ${JSON.stringify(value)}`)
      }
    const isForAbsent = takes({ key: rules }, { other: 'x' })
    assert.equal(isForAbsent, false, 'a message without the property')
  })

  test('what is absent fits only where that is asked for', () => {
    const policy = { store: ['one'], extra: [{ exists: false }] }
    assert.equal(takes(policy, { store: 'one' }), true)
    assert.equal(takes(policy, { store: 'one', extra: 'x' }), false)
    assert.equal(takes({ extra: [{ exists: false }, 'x'] }, { extra: 'x' }), true)
    assert.equal(takesBody({ a: { b: [{ exists: false }] } }, {}), true)
    assert.equal(takesBody({ a: { b: [{ exists: false }] } }, { a: { b: 1 } }), false)
    assert.equal(takesBody({ a: [{ exists: true }] }, { a: { b: 1 } }), false, 'an object is no value')
    assert.equal(takes({ toString: [{ exists: true }] }, {}), false, 'what every object has was not sent')
  })

  test('all properties have to fit, and one alternative of $or', () => {
    const policy = { source: ['metrics'], $or: [{ name: ['cpu'] }, { space: [{ prefix: 'disk' }], zone: ['a'] }] }
    assert.equal(takes(policy, { source: 'metrics', name: 'cpu' }), true)
    assert.equal(takes(policy, { source: 'metrics', space: 'disks', zone: 'a' }), true)
    assert.equal(takes(policy, { source: 'metrics', space: 'disks' }), false)
    assert.equal(takes(policy, { source: 'logs', name: 'cpu' }), false)
  })

  test('of bodies asks for what is inside, and of a list for one element that fits as a whole', () => {
    const policy = { detail: { key: [{ prefix: 'AWSLogs/' }], size: [{ numeric: ['>', 10] }] } }
    assert.equal(takesBody(policy, { detail: { key: 'AWSLogs/x', size: 11 } }), true)
    assert.equal(takesBody(policy, { detail: { key: 'other', size: 11 } }), false)
    const mixed = [
      { key: 'AWSLogs/x', size: 1 },
      { key: 'other', size: 11 },
    ]
    assert.equal(takesBody(policy, { detail: mixed }), false)
    assert.equal(takesBody(policy, { detail: [...mixed, { key: 'AWSLogs/y', size: 12 }] }), true)
    assert.equal(takesBody({ s3ObjectKey: [{ suffix: '.json.gz' }] }, { s3ObjectKey: ['a', 'b.json.gz'] }), true)
  })

  test('of bodies takes JSON objects alone', () => {
    for (const body of ['not JSON', '[{"a":"b"}]', '"b"', 'null']) assert.equal(takesBody({ a: ['b'] }, body), false)
  })

  test('of attributes leaves out what is binary, and lists that are none', () => {
    const attributes = {
      binary: { dataType: 'Binary', base64Value: 'eA==' },
      list: { dataType: 'String.Array', stringValue: '[broken' },
    }
    for (const name of ['binary', 'list']) {
      const FilterPolicy = JSON.stringify({ [name]: [{ exists: true }] })
      assert.equal(createMessageFilter(attributes)({ attributes: { FilterPolicy } }, 'x'), false)
    }
  })

  test.each([
    ['[]', 'JSON object'],
    ['{"a":', 'parse'],
    ['{"a":"b"}', 'an object or an array'],
    ['{"a":[]}', 'Empty arrays'],
    ['{"a":{}}', 'at least one key'],
    ['{"a":[["b"]]}', 'no string'],
    ['{"a":[{"wildcard":"x*"}]}', 'Unrecognized match type'],
    ['{"a":[{"prefix":"x","suffix":"y"}]}', 'Unrecognized match type'],
    ['{"a":[{"toString":"x"}]}', 'Unrecognized match type'],
    ['{"a":[{"prefix":1}]}', 'without a text'],
    ['{"a":[{"exists":"true"}]}', 'true or false'],
    ['{"a":[{"numeric":["!=",1]}]}', 'numeric'],
    ['{"a":[{"numeric":["<",1,">",0]}]}', 'numeric'],
    ['{"a":[{"numeric":[">",0,"<"]}]}', 'numeric'],
    ['{"a":[{"numeric":["=","1"]}]}', 'number'],
    ['{"a":[1000000001]}', 'number'],
    ['{"a":[{"anything-but":[true]}]}', 'anything-but'],
    ['{"a":[{"anything-but":{"cidr":"10.0.0.0/8"}}]}', 'anything-but'],
    ['{"a":[{"cidr":"10.0.0.0/33"}]}', 'cidr'],
    ['{"a":[{"cidr":"10.0.0.0"}]}', 'cidr'],
    ['{"$or":[{"a":["b"]}]}', 'two or more'],
    ['{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}', 'more than 5 keys'],
    [JSON.stringify({ a: Array.from({ length: 151 }, String) }), 'combinations'],
    [
      JSON.stringify({ a: { b: Array.from({ length: 13 }, String) }, c: ['1', '2', '3', '4', '5', '6'] }),
      'combinations',
    ],
    [`${'{"a":'.repeat(20)}["b"]${'}'.repeat(20)}`, 'nested'],
    [JSON.stringify({ a: ['x'.repeat(20_000)] }), 'bytes'],
  ])('%s is refused', (text, why) => {
    assert.throws(
      () => readFilterPolicy(text),
      (error: Error) => error instanceof FilterFault && error.message.includes(why),
    )
  })

  test('as large as it may be is read, and says whether it looks into bodies', () => {
    const values = (count: number) => Array.from({ length: count }, String)
    assert.equal(isNested(readFilterPolicy(JSON.stringify({ a: values(15), b: values(10) }))), false)
    assert.equal(isNested(readFilterPolicy('{"a":{"b":["c"]}}')), true)
    assert.equal(isNested(readFilterPolicy('{"$or":[{"a":["b"]},{"a":{"b":["c"]}}]}')), true)
  })

  test('whatever is sent, a policy is read or refused, and then decides', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.json(), (policy, body) => {
        try {
          readFilterPolicy(policy)
        } catch (error) {
          assert.ok(error instanceof FilterFault, String(error))
          return
        }
        assert.equal(typeof takesBody(JSON.parse(policy) as object, body), 'boolean')
      }),
    )
  })
})
