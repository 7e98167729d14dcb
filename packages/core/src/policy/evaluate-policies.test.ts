import assert from 'node:assert/strict'
import { test } from 'vitest'
import { evaluatePolicies } from './evaluate-policies.ts'
import { decide, policy, policyText, readPolicy, request, statement } from './policy.testing.ts'
import { contextCharsMax, contextKeysMax, contextValuesMax, requestTextCharsMax } from './request-context.ts'

test('nothing is allowed unless a statement says so', () => {
  assert.deepEqual(evaluatePolicies([], request()), { effect: 'none' })
  assert.deepEqual(decide({ action: 's3:PutObject' }, statement()), { effect: 'none' })
  assert.deepEqual(decide({ resource: 'arn:aws:s3:::other/x' }, statement()), { effect: 'none' })
  assert.deepEqual(decide({}, statement()), { effect: 'allow', statement: '0' })
})

test('an explicit deny wins, in whatever order and policy it stands', () => {
  const allow = statement({ Sid: 'Read' })
  const deny = statement({ Sid: 'Keep out', Effect: 'Deny', Action: 's3:*' })
  const denied = { effect: 'deny', statement: 'Keep out' }
  assert.deepEqual(decide({}, allow, deny), denied)
  assert.deepEqual(decide({}, deny, allow), denied)
  assert.deepEqual(evaluatePolicies([policy(allow), policy(deny)], request()), denied)
  assert.deepEqual(evaluatePolicies([policy(deny), policy(allow)], request()), denied)
  assert.deepEqual(decide({}, statement({ Effect: 'Deny', Action: 's3:PutObject' }), allow), {
    effect: 'allow',
    statement: 'Read',
  })
})

test('a statement is named by its Sid, or its index', () => {
  const other = statement({ Action: 's3:PutObject' })
  assert.equal(decide({}, other, statement()).statement, '1')
  assert.equal(decide({}, other, other, statement({ Sid: '' })).statement, '2')
})

test('actions have no letter case, resources do', () => {
  assert.equal(decide({ action: 'S3:getobject' }, statement({ Action: 's3:GETObject' })).effect, 'allow')
  assert.equal(
    decide({ action: 's3:GetObjectAcl' }, statement({ Action: ['s3:Put*', 's3:G?tObject*'] })).effect,
    'allow',
  )
  assert.equal(decide({ action: 's3:GetObject' }, statement({ Action: 's3:Get?' })).effect, 'none')
  assert.equal(decide({}, statement({ Action: '*' })).effect, 'allow')
  assert.equal(
    decide({ action: '\u212Ams:Decrypt' }, statement({ Action: 'kms:Decrypt' })).effect,
    'none',
    'a Kelvin sign',
  )
  assert.equal(decide({ resource: 'arn:aws:s3:::Photos/x' }, statement()).effect, 'none')
  assert.equal(decide({}, statement({ Resource: ['arn:aws:s3:::x', 'arn:aws:s3:::photos/*/c?t.jpg'] })).effect, 'allow')
})

test('NotAction and NotResource are all but what they list', () => {
  const but = { Action: undefined, NotAction: ['s3:Delete*', 'iam:*'] }
  assert.equal(decide({}, statement(but)).effect, 'allow')
  assert.equal(decide({ action: 's3:DeleteObject' }, statement(but)).effect, 'none')
  const outside = { Effect: 'Deny', Resource: undefined, NotResource: ['arn:aws:s3:::photos', 'arn:aws:s3:::photos/*'] }
  assert.equal(decide({}, statement(outside)).effect, 'none')
  assert.equal(decide({ resource: 'arn:aws:s3:::photo' }, statement(outside)).effect, 'deny')
})

test('a resource may name who asks', () => {
  const home = { Resource: 'arn:aws:s3:::photos/${aws:username}/*' }
  const ask = (key: string, context: Record<string, string>, members: Record<string, unknown> = home) =>
    decide({ resource: `arn:aws:s3:::photos/${key}`, context }, statement(members)).effect
  assert.equal(ask('ann/x', { 'aws:username': 'ann' }), 'allow')
  assert.equal(ask('bob/x', { 'aws:username': 'ann' }), 'none')
  assert.equal(ask('bob/x', { 'aws:username': '*' }), 'none')
  assert.equal(ask('${aws:username}/x', {}), 'none')
  const others = { Resource: undefined, NotResource: home.Resource }
  assert.equal(ask('bob/x', {}, others), 'none', 'who is not named has no NotResource to be allowed')
  assert.equal(ask('bob/x', {}, { ...others, Effect: 'Deny' }), 'deny')
})

test('an identity policy is for whom it is attached to', () => {
  const own = readPolicy(policyText(statement({ Principal: undefined })), 'identity')
  const arn = 'arn:aws:iam::111122223333:user/ann'
  const asking = request({ principal: { kind: 'aws', account: '111122223333', arn } })
  assert.deepEqual(evaluatePolicies([own], asking), { effect: 'allow', statement: '0' })
})

test('an action without resource asks for *', () => {
  assert.equal(decide({ resource: '*' }, statement({ Resource: '*' })).effect, 'allow')
  assert.equal(decide({ resource: '*' }, statement()).effect, 'none')
})

test('a request that cannot be judged is denied', () => {
  const open = statement({ Action: '*', Resource: '*' })
  const judged = (members: Parameters<typeof decide>[0]) => decide(members, open)
  const long = 'x'.repeat(requestTextCharsMax)
  const numbered = (length: number) => Object.fromEntries(Array.from({ length }, (_, index) => [`x:${index}`, 'a']))
  const fits = [
    { action: long },
    { resource: long },
    { context: { 'x:a': 'x'.repeat(contextCharsMax) } },
    { context: numbered(contextKeysMax) },
    { context: { 'x:a': Array.from({ length: contextValuesMax }, () => '') } },
  ]
  const beyond = [
    { action: `${long}x` },
    { resource: `${long}x` },
    { context: { 'x:a': 'x'.repeat(contextCharsMax), 'x:b': 'x' } },
    { context: numbered(contextKeysMax + 1) },
    { context: { 'x:a': Array.from({ length: contextValuesMax + 1 }, () => '') } },
    { context: { 'aws:SourceArn': 'a', 'aws:sourcearn': 'b' } },
  ]
  for (const members of fits) assert.equal(judged(members).effect, 'allow')
  for (const members of beyond) assert.deepEqual(judged(members), { effect: 'deny' })
})
