import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { conditionOperators } from './condition-operators.ts'
import { decide, holds, statement } from './policy.testing.ts'

/** Operator, values in the policy, the request's values that meet it, and those that do not. */
const examples: readonly (readonly [string, unknown, readonly string[], readonly string[]])[] = [
  ['StringEquals', ['public', 'internal'], ['public', 'internal'], ['Public', 'publi', '', 'publi?']],
  ['StringEquals', 'a*', ['a*'], ['ab']],
  ['StringNotEquals', ['public', 'internal'], ['Public', 'secret', ''], ['public', 'internal']],
  ['StringEqualsIgnoreCase', 'Ann', ['ann', 'ANN'], ['anna']],
  ['StringNotEqualsIgnoreCase', ['Ann', 'Bob'], ['anna'], ['ann', 'BOB']],
  ['StringLike', ['home/*', 'x?'], ['home/', 'home/a:b/c', 'xy'], ['Home/', 'x', 'xyz']],
  ['StringNotLike', ['home/*', 'x?'], ['Home/', 'x', 'xyz'], ['home/', 'xy']],
  ['StringLike', 'a${*}', ['a*'], ['ab']],
  ['ArnEquals', 'arn:aws:sns:*:111122223333:n?ws', ['arn:aws:sns:eu-west-1:111122223333:news'], ['news']],
  ['ArnLike', 'arn:aws:sns:*:news', [], ['arn:aws:sns:eu-west-1:111122223333:news']],
  ['ArnLike', ['arn:aws:s3:*:*:b', '*:*:*:*:*:c'], ['arn:aws:s3:::b', 'arn:aws:s3:::c'], ['arn:aws:s3:::d']],
  ['ArnNotEquals', 'arn:aws:s3:::b*', ['arn:aws:s3:::c', 'b'], ['arn:aws:s3:::bc']],
  ['ArnNotLike', 'arn:aws:s3:::b*', ['arn:aws:s3:::c'], ['arn:aws:s3:::b']],
  ['NumericEquals', ['10', 2.5], ['10', '10.0', '+10', '2.50'], ['9', 'ten', '', '1e1', '0x0a']],
  ['NumericNotEquals', 10, ['9', 'ten'], ['10', '010']],
  ['NumericLessThan', 10, ['9.9', '-1'], ['10', '11', 'x']],
  ['NumericLessThanEquals', 10, ['10', '9'], ['10.1', 'x']],
  ['NumericGreaterThan', 10, ['10.1', '11'], ['10', '9', 'x']],
  ['NumericGreaterThanEquals', 10, ['10', '11'], ['9.9', 'x']],
  ['DateEquals', '2026-03-04T10:00:00Z', ['2026-03-04T12:00+02:00', '1772618400'], ['2026-03-04', 'x']],
  ['DateNotEquals', '2026-03-04T10:00:00Z', ['2026-03-04', 'x'], ['2026-03-04T09:00:00-01:00']],
  ['DateLessThan', '2026-03-04', ['2026-03-03T23:59:59.999Z', '2025'], ['2026-03-04T00:00:00Z', 'x']],
  ['DateLessThanEquals', '2026-03-04', ['2026-03-04T00:00:00Z'], ['2026-03-04T00:00:00.001Z', 'x']],
  ['DateGreaterThan', '1772618400', ['2026-03-04T10:00:01Z'], ['2026-03-04T10:00:00Z', 'x']],
  ['DateGreaterThanEquals', 1772618400, ['2026-03-04T10:00:00Z'], ['2026-03-04T09:59:59Z', 'x']],
  ['Bool', true, ['true', 'TRUE'], ['false', '1', '']],
  ['Bool', 'False', ['false'], ['true']],
  ['BinaryEquals', 'QmluYXJ5', ['QmluYXJ5'], ['qmluYXJ5', 'QmluYXJ', 'x']],
  [
    'IpAddress',
    ['203.0.113.0/24', '2001:db8::/32'],
    ['203.0.113.9', '2001:DB8::1'],
    ['203.0.114.0', '2001:db9::', 'x'],
  ],
  ['NotIpAddress', ['203.0.113.0/24', '2001:db8::/32'], ['203.0.114.0', '2001:db9::', 'x'], ['203.0.113.9']],
  ['Null', false, ['anything', ''], []],
  ['Null', 'true', [], ['anything', '']],
]

describe('each operator', () => {
  test.each(examples)('%s %j', (operator, values, met, unmet) => {
    for (const value of met)
      assert.ok(holds({ [operator]: { 'x:key': values } }, { 'X:Key': value }), `met by ${value}`)
    for (const value of unmet) assert.ok(!holds({ [operator]: { 'X:KEY': values } }, { 'x:key': value }), `by ${value}`)
  })

  test('has an example', () => {
    assert.deepEqual([...new Set(examples.map(([operator]) => operator))].sort(), [...conditionOperators.keys()].sort())
  })
})

const valueFor = (operator: string): string => examples.find(([name]) => name === operator)![1] as string

describe('a key that the request does not have', () => {
  for (const [operator, { negated }] of conditionOperators) {
    if (operator === 'Null') continue
    test(operator, () => {
      for (const context of [{}, { 'x:key': undefined }, { 'x:key': [] }, { 'x:other': 'a' }]) {
        const missing = (name: string) => holds({ [name]: { 'x:key': valueFor(operator) } }, context)
        assert.equal(missing(operator), negated)
        assert.equal(missing(`${operator}IfExists`), true)
        assert.equal(missing(`ForAllValues:${operator}`), true)
        assert.equal(missing(`ForAnyValue:${operator}`), false)
        assert.equal(missing(`ForAllValues:${operator}IfExists`), true)
        assert.equal(missing(`ForAnyValue:${operator}IfExists`), true)
      }
    })
  }

  test('Null tells it from one that is there', () => {
    assert.ok(holds({ Null: { 'x:key': true } }, {}))
    assert.ok(holds({ Null: { 'x:key': 'true' } }, { 'x:key': [] }))
    assert.ok(!holds({ Null: { 'x:key': 'false' } }, {}))
  })
})

test('IfExists still compares a key that is there', () => {
  assert.ok(!holds({ StringEqualsIfExists: { 'x:key': 'a' } }, { 'x:key': 'b' }))
  assert.ok(!holds({ StringNotEqualsIfExists: { 'x:key': 'a' } }, { 'x:key': 'a' }))
})

test('all keys of all operators must be met', () => {
  const condition = { StringEquals: { 'x:a': '1', 'x:b': ['2', '3'] }, Bool: { 'x:c': 'true' } }
  const met = { 'x:a': '1', 'x:b': '3', 'x:c': 'true' }
  assert.ok(holds(condition, met))
  for (const key of Object.keys(met)) assert.ok(!holds(condition, { ...met, [key]: 'other' }), key)
  assert.ok(holds({}, {}), 'no condition')
})

test('ForAllValues wants every value of the request among the values of the policy', () => {
  const condition = { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['env', 'team'] } }
  assert.ok(holds(condition, { 'aws:TagKeys': ['env'] }))
  assert.ok(holds(condition, { 'aws:TagKeys': ['team', 'env'] }))
  assert.ok(!holds(condition, { 'aws:TagKeys': ['team', 'cost'] }))
  assert.ok(holds(condition, { 'aws:TagKeys': '' }), 'an empty value is none')
  const negated = { 'ForAllValues:StringNotLike': { 'aws:TagKeys': ['x*', 'y*'] } }
  assert.ok(holds(negated, { 'aws:TagKeys': ['a', 'b'] }))
  assert.ok(!holds(negated, { 'aws:TagKeys': ['a', 'yb'] }))
})

test('ForAnyValue wants one value of the request to compare', () => {
  const condition = { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['env', 'team'] } }
  assert.ok(holds(condition, { 'aws:TagKeys': ['cost', 'team'] }))
  assert.ok(!holds(condition, { 'aws:TagKeys': ['cost'] }))
  const negated = { 'ForAnyValue:StringNotEquals': { 'aws:TagKeys': ['env', 'team'] } }
  assert.ok(holds(negated, { 'aws:TagKeys': ['env', 'cost'] }))
  assert.ok(!holds(negated, { 'aws:TagKeys': ['env', 'team'] }))
})

test('without a set prefix one of several values is enough, and negation is the opposite', () => {
  assert.ok(holds({ StringEquals: { 'x:key': 'a' } }, { 'x:key': ['a', 'b'] }))
  assert.ok(!holds({ StringNotEquals: { 'x:key': 'a' } }, { 'x:key': ['a', 'b'] }))
  assert.ok(holds({ StringNotEquals: { 'x:key': 'c' } }, { 'x:key': ['a', 'b'] }))
})

test('variables are read in strings and ARNs, in policies of 2012 only', () => {
  const own = { StringLike: { 's3:prefix': ['${aws:username}/*', "${aws:PrincipalTag/team, 'all'}/*"] } }
  assert.ok(holds(own, { 's3:prefix': 'ann/x', 'aws:username': 'ann' }))
  assert.ok(holds(own, { 's3:prefix': 'all/x' }))
  assert.ok(!holds(own, { 's3:prefix': 'bob/x', 'aws:username': 'ann' }))
  assert.ok(
    holds({ ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::${x:b}' } }, { 'aws:SourceArn': 'arn:aws:s3:::b', 'x:b': 'b' }),
  )
})

test('a negated comparison with a variable that has no value stops Allow and lets Deny apply', () => {
  const condition = { StringNotEquals: { 'x:key': ['a', '${aws:username}'] } }
  const ask = { context: { 'x:key': 'b' } }
  assert.equal(decide(ask, statement({ Condition: condition })).effect, 'none')
  assert.equal(decide(ask, statement({ Effect: 'Deny', Condition: condition })).effect, 'deny')
  assert.ok(!holds({ StringEquals: { 'x:key': '${aws:username}' } }, { 'x:key': '${aws:username}' }))
})
