import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { account, arnOf, createTrailService, otherAccount, start } from './trail-service.testing.ts'

const Name = 'audit'
const S3BucketName = 'audit-logs'
const answer = {
  Name,
  S3BucketName,
  IncludeGlobalServiceEvents: true,
  IsMultiRegionTrail: false,
  TrailARN: arnOf(Name),
  LogFileValidationEnabled: false,
  IsOrganizationTrail: false,
  RecursiveLogging: true,
}

test('makes a trail with the defaults, that does not log, and answers what is recorded', async () => {
  const service = await createTrailService()
  assert.deepEqual(await service.create(Name), answer)
  assert.deepEqual(
    service.committed.map(({ output }) => output),
    [answer],
  )
  assert.deepEqual(await service.call('GetTrail', { Name }), {
    Trail: { ...answer, HomeRegion: 'us-east-1', HasCustomEventSelectors: false, HasInsightSelectors: false },
  })
  assert.equal((await service.call('GetTrailStatus', { Name }))['IsLogging'], false)
  const [trail] = service.trails.ofAccount(account)
  assert.equal(trail?.createdAt, start)
  assert.match(trail?.id ?? '', /^[0-9a-f-]{36}$/)
})

test('takes every setting it can, null as absent, unknown members as nothing; tags are not in the answer', async () => {
  const service = await createTrailService()
  const made = await service.create(Name, {
    S3KeyPrefix: 'a/b',
    IncludeGlobalServiceEvents: null,
    IsMultiRegionTrail: true,
    EnableLogFileValidation: false,
    IsOrganizationTrail: false,
    RecursiveLogging: false,
    SnsTopicName: '',
    KmsKeyId: null,
    TagsList: [{ Key: 'team', Value: 'security' }, { Key: 'empty' }],
    FromTheFuture: { x: 1 },
  })
  assert.deepEqual(made, { ...answer, S3KeyPrefix: 'a/b', IsMultiRegionTrail: true, RecursiveLogging: false })
  assert.deepEqual(await service.call('ListTags', { ResourceIdList: [arnOf(Name)] }), {
    ResourceTagList: [{ ResourceId: arnOf(Name), TagsList: [{ Key: 'team', Value: 'security' }, { Key: 'empty' }] }],
  })
})

test('ARNs have the partition and the Region of the call', async () => {
  const service = await createTrailService()
  service.regions.push('cn-north-1')
  const { TrailARN } = await service.create(Name, {}, { region: 'cn-north-1', by: otherAccount })
  assert.equal(TrailARN, `arn:aws-cn:cloudtrail:cn-north-1:${otherAccount}:trail/${Name}`)
})

describe('the bucket', () => {
  test('is checked for the prefix, account and trail that will write', async () => {
    const service = await createTrailService()
    await service.create(Name)
    await service.create('other', { S3KeyPrefix: 'p' })
    assert.deepEqual(service.checked, [
      { bucket: S3BucketName, account, trailArn: arnOf(Name) },
      { bucket: S3BucketName, keyPrefix: 'p', account, trailArn: arnOf('other') },
    ])
  })

  test('that cannot be used is named in AWS words, and no trail is made', async () => {
    const service = await createTrailService()
    const unavailable = (code: string) => ({ kind: 'unavailable', code, message: 'it said no' }) as const
    service.faults.set('gone', { kind: 'missing-bucket' })
    service.faults.set('closed', { kind: 'insufficient-policy' })
    service.faults.set('denied', unavailable('AccessDenied'))
    service.faults.set('slow', unavailable('SlowDown'))
    const refusal = (bucket: string) => service.refusal('CreateTrail', { Name, S3BucketName: bucket })
    assert.equal(await refusal('gone'), 'S3BucketDoesNotExistException: S3 bucket gone does not exist!')
    for (const bucket of ['closed', 'denied'])
      assert.equal(
        await refusal(bucket),
        `InsufficientS3BucketPolicyException: Incorrect S3 bucket policy is detected for bucket: ${bucket}`,
      )
    assert.match(await refusal('slow'), /^ServiceUnavailable: .*SlowDown/)
    assert.deepEqual([service.committed, await service.call('ListTrails', {})], [[], { Trails: [] }])
  })
})

test('a name is taken once per Region; a sixth trail is one too many', async () => {
  const service = await createTrailService()
  await service.create(Name)
  const taken = `TrailAlreadyExistsException: Trail audit already exists for customer: ${account}`
  assert.equal(await service.refusal('CreateTrail', { Name, S3BucketName }), taken)
  await service.create(Name, {}, { region: 'eu-west-1' })
  await service.create(Name, {}, { by: otherAccount })
  assert.equal(
    await service.refusal('CreateTrail', { Name, S3BucketName, IsMultiRegionTrail: true }, { region: 'ap-south-2' }),
    taken,
  )
  for (const name of ['two', 'three', 'four']) await service.create(name)
  await service.create('shadowed', { IsMultiRegionTrail: true }, { region: 'eu-west-1' })
  assert.equal(
    await service.refusal('CreateTrail', { Name: 'six', S3BucketName }),
    `MaximumNumberOfTrailsExceededException: User: ${account} already has 5 trails in us-east-1.`,
  )
  assert.equal(
    await service.refusal('CreateTrail', { Name: 'shadowed', S3BucketName }, { region: 'ap-south-2' }),
    `TrailAlreadyExistsException: Trail shadowed already exists for customer: ${account}`,
  )
  await service.create('six', {}, { region: 'ap-south-2' })
})

test('of several faults the first in the order of checks is told, and the bucket is asked last', async () => {
  const service = await createTrailService()
  service.faults.set('gone', { kind: 'missing-bucket' })
  await service.create('taken')
  const input: Record<string, unknown> = {
    Name: 5,
    IsMultiRegionTrail: true,
    IncludeGlobalServiceEvents: false,
    CloudWatchLogsLogGroupArn: 'group',
    S3KeyPrefix: '..',
    SnsTopicName: 'a b',
    KmsKeyId: 'x',
    TagsList: [{ Key: '' }],
    IsOrganizationTrail: true,
  }
  const mended: [code: string, mend: object][] = [
    ['SerializationException', { Name: undefined }],
    ['InvalidTrailNameException', { Name: 'taken' }],
    ['InvalidParameterCombinationException', { IncludeGlobalServiceEvents: true }],
    ['InvalidCloudWatchLogsRoleArnException', { CloudWatchLogsRoleArn: 'role' }],
    ['InvalidS3BucketNameException', { S3BucketName: 'gone' }],
    ['InvalidS3PrefixException', { S3KeyPrefix: 'p' }],
    ['InvalidSnsTopicNameException', { SnsTopicName: `arn:aws:sns:us-east-1:${account}:topic` }],
    ['InvalidKmsKeyIdException', { KmsKeyId: 'alias/key' }],
    ['InvalidTagParameterException', { TagsList: Array.from({ length: 51 }, (_, index) => ({ Key: `${index}` })) }],
    ['TagsLimitExceededException', { TagsList: [] }],
    ['OrganizationsNotInUseException', { IsOrganizationTrail: false }],
    ['TrailAlreadyExistsException', { Name: 'free' }],
    ['S3BucketDoesNotExistException', { S3BucketName }],
    ['KmsKeyNotFoundException', { KmsKeyId: '' }],
    ['InsufficientSnsTopicPolicyException', { SnsTopicName: '' }],
    ['InvalidCloudWatchLogsLogGroupArnException', { CloudWatchLogsLogGroupArn: '', CloudWatchLogsRoleArn: '' }],
  ]
  const checkedBefore = service.checked.length
  for (const [code, mend] of mended) {
    if (code === 'S3BucketDoesNotExistException') assert.equal(service.checked.length, checkedBefore)
    assert.equal(await service.refusalCode('CreateTrail', input), code)
    Object.assign(input, mend)
  }
  assert.equal((await service.call('CreateTrail', input))['Name'], 'free')
})

test('a member of another JSON type is a SerializationException, whichever it is', async () => {
  const service = await createTrailService()
  const texts = 'Name S3BucketName S3KeyPrefix SnsTopicName CloudWatchLogsLogGroupArn CloudWatchLogsRoleArn KmsKeyId'
  const flags =
    'IncludeGlobalServiceEvents IsMultiRegionTrail EnableLogFileValidation IsOrganizationTrail RecursiveLogging'
  const wrong: object[] = [
    ...texts.split(' ').flatMap((name) => [{ [name]: 1 }, { [name]: ['x'] }]),
    ...flags.split(' ').flatMap((name) => [{ [name]: 'true' }, { [name]: 1 }]),
    { TagsList: { Key: 'k' } },
    { TagsList: ['k'] },
    { TagsList: [null] },
    { TagsList: [{ Key: 1 }] },
    { TagsList: [{ Key: 'k', Value: true }] },
  ]
  for (const member of wrong)
    assert.equal(
      await service.refusalCode('CreateTrail', { Name, S3BucketName, ...member }),
      'SerializationException',
      JSON.stringify(member),
    )
})

test('a change that cannot be recorded does not happen', async () => {
  const service = await createTrailService()
  service.commitFailure = new Error('the journal is full')
  await assert.rejects(service.create(Name), /journal is full/)
  service.commitFailure = undefined
  assert.deepEqual(await service.call('DescribeTrails', {}), { trailList: [] })
  await service.create(Name)
})
