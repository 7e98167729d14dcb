import assert from 'node:assert/strict'
import { test } from 'vitest'
import { account, arnOf, createTrailService } from './trail-service.testing.ts'

type Service = Awaited<ReturnType<typeof createTrailService>>
const Name = 'audit'
const ARN = arnOf(Name)

/** What Terraform's aws_cloudtrail asks after each apply, in its order; its state is compared with the next answer. */
async function refresh(service: Service) {
  const { trailList } = await service.call('DescribeTrails', { trailNameList: [ARN] })
  assert.equal(trailList?.length, 1)
  const trail = trailList[0]!
  const { IsLogging } = await service.call('GetTrailStatus', { Name: ARN })
  const selectors = trail['HasCustomEventSelectors']
    ? await service.call('GetEventSelectors', { TrailName: ARN })
    : undefined
  assert.equal(trail['HasInsightSelectors'], false)
  const { ResourceTagList } = await service.call('ListTags', { ResourceIdList: [ARN] })
  return { trail, IsLogging, selectors, tags: (ResourceTagList as { TagsList: unknown }[])[0]?.TagsList }
}

async function withoutDrift(service: Service) {
  const first = await refresh(service)
  assert.deepEqual(await refresh(service), first)
  return first
}

test('Terraform creates, refreshes without drift, updates, clears and deletes', async () => {
  const service = await createTrailService()
  const created = await service.call('CreateTrail', {
    Name,
    S3BucketName: 'audit-logs',
    S3KeyPrefix: 'prefix',
    EnableLogFileValidation: false,
    IncludeGlobalServiceEvents: true,
    IsMultiRegionTrail: false,
    IsOrganizationTrail: false,
    TagsList: [{ Key: 'team', Value: 'security' }],
  })
  assert.equal(created['TrailARN'], ARN)
  await service.call('StartLogging', { Name: ARN })
  const dataSelector = {
    ReadWriteType: 'All',
    IncludeManagementEvents: true,
    DataResources: [{ Type: 'AWS::S3::Object', Values: ['arn:aws:s3:::'] }],
    ExcludeManagementEventSources: [],
  }
  await service.call('PutEventSelectors', { TrailName: ARN, EventSelectors: [dataSelector] })
  const made = await withoutDrift(service)
  assert.deepEqual(made, {
    trail: {
      Name,
      S3BucketName: 'audit-logs',
      S3KeyPrefix: 'prefix',
      IncludeGlobalServiceEvents: true,
      IsMultiRegionTrail: false,
      HomeRegion: 'us-east-1',
      TrailARN: ARN,
      LogFileValidationEnabled: false,
      HasCustomEventSelectors: true,
      HasInsightSelectors: false,
      IsOrganizationTrail: false,
      RecursiveLogging: true,
    },
    IsLogging: true,
    selectors: { TrailARN: ARN, EventSelectors: [dataSelector] },
    tags: [{ Key: 'team', Value: 'security' }],
  })

  await service.call('UpdateTrail', { Name: ARN, IsMultiRegionTrail: true })
  await service.call('StopLogging', { Name: ARN })
  await service.call('UpdateTrail', {
    Name: ARN,
    S3KeyPrefix: '',
    SnsTopicName: '',
    KmsKeyId: '',
    CloudWatchLogsLogGroupArn: '',
    CloudWatchLogsRoleArn: '',
  })
  await service.call('RemoveTags', { ResourceId: ARN, TagsList: [{ Key: 'team', Value: 'security' }] })
  await service.call('AddTags', { ResourceId: ARN, TagsList: [{ Key: 'owner', Value: 'audit' }] })
  const standard = {
    ReadWriteType: 'All',
    IncludeManagementEvents: true,
    DataResources: [],
    ExcludeManagementEventSources: [],
  }
  await service.call('PutEventSelectors', { TrailName: ARN, EventSelectors: [standard] })
  const { S3KeyPrefix: _cleared, ...kept } = made.trail
  assert.deepEqual(await withoutDrift(service), {
    trail: { ...kept, IsMultiRegionTrail: true },
    IsLogging: false,
    selectors: { TrailARN: ARN, EventSelectors: [standard] },
    tags: [{ Key: 'owner', Value: 'audit' }],
  })

  assert.deepEqual(await service.call('DeleteTrail', { Name: ARN }), {})
  assert.equal(
    await service.refusal('DeleteTrail', { Name: ARN }),
    `TrailNotFoundException: Unknown trail: ${ARN} for the user: ${account}`,
  )
  assert.deepEqual(await service.call('DescribeTrails', { trailNameList: [ARN] }), { trailList: [] })
})
