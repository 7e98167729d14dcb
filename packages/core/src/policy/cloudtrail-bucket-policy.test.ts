import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { cloudTrailBucketPolicy, mayDeliver, type CloudTrailDelivery } from './cloudtrail-bucket-policy.ts'
import { parsePolicy } from './parse-policy.ts'
import { policy, readPolicy, type Json } from './policy.testing.ts'

const account = '111122223333'
const trailArn = `arn:aws:cloudtrail:eu-west-1:${account}:trail/main`
const delivery: CloudTrailDelivery = { partition: 'aws', bucket: 'logs', prefix: 'audit', account, trailArn }
const options = { partition: 'aws', bucket: 'logs', prefix: 'audit', accounts: [account], trailArns: [trailArn] }
const acl = { ok: false, missing: 's3:GetBucketAcl' }
const put = { ok: false, missing: 's3:PutObject' }

test('the standard policy, word for word', () => {
  assert.deepEqual(JSON.parse(cloudTrailBucketPolicy(options)), {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'AWSCloudTrailAclCheck20150319',
        Effect: 'Allow',
        Principal: { Service: 'cloudtrail.amazonaws.com' },
        Action: 's3:GetBucketAcl',
        Resource: 'arn:aws:s3:::logs',
        Condition: { StringEquals: { 'aws:SourceArn': trailArn } },
      },
      {
        Sid: 'AWSCloudTrailWrite20150319',
        Effect: 'Allow',
        Principal: { Service: 'cloudtrail.amazonaws.com' },
        Action: 's3:PutObject',
        Resource: `arn:aws:s3:::logs/audit/AWSLogs/${account}/*`,
        Condition: { StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control', 'aws:SourceArn': trailArn } },
      },
    ],
  })
  const plain = JSON.parse(cloudTrailBucketPolicy({ partition: 'aws-cn', bucket: 'b', accounts: ['1', '2'] })) as {
    Statement: Json[]
  }
  assert.equal(plain.Statement[0]!.Condition, undefined)
  assert.deepEqual(plain.Statement[1]!.Resource, ['arn:aws-cn:s3:::b/AWSLogs/1/*', 'arn:aws-cn:s3:::b/AWSLogs/2/*'])
})

test('the standard policy lets its trails deliver for its accounts, and nothing else', () => {
  const read = [readPolicy(cloudTrailBucketPolicy({ ...options, accounts: [account, '444455556666'] }))]
  assert.deepEqual(mayDeliver(read, delivery), { ok: true })
  assert.deepEqual(mayDeliver(read, { ...delivery, account: '444455556666' }), { ok: true })
  assert.deepEqual(mayDeliver(read, { ...delivery, account: '999900009999' }), put)
  assert.deepEqual(mayDeliver(read, { ...delivery, prefix: 'other' }), put)
  assert.deepEqual(mayDeliver(read, { ...delivery, prefix: '' }), put)
  assert.deepEqual(mayDeliver(read, { ...delivery, bucket: 'logs2' }), acl)
  assert.deepEqual(mayDeliver(read, { ...delivery, partition: 'aws-cn' }), acl)
  assert.deepEqual(mayDeliver(read, { ...delivery, trailArn: `${trailArn}2` }), acl)
  assert.deepEqual(mayDeliver([], delivery), acl)
})

test('whatever the prefix holds, the policy is for that prefix', () => {
  const prefix = fc.string({
    minLength: 1,
    maxLength: 40,
    unit: fc.constantFrom('a', '*', '?', '$', '{', '}', ',', "'", '/', 'é'),
  })
  fc.assert(
    fc.property(prefix, prefix, (own, other) => {
      const { trailArns: _, ...open } = options
      const read = [readPolicy(cloudTrailBucketPolicy({ ...open, prefix: own }))]
      assert.deepEqual(mayDeliver(read, { ...delivery, prefix: own }), { ok: true })
      if (other !== own) assert.deepEqual(mayDeliver(read, { ...delivery, prefix: other }), put)
    }),
  )
})

test('a policy that a bucket could not hold is not written', () => {
  assert.throws(() => cloudTrailBucketPolicy({ ...options, accounts: [] }), RangeError)
  assert.throws(() => cloudTrailBucketPolicy({ ...options, accounts: Array(500).fill(account) }), RangeError)
})

/** The policy of `options` without SourceArn, for changes. */
const statements = (): Json[] => {
  const { trailArns: _, ...open } = options
  return (JSON.parse(cloudTrailBucketPolicy(open)) as { Statement: Json[] }).Statement
}
/** The answer after the members of one statement have been changed. */
const changed = (index: number, members: Json) =>
  mayDeliver([policy(...statements().map((own, at) => (at === index ? { ...own, ...members } : own)))], delivery)

test('what AWS accepts besides the standard form', () => {
  const when = (operator: string, key: string, value: unknown) => ({ Condition: { [operator]: { [key]: value } } })
  const accepted: readonly Json[] = [
    { Condition: undefined },
    { Principal: '*' },
    { Action: 's3:*' },
    { Action: ['s3:PutObject', 's3:getbucketacl'] },
    { Resource: '*' },
    when('StringEquals', 'aws:SourceArn', [`${trailArn}-other`, trailArn]),
    when('StringEquals', 'AWS:SourceArn', trailArn),
    when('StringEquals', 'aws:SourceAccount', account),
    when('StringLike', 'aws:SourceArn', `arn:aws:cloudtrail:*:${account}:trail/*`),
    when('ArnLike', 'aws:SourceArn', `arn:aws:cloudtrail:*:${account}:trail/*`),
    when('Bool', 'aws:PrincipalIsAWSService', true),
  ]
  for (const members of accepted)
    for (const index of [0, 1]) assert.deepEqual(changed(index, members), { ok: true }, JSON.stringify(members))
  const lists = { Resource: ['arn:aws:s3:::logs', `arn:aws:s3:::logs/audit/AWSLogs/${account}/*`] }
  assert.deepEqual(changed(0, lists), { ok: true })
  assert.deepEqual(changed(1, { Resource: 'arn:aws:s3:::logs/*' }), { ok: true })
})

test('with any element broken the right it grants is missing', () => {
  const broken: readonly Json[] = [
    { Effect: 'Deny' },
    { Principal: { Service: 'config.amazonaws.com' } },
    { Principal: { AWS: '111122223333' } },
    { Action: 's3:GetObject' },
    { Action: 's3:GetBucketAcl*x' },
    { Action: undefined, NotAction: 's3:*' },
    { Resource: 'arn:aws:s3:::other' },
    { Resource: 'arn:aws-cn:s3:::logs' },
    { Resource: 'arn:aws:s3:::logs/' },
    { Resource: 'arn:aws:s3:::LOGS' },
    { Resource: undefined, NotResource: ['arn:aws:s3:::logs', 'arn:aws:s3:::logs/*'] },
    { Condition: { StringEquals: { 'aws:SourceArn': `arn:aws:cloudtrail:*:${account}:trail/*` } } },
    { Condition: { StringEquals: { 'aws:SourceArn': trailArn.toUpperCase() } } },
    { Condition: { StringNotEquals: { 'aws:SourceArn': trailArn } } },
    { Condition: { StringEquals: { 'aws:SourceAccount': '999900009999' } } },
    { Condition: { Null: { 'aws:SourceArn': true } } },
    { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-example' } } },
  ]
  for (const members of broken)
    for (const [index, missing] of [acl, put].entries())
      assert.deepEqual(changed(index, members), missing, JSON.stringify(members))
  assert.deepEqual(changed(0, { Condition: { StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control' } } }), acl)
  for (const key of [
    'audit/AWSLogs',
    `audit/AWSLogs/${account}`,
    `AWSLogs/${account}/*`,
    'audit/AWSLogs/444455556666/*',
  ])
    assert.deepEqual(changed(1, { Resource: `arn:aws:s3:::logs/${key}` }), put, key)
  assert.deepEqual(changed(1, { Condition: { StringEquals: { 's3:x-amz-acl': 'private' } } }), put)
  const [aclCheck, write] = statements()
  assert.deepEqual(mayDeliver([policy(write!)], delivery), acl)
  assert.deepEqual(mayDeliver([policy(aclCheck!)], delivery), put)
})

test('with any element missing or misspelt the policy is not one', () => {
  for (const index of [0, 1])
    for (const field of ['Effect', 'Principal', 'Action', 'Resource'])
      for (const change of ['left out', 'misspelt']) {
        const list = statements().map((own, at) => {
          if (at !== index) return own
          const { [field]: value, ...rest } = own
          return change === 'left out' ? rest : { ...rest, [`${field}s`]: value }
        })
        const reading = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: list }), 'resource')
        const message = change === 'left out' ? `Missing required field ${field}` : `Unknown field ${field}s`
        assert.deepEqual(reading, { ok: false, message })
      }
})

test('a deny of either right wins', () => {
  const insecure = { Sid: 'Tls', Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' }
  const denied = (members: Json) => mayDeliver([policy(...statements(), { ...insecure, ...members })], delivery)
  assert.deepEqual(denied({}), acl)
  assert.deepEqual(denied({ Action: 's3:PutObject' }), put)
  assert.deepEqual(denied({ Principal: { Service: 'cloudtrail.amazonaws.com' }, Action: 's3:Put*' }), put)
  assert.deepEqual(denied({ Condition: { Bool: { 'aws:SecureTransport': false } } }), { ok: true })
  const callers = { BoolIfExists: { 'aws:PrincipalIsAWSService': false } }
  assert.deepEqual(denied({ Condition: callers }), { ok: true }, 'all but AWS services')
})

test('policies from before the service principal name accounts of CloudTrail', () => {
  const old = (AWS: unknown) => [policy(...statements().map((own) => ({ ...own, Principal: { AWS } })))]
  const first = 'arn:aws:iam::086441151436:root'
  assert.deepEqual(mayDeliver(old(first), delivery), { ok: true })
  assert.deepEqual(mayDeliver(old(['035351147821', '999900009999']), delivery), { ok: true })
  assert.deepEqual(mayDeliver(old('999900009999'), delivery), acl)
  assert.deepEqual(mayDeliver(old('arn:aws:iam::086441151436:user/x'), delivery), acl)
  const [aclCheck, write] = statements()
  const split = policy({ ...aclCheck, Principal: { AWS: first } }, { ...write, Principal: { AWS: '035351147821' } })
  assert.deepEqual(mayDeliver([split], delivery), put, 'one identity has to have both rights')
  const service = { ...write, Effect: 'Deny', Condition: undefined }
  assert.deepEqual(mayDeliver([...old(first), policy(service)], delivery), put, 'a deny of the service is a deny')
})
