import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { account, arnOf, createTrailService, otherAccount } from './trail-service.testing.ts'

const Name = 'audit'
async function withTrail(members: object = {}) {
  const service = await createTrailService()
  await service.create(Name, members)
  const update = (requested: object) => service.call('UpdateTrail', { Name, ...requested })
  return { service, update }
}
const unset = {
  SnsTopicName: '',
  KmsKeyId: '',
  CloudWatchLogsLogGroupArn: '',
  CloudWatchLogsRoleArn: '',
}

test('changes what is named and keeps the rest, by name or ARN', async () => {
  const { service, update } = await withTrail({ S3KeyPrefix: 'p', RecursiveLogging: false, TagsList: [{ Key: 'k' }] })
  await service.call('StartLogging', { Name })
  const before = (await service.call('GetTrail', { Name })).Trail
  const updated = await update({ S3BucketName: 'other-logs', Name: arnOf(Name) })
  assert.deepEqual(updated, {
    Name,
    S3BucketName: 'other-logs',
    S3KeyPrefix: 'p',
    IncludeGlobalServiceEvents: true,
    IsMultiRegionTrail: false,
    TrailARN: arnOf(Name),
    LogFileValidationEnabled: false,
    IsOrganizationTrail: false,
    RecursiveLogging: false,
  })
  assert.deepEqual(service.committed.at(-1)?.output, updated)
  assert.deepEqual((await service.call('GetTrail', { Name })).Trail, { ...before, S3BucketName: 'other-logs' })
  assert.equal((await service.call('GetTrailStatus', { Name }))['IsLogging'], true)
  assert.deepEqual(await service.call('ListTags', { ResourceIdList: [arnOf(Name)] }), {
    ResourceTagList: [{ ResourceId: arnOf(Name), TagsList: [{ Key: 'k' }] }],
  })
})

test('empty texts clear; a cleared topic is echoed as AWS does it, everything else that is not set is absent', async () => {
  const { service, update } = await withTrail({ S3KeyPrefix: 'p' })
  const updated = await update({ S3KeyPrefix: '', ...unset })
  assert.equal('S3KeyPrefix' in updated, false)
  assert.deepEqual(
    [updated['SnsTopicName'], updated['SnsTopicARN'], 'KmsKeyId' in updated, 'CloudWatchLogsRoleArn' in updated],
    ['', '', false, false],
  )
  assert.equal('SnsTopicName' in (await service.call('GetTrail', { Name })).Trail!, false)
})

test('the bucket and prefix in force afterwards are checked, not those before', async () => {
  const { service, update } = await withTrail()
  service.faults.set('gone', { kind: 'missing-bucket' })
  assert.equal(
    await service.refusal('UpdateTrail', { Name, S3BucketName: 'gone' }),
    'S3BucketDoesNotExistException: S3 bucket gone does not exist!',
  )
  service.faults.set('audit-logs', { kind: 'missing-bucket' })
  await update({ S3BucketName: 'other-logs', S3KeyPrefix: 'p' })
  assert.deepEqual(service.checked.at(-1), { bucket: 'other-logs', keyPrefix: 'p', account, trailArn: arnOf(Name) })
})

test('what changes nothing is not saved, but the bucket is checked all the same', async () => {
  const { service, update } = await withTrail()
  await update({})
  await update({ ...unset, IncludeGlobalServiceEvents: true, IsMultiRegionTrail: null, EnableLogFileValidation: false })
  assert.deepEqual([service.committed.length, service.checked.length], [1, 3])
  service.faults.set('audit-logs', { kind: 'missing-bucket' })
  assert.equal(await service.refusalCode('UpdateTrail', { Name }), 'S3BucketDoesNotExistException')
})

test('is refused before anything is changed', async () => {
  const { service } = await withTrail()
  const refused: [code: string, requested: object][] = [
    ['SerializationException', { IsMultiRegionTrail: 'true' }],
    ['SerializationException', { Name: { Name } }],
    ['InvalidTrailNameException', { Name: 'a' }],
    ['InvalidTrailNameException', { Name: null }],
    ['CloudTrailARNInvalidException', { Name: 'arn:aws:s3:::audit-logs' }],
    ['TrailNotFoundException', { Name: 'other', S3BucketName: 'B' }],
    ['TrailNotFoundException', { Name: arnOf(Name, 'us-east-1', otherAccount) }],
    ['InvalidParameterCombinationException', { IsMultiRegionTrail: true, IncludeGlobalServiceEvents: false }],
    ['InvalidS3BucketNameException', { S3BucketName: '' }],
    ['InvalidS3PrefixException', { S3KeyPrefix: 'a//b' }],
    ['InvalidSnsTopicNameException', { SnsTopicName: 'a b' }],
    ['InsufficientSnsTopicPolicyException', { SnsTopicName: 'topic' }],
    ['InvalidKmsKeyIdException', { KmsKeyId: 'x' }],
    ['KmsKeyNotFoundException', { KmsKeyId: 'alias/x' }],
    ['InvalidCloudWatchLogsRoleArnException', { CloudWatchLogsLogGroupArn: 'g' }],
    ['InvalidCloudWatchLogsLogGroupArnException', { CloudWatchLogsLogGroupArn: 'g', CloudWatchLogsRoleArn: 'r' }],
    ['OrganizationsNotInUseException', { IsOrganizationTrail: true }],
  ]
  for (const [code, requested] of refused)
    assert.equal(await service.refusalCode('UpdateTrail', { Name, ...requested }), code, JSON.stringify(requested))
  assert.equal(service.committed.length, 1)
})

describe('one Region and all', () => {
  test('a trail becomes one of all Regions and back, with its shadows', async () => {
    const { service, update } = await withTrail({ IncludeGlobalServiceEvents: false })
    const elsewhere = async () => (await service.call('ListTrails', {}, { region: 'ap-south-2' }))['Trails']
    assert.deepEqual(await elsewhere(), [])
    const multi = await update({ IsMultiRegionTrail: true })
    assert.deepEqual([multi['IsMultiRegionTrail'], multi['IncludeGlobalServiceEvents']], [true, true])
    assert.deepEqual(await elsewhere(), [{ TrailARN: arnOf(Name), Name, HomeRegion: 'us-east-1' }])
    assert.equal(
      await service.refusalCode('UpdateTrail', { Name, IncludeGlobalServiceEvents: false }),
      'InvalidParameterCombinationException',
    )
    const single = await update({ IsMultiRegionTrail: false })
    assert.deepEqual([single['IsMultiRegionTrail'], single['IncludeGlobalServiceEvents']], [false, false])
    assert.deepEqual(await elsewhere(), [])
  })

  test('a shadow finds name and room in every Region or the change is not permitted', async () => {
    const { service, update } = await withTrail()
    await service.create(Name, {}, { region: 'eu-west-1' })
    const request = { Name, IsMultiRegionTrail: true }
    assert.equal(
      await service.refusal('UpdateTrail', request),
      `OperationNotPermittedException: The trail cannot apply to all Regions. Trail audit already exists for customer: ${account}`,
    )
    await service.call('DeleteTrail', { Name }, { region: 'eu-west-1' })
    for (const name of ['one', 'two', 'three', 'four', 'five']) await service.create(name, {}, { region: 'ap-south-2' })
    assert.equal(
      await service.refusal('UpdateTrail', request),
      `OperationNotPermittedException: The trail cannot apply to all Regions. User: ${account} already has 5 trails in ap-south-2.`,
    )
    await service.call('DeleteTrail', { Name: 'five' }, { region: 'ap-south-2' })
    await update({ IsMultiRegionTrail: true })
  })
})
