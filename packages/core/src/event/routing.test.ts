import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { account, admitted, minimal } from './admission.testing.ts'
import { eventResourcesMax, lookupValueCharsMax } from './resources.ts'

const instance = (instanceId: string) => ({
  instanceId,
  subnetId: 's-1',
  groupSet: { items: [{ groupId: 'sg-1' }] },
})

const trail = (eventName: string, requestParameters: object) =>
  routing({ eventSource: 'cloudtrail.amazonaws.com', eventName, requestParameters }).resources

const routing = (change: object) => admitted({ ...minimal, ...change }).envelope.event
const usernames: [string | undefined, object][] = [
  ['root', { type: 'Root', principalId: account, userName: 'alias' }],
  ['kim', { type: 'IAMUser', userName: 'kim', principalId: 'AIDA' }],
  ['deploy-42', { type: 'AssumedRole', principalId: 'AROA:deploy-42', arn: 'arn:aws:sts::1:assumed-role/R/other' }],
  ['deploy-42', { type: 'AssumedRole', principalId: 'AROA', arn: 'arn:aws:sts::1:assumed-role/R/deploy-42' }],
  ['pat', { type: 'FederatedUser', principalId: `${account}:pat` }],
  [undefined, { type: 'AWSService', invokedBy: 'rds.amazonaws.com', userName: 'x' }],
  ['batch', { type: 'Role', userName: 'batch' }],
  ['user-9', { type: 'WebIdentityUser', principalId: 'a:b:user-9', userName: 'user-9' }],
  ['pat', { type: 'SAMLUser', principalId: 'q=:pat', userName: 'pat' }],
  ['AROAX:xacct', { type: 'AWSAccount', principalId: 'AROAX:xacct' }],
  [undefined, { type: 'Unknown' }],
  [undefined, { accountId: account, invokedBy: 'AWS Internal' }],
  [undefined, { type: 'IAMUser', userName: '' }],
  ['é"\u{1f600}', { type: 'IAMUser', userName: 'é"\u{1f600}' }],
]
for (const [expected, userIdentity] of usernames)
  test(`user name of ${JSON.stringify(userIdentity).slice(0, 70)}: ${expected}`, () => {
    assert.equal(routing({ userIdentity }).username, expected)
  })

test('an access key is there when it is not empty', () => {
  assert.equal(routing({ userIdentity: { type: 'IAMUser', accessKeyId: 'AKIAX' } }).accessKeyId, 'AKIAX')
  assert.equal('accessKeyId' in routing({ userIdentity: { type: 'IAMUser', accessKeyId: '' } }), false)
})

describe('resources', () => {
  test('the record lists its own, by ARN or by ARN prefix', () => {
    const resources = [
      { accountId: account, type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::b1' },
      { type: 'AWS::S3::Object', ARNPrefix: 'arn:aws:s3:::b1/' },
      { ARN: 'arn:only' },
      { type: 'nameless' },
      'no object',
    ]
    assert.deepEqual(routing({ resources }).resources, [
      { type: 'AWS::S3::Bucket', name: 'arn:aws:s3:::b1' },
      { type: 'AWS::S3::Object', name: 'arn:aws:s3:::b1/' },
      { name: 'arn:only' },
    ])
  })
  test('AssumeRole: key, session and role', () => {
    const { resources } = routing({
      eventSource: 'sts.amazonaws.com',
      eventName: 'AssumeRole',
      requestParameters: { roleArn: 'arn:role', roleSessionName: 'deploy' },
      responseElements: { credentials: { accessKeyId: 'ASIAX', sessionToken: 't' } },
    })
    assert.deepEqual(resources, [
      { type: 'AWS::IAM::Role', name: 'arn:role' },
      { type: 'AWS::STS::AssumedRole', name: 'deploy' },
      { type: 'AWS::IAM::AccessKey', name: 'ASIAX' },
    ])
  })
  test('CreateTrail: the trail and its bucket; StopLogging: the trail as sent', () => {
    assert.deepEqual(trail('CreateTrail', { name: 't', s3BucketName: 'b' }), [
      { type: 'AWS::CloudTrail::Trail', name: 't' },
      { type: 'AWS::S3::Bucket', name: 'b' },
    ])
    assert.deepEqual(trail('StopLogging', { name: 'arn:t' }), [{ type: 'AWS::CloudTrail::Trail', name: 'arn:t' }])
  })
  test('RunInstances: each thing once', () => {
    const { resources } = routing({
      eventSource: 'ec2.amazonaws.com',
      eventName: 'RunInstances',
      responseElements: { instancesSet: { items: [instance('i-1'), instance('i-2')] } },
    })
    assert.deepEqual(
      resources.map(({ name }) => name).sort((a, b) => (a < b ? -1 : 1)),
      ['i-1', 'i-2', 's-1', 'sg-1'],
    )
  })
  test('number and length are bounded, and no character is halved', () => {
    const many = Array.from({ length: 80 }, (_, k) => ({ ARN: `arn:${k}` }))
    assert.equal(routing({ resources: many }).resources.length, eventResourcesMax)
    const long = 'x'.repeat(lookupValueCharsMax - 1) + '\u{1f600}'
    assert.equal(routing({ resources: [{ ARN: long }] }).resources[0]!.name, 'x'.repeat(lookupValueCharsMax - 1))
  })
  test('parameters of another service mean nothing', () => {
    assert.deepEqual(routing({ requestParameters: { bucketName: 'b', userName: 'kim' } }).resources, [])
  })
})
