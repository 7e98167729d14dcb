import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import type { AccountId, Region } from '../event/index.ts'
import { planLookup, type LookupFault, type LookupPlan } from './index.ts'

const now = Date.parse('2026-11-21T12:00:00Z')
const nowSeconds = now / 1_000
const floor = nowSeconds - 90 * 86_400
const scope = { now, account: '111122223333' as AccountId, region: 'eu-west-1' as Region }

function planned(input: Record<string, unknown>, at = scope): LookupPlan {
  const plan = planLookup(input, at)
  assert.ok(plan.ok, JSON.stringify(plan))
  return plan
}
function refused(input: Record<string, unknown>): LookupFault['kind'] {
  const plan = planLookup(input, scope)
  assert.ok(!plan.ok, `accepted ${JSON.stringify(input).slice(0, 100)}`)
  assert.match(plan.message, /\.$/)
  return plan.kind
}
const by = (AttributeKey: unknown, AttributeValue: unknown) => ({
  LookupAttributes: [{ AttributeKey, AttributeValue }],
})

test('an empty request asks for the last 90 days up to now, 50 management events a page', () => {
  const { identity, ...plan } = planned({})
  assert.deepEqual(plan, {
    ok: true,
    stream: '111122223333/eu-west-1',
    category: 'management',
    timeMin: 0,
    timeMax: nowSeconds,
    floor,
    limit: 50,
  })
  assert.equal(typeof identity, 'string')
})

test('null means absent, unknown members are ignored, an empty attribute list is none', () => {
  const members = ['LookupAttributes', 'StartTime', 'EndTime', 'EventCategory', 'MaxResults', 'NextToken']
  const nulls = Object.fromEntries(members.map((name) => [name, null]))
  assert.deepEqual(planned({ ...nulls, FutureMember: 1 }), planned({}))
  assert.deepEqual(planned({ LookupAttributes: [] }), planned({}))
})

test('a member of the wrong JSON type is a serialization fault, whatever else is wrong', () => {
  const wrong = {
    LookupAttributes: [{}, 'x', 1, true],
    StartTime: ['2026-11-21T12:00:00Z', true, []],
    EndTime: ['1', {}],
    EventCategory: [1, [], {}],
    MaxResults: ['10', 1.5, true, Infinity],
    NextToken: [1, {}, []],
  }
  for (const [name, values] of Object.entries(wrong))
    for (const value of values)
      assert.equal(refused({ [name]: value, ...(name !== 'MaxResults' && { MaxResults: 99 }) }), 'wrong-type', name)
  for (const item of [null, 'EventName', [], 3]) assert.equal(refused({ LookupAttributes: [item] }), 'wrong-type')
  assert.equal(refused(by(1, 'x')), 'wrong-type')
  assert.equal(refused(by('EventName', 1)), 'wrong-type')
})

describe('LookupAttributes', () => {
  test('takes one item with one of eight keys, exact in case', () => {
    const keys = [
      'EventId',
      'EventName',
      'ReadOnly',
      'Username',
      'ResourceType',
      'ResourceName',
      'EventSource',
      'AccessKeyId',
    ]
    for (const key of keys) assert.deepEqual(planned(by(key, 'x')).filter, { attribute: key, value: 'x' })
    for (const key of ['eventName', 'Name', '', '__proto__', undefined, null])
      assert.equal(refused(by(key, 'x')), 'invalid-lookup-attributes')
    const item = { AttributeKey: 'EventName', AttributeValue: 'x' }
    assert.equal(refused({ LookupAttributes: [item, item] }), 'invalid-lookup-attributes')
  })

  test('values have 1 to 2000 characters, four of them counting twice', () => {
    for (const value of ['a', 'a'.repeat(2_000), '_'.repeat(1_000), ' ,_\n'.repeat(250), '\u{1f600}'.repeat(2_000)])
      assert.equal(planned(by('Username', value)).filter?.value, value)
    const tooLong = ['a'.repeat(2_001), '\u{1f600}'.repeat(2_001)]
    for (const twice of '_ ,\n') tooLong.push('a'.repeat(1_999) + twice, twice.repeat(1_000) + 'a')
    for (const value of [...tooLong, '', null, undefined])
      assert.equal(refused(by('Username', value)), 'invalid-lookup-attributes')
  })

  test('Insights events are looked up by id, name or source only', () => {
    for (const key of ['EventId', 'EventName', 'EventSource'])
      assert.equal(planned({ ...by(key, 'x'), EventCategory: 'insight' }).category, 'insight')
    for (const key of ['ReadOnly', 'Username', 'ResourceType', 'ResourceName', 'AccessKeyId'])
      assert.equal(refused({ ...by(key, 'x'), EventCategory: 'insight' }), 'invalid-lookup-attributes')
  })
})

test('EventCategory is absent or exactly insight', () => {
  for (const EventCategory of ['', 'Insight', 'management', 'Management', 'insight '])
    assert.equal(refused({ EventCategory }), 'invalid-event-category')
})

test('MaxResults is 1 to 50', () => {
  assert.equal(planned({ MaxResults: 1 }).limit, 1)
  assert.equal(planned({ MaxResults: 50 }).limit, 50)
  for (const MaxResults of [0, 51, -1, 1e300]) assert.equal(refused({ MaxResults }), 'invalid-max-results')
})

const window = (input: Record<string, unknown>) => {
  const plan = planned(input)
  return [Math.max(plan.floor, plan.timeMin), plan.timeMax]
}

describe('times', () => {
  test('are inclusive whole seconds: fractions round into the range', () => {
    assert.deepEqual(window({ StartTime: nowSeconds - 10.5, EndTime: nowSeconds - 0.001 }), [
      nowSeconds - 10,
      nowSeconds - 1,
    ])
    assert.deepEqual(window({ StartTime: nowSeconds - 5, EndTime: nowSeconds - 5 }), [nowSeconds - 5, nowSeconds - 5])
  })
  test('a start before the last 90 days is cut there, to the second', () => {
    for (const StartTime of [floor - 1, 0, -1, -62_135_596_800]) assert.equal(window({ StartTime })[0], floor)
    assert.equal(window({ StartTime: floor + 1 })[0], floor + 1)
    assert.equal(planned({}, { ...scope, now: now + 1 }).floor, floor + 1)
  })
  test('an end in the future is allowed, an end before 90 days finds nothing', () => {
    assert.deepEqual(window({ EndTime: 253_402_300_799 }), [floor, 0xffff_ffff])
    const [min, max] = window({ EndTime: floor - 1 })
    assert.ok(min! > max!)
  })
  test('a start after the end, or times that cannot be, are refused', () => {
    assert.equal(refused({ StartTime: nowSeconds, EndTime: nowSeconds - 0.5 }), 'invalid-time-range')
    for (const time of [now, Infinity, -Infinity, 1e300, -62_135_596_801]) {
      assert.equal(refused({ StartTime: time }), 'invalid-time-range')
      assert.equal(refused({ EndTime: time }), 'invalid-time-range')
    }
  })
  test('a start in the future without an end finds nothing', () => {
    const [min, max] = window({ StartTime: nowSeconds + 60 })
    assert.ok(min! > max!)
  })
})

test('a token is passed on as sent, unless it cannot be ours', () => {
  assert.equal(planned({ NextToken: 'abc' }).token, 'abc')
  for (const NextToken of ['', 'x'.repeat(1_001)]) assert.equal(refused({ NextToken }), 'invalid-next-token')
})

test('the identity of a request differs with each member, the account and the Region, not with the token or the time', () => {
  const base = { ...by('EventName', 'x'), StartTime: nowSeconds - 10, EndTime: nowSeconds, MaxResults: 7 }
  const variants = [
    planned(base),
    planned({ ...base, ...by('EventName', 'y') }),
    planned({ ...base, ...by('EventSource', 'x') }),
    planned({ ...base, LookupAttributes: [] }),
    planned({ ...base, StartTime: nowSeconds - 9 }),
    planned({ ...base, StartTime: null }),
    planned({ ...base, EndTime: nowSeconds - 1 }),
    planned({ ...base, MaxResults: 8 }),
    planned({ ...base, MaxResults: null }),
    planned({ ...base, EventCategory: 'insight' }),
    planned(base, { ...scope, account: '111122223334' as AccountId }),
    planned(base, { ...scope, region: 'eu-west-2' as Region }),
  ]
  assert.equal(new Set(variants.map(({ identity }) => identity)).size, variants.length)
  assert.equal(planned({ ...base, NextToken: 'a' }, { ...scope, now: now + 1e6 }).identity, variants[0]!.identity)
})
