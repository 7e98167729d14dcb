import assert from 'node:assert/strict'
import { test } from 'vitest'
import { account, arnOf, createTrailService, otherAccount } from './trail-service.testing.ts'

const topicArn = (name: string, region = 'us-east-1', of: string = account) => `arn:aws:sns:${region}:${of}:${name}`
const unusable = 'InsufficientSnsTopicPolicyException: SNS Topic does not exist or the topic policy is incorrect!'

test('a trail with a topic is answered with what was sent and the ARN, after a message to try it', async () => {
  const service = await createTrailService()
  service.topics.add(topicArn('files')).add(topicArn('files', 'eu-west-1', otherAccount))
  const made = await service.create('named', { SnsTopicName: 'files' })
  assert.deepEqual([made['SnsTopicName'], made['SnsTopicARN']], ['files', topicArn('files')])
  const elsewhere = topicArn('files', 'eu-west-1', otherAccount)
  const byArn = await service.create('by-arn', { SnsTopicName: elsewhere })
  assert.deepEqual([byArn['SnsTopicName'], byArn['SnsTopicARN']], [elsewhere, elsewhere])
  assert.deepEqual(
    service.published,
    [topicArn('files'), elsewhere].map((arn) => ({ topicArn: arn, message: 'CloudTrail validation message.' })),
  )
  const { Trail } = await service.call('GetTrail', { Name: arnOf('named') })
  assert.deepEqual([Trail!['SnsTopicName'], Trail!['SnsTopicARN']], ['files', topicArn('files')])
})

test('a topic that cannot be published to is refused, one that cannot be asked is to be tried again', async () => {
  const service = await createTrailService()
  assert.equal(
    await service.refusal('CreateTrail', { Name: 'one', S3BucketName: 'b-1', SnsTopicName: 'none' }),
    unusable,
  )
  const refusalOf = (code: string) => {
    service.topicFaults.set(topicArn('files'), code)
    return service.refusal('CreateTrail', { Name: 'one', S3BucketName: 'b-1', SnsTopicName: 'files' })
  }
  assert.equal(await refusalOf('AuthorizationError'), unusable)
  assert.equal(await refusalOf('InvalidParameter'), unusable)
  assert.match(await refusalOf('RequestTimeout'), /^ServiceUnavailable: .*RequestTimeout/)
  assert.match(await refusalOf('KMSNotFound'), /^KmsKeyNotFoundException/)
  assert.match(await refusalOf('KMSDisabled'), /^KmsException/)
  assert.deepEqual((await service.call('ListTrails', {}))['Trails'], [])
})

test('UpdateTrail tries the topic that will be in force, and an empty name takes it away', async () => {
  const service = await createTrailService()
  service.topics.add(topicArn('files')).add(topicArn('other'))
  await service.create('main', { SnsTopicName: 'files' })
  const kept = await service.call('UpdateTrail', { Name: 'main', S3KeyPrefix: 'p' })
  assert.equal(kept['SnsTopicARN'], topicArn('files'))
  const moved = await service.call('UpdateTrail', { Name: 'main', SnsTopicName: 'other' })
  assert.equal(moved['SnsTopicARN'], topicArn('other'))
  assert.deepEqual(
    service.published.map((each) => each.topicArn),
    ['files', 'files', 'other'].map((name) => topicArn(name)),
  )
  assert.equal(await service.refusal('UpdateTrail', { Name: 'main', SnsTopicName: 'none' }), unusable)
  service.topics.delete(topicArn('other'))
  assert.equal(await service.refusal('UpdateTrail', { Name: 'main', S3KeyPrefix: 'q' }), unusable)
  const cleared = await service.call('UpdateTrail', { Name: 'main', SnsTopicName: '' })
  assert.deepEqual([cleared['SnsTopicName'], cleared['SnsTopicARN']], ['', ''])
  const { Trail } = await service.call('GetTrail', { Name: 'main' })
  assert.equal('SnsTopicARN' in Trail!, false)
})

test('GetTrailStatus tells how announcing stands', async () => {
  const service = await createTrailService()
  await service.create('main')
  const at = Date.parse('2026-03-04T10:16:02.120Z')
  const latest = { latestNotificationAt: at, latestNotificationAttemptAt: at + 1_000 }
  service.deliveries.set('us-east-1', { ...latest, latestNotificationError: 'AuthorizationError' })
  const status = await service.call('GetTrailStatus', { Name: 'main' })
  assert.deepEqual(
    [
      status['LatestNotificationTime'],
      status['LatestNotificationError'],
      status['LatestNotificationAttemptTime'],
      status['LatestNotificationAttemptSucceeded'],
    ],
    [at / 1_000, 'AuthorizationError', '2026-03-04T10:16:03Z', '2026-03-04T10:16:02Z'],
  )
})
