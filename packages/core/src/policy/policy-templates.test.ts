import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { mayDeliver } from './cloudtrail-bucket-policy.ts'
import { evaluatePolicies } from './evaluate-policies.ts'
import { readPolicy } from './policy.testing.ts'
import { policyTemplates } from './policy-templates.ts'

const account = '111122223333'
const template = (partition: string, kind: 'S3' | 'SNS'): string =>
  policyTemplates(partition).find(({ key }) => key.startsWith(`policy/${kind}/`))!.text

/** As the AWS CLI does it: `prefix` ends with a slash or is empty. */
const bucketPolicy = (partition: string, bucket: string, prefix: string) =>
  readPolicy(
    template(partition, 'S3')
      .replaceAll('<BucketName>', bucket)
      .replaceAll('<CustomerAccountID>', account)
      .replaceAll('<Prefix>/', prefix),
  )
const topicPolicy = (partition: string) =>
  readPolicy(
    template(partition, 'SNS')
      .replaceAll('<Region>', 'eu-west-1')
      .replaceAll('<SNSTopicOwnerAccountId>', account)
      .replaceAll('<SNSTopicName>', 'files'),
  )

describe.each(['aws', 'aws-cn', 'aws-us-gov'])('policy templates of %s', (partition) => {
  const trailArn = `arn:${partition}:cloudtrail:eu-west-1:${account}:trail/main`
  const delivery = { partition, bucket: 'logs', account, trailArn }

  test('the bucket’s lets the account’s trails deliver, below the prefix alone', () => {
    const plain = [bucketPolicy(partition, 'logs', '')]
    assert.deepEqual(mayDeliver(plain, delivery), { ok: true })
    assert.equal(mayDeliver(plain, { ...delivery, prefix: 'audit' }).ok, false)
    assert.equal(mayDeliver(plain, { ...delivery, account: '999900009999' }).ok, false)
    const prefixed = [bucketPolicy(partition, 'logs', 'audit/')]
    assert.deepEqual(mayDeliver(prefixed, { ...delivery, prefix: 'audit' }), { ok: true })
    assert.equal(mayDeliver(prefixed, delivery).ok, false)
  })

  test('the topic’s lets trails of its own account publish, and nobody else', () => {
    const policies = [topicPolicy(partition)]
    const effect = (sourceAccount: string, service = 'cloudtrail.amazonaws.com', action = 'SNS:Publish') =>
      evaluatePolicies(policies, {
        principal: { kind: 'service', service },
        action,
        resource: `arn:${partition}:sns:eu-west-1:${account}:files`,
        context: { 'aws:SourceAccount': sourceAccount },
      }).effect
    assert.equal(effect(account), 'allow')
    assert.equal(effect('999900009999'), 'none')
    assert.equal(effect(account, 's3.amazonaws.com'), 'none')
    assert.equal(effect(account, 'cloudtrail.amazonaws.com', 'SNS:Subscribe'), 'none')
  })

  test('no placeholder is left that tools do not replace', () => {
    const known = new Set([
      '<BucketName>',
      '<CustomerAccountID>',
      '<Prefix>',
      '<Region>',
      '<SNSTopicName>',
      '<SNSTopicOwnerAccountId>',
    ])
    for (const { text } of policyTemplates(partition))
      for (const [found] of text.matchAll(/<[^>]*>/g)) assert.ok(known.has(found), found)
  })
})
