import assert from 'node:assert/strict'
import { test } from 'vitest'
import { cloudTrailBucketPolicy, mayDeliver, parsePolicy } from '../../../../core/src/policy/index.ts'
import { trailArn, withCloudTrail } from './bucket-policy.ts'

const account = '111122223333'
const arn = trailArn('eu-west-1', account, 'audit')
const delivery = { bucket: 'logs', prefix: 'team/', account, trailArn: arn }

test('a bucket without a policy gets the one of the guide', () => {
  const expected = cloudTrailBucketPolicy({
    partition: 'aws',
    bucket: 'logs',
    prefix: 'team',
    accounts: [account],
    trailArns: [arn],
  })
  const statements = (text: string) => (JSON.parse(text) as { Statement: object[] }).Statement
  assert.deepEqual(statements(withCloudTrail(undefined, delivery)), statements(expected))
})

test('what a policy says already stays, and CloudTrail may deliver afterwards', () => {
  const own = {
    Sid: 'AWSCloudTrailWrite20150319',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:DeleteObject',
    Resource: 'arn:aws:s3:::logs/*',
  }
  const text = withCloudTrail(JSON.stringify({ Version: '2012-10-17', Id: 'mine', Statement: own }), {
    ...delivery,
    prefix: 'a*$',
  })
  const policy = JSON.parse(text) as { Id: string; Statement: { Sid: string }[] }
  assert.equal(policy.Id, 'mine')
  assert.deepEqual(policy.Statement[0], own)
  assert.deepEqual(
    policy.Statement.map(({ Sid }) => Sid),
    [own.Sid, 'AWSCloudTrailAclCheck20150319', 'AWSCloudTrailWrite201503192'],
  )
  const parsed = parsePolicy(text, 'resource')
  assert.ok(parsed.ok)
  const asked = { partition: 'aws', bucket: 'logs', account, trailArn: arn }
  assert.deepEqual(mayDeliver([parsed.policy], { ...asked, prefix: 'a*$' }), { ok: true })
  assert.equal(mayDeliver([parsed.policy], { ...asked, prefix: 'ab$' }).ok, false)
})

test('a policy that lets CloudTrail in is not made longer', () => {
  const once = withCloudTrail(undefined, delivery)
  assert.equal(withCloudTrail(once, delivery), once)
})

test('a policy that cannot be read is not replaced', () => {
  for (const text of ['{', '[]', 'null']) assert.throws(() => withCloudTrail(text, delivery), SyntaxError)
})
