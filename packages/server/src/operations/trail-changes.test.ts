import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { account, arnOf, createTrailService, otherAccount } from './trail-service.testing.ts'

const Name = 'audit'
async function withTrail(members: object = {}) {
  const service = await createTrailService()
  await service.create(Name, members)
  return service
}

/** Operations that only the home Region takes, each with input that would change something. */
const changes: readonly (readonly [operation: string, input: (trail: string) => object])[] = [
  ['UpdateTrail', (trail) => ({ Name: trail, S3KeyPrefix: 'p' })],
  ['StartLogging', (trail) => ({ Name: trail })],
  ['StopLogging', (trail) => ({ Name: trail })],
  ['PutEventSelectors', (trail) => ({ TrailName: trail, EventSelectors: [{ ReadWriteType: 'All' }] })],
  ['DeleteTrail', (trail) => ({ Name: trail })],
]
const tagging: typeof changes = [
  ['AddTags', (trail) => ({ ResourceId: trail, TagsList: [{ Key: 'k' }] })],
  ['RemoveTags', (trail) => ({ ResourceId: trail, TagsList: [{ Key: 'k' }] })],
]

test('only the home Region takes changes, of trails of all Regions too', async () => {
  for (const IsMultiRegionTrail of [true, false]) {
    const service = await withTrail({ IsMultiRegionTrail, TagsList: [{ Key: 'k' }] })
    await service.call('StartLogging', { Name })
    const before = service.committed.length
    for (const [operation, input] of [...changes, ...(IsMultiRegionTrail ? tagging : [])])
      assert.equal(
        await service.refusal(operation, input(arnOf(Name)), { region: 'eu-west-1' }),
        `InvalidHomeRegionException: The trail ${arnOf(Name)} can be changed only in its home Region us-east-1; this call ` +
          'was made in eu-west-1.',
      )
    assert.equal(service.committed.length, before)
  }
})

test('tags of a trail of one Region are found in that Region only', async () => {
  const service = await withTrail({ TagsList: [{ Key: 'k' }] })
  const listing = ['ListTags', (trail: string) => ({ ResourceIdList: [trail] })] as const
  for (const [operation, input] of [...tagging, listing])
    assert.equal(
      await service.refusal(operation, input(arnOf(Name)), { region: 'eu-west-1' }),
      'CloudTrailARNInvalidException: Region in ARN is wrong, you can only access resources in region eu-west-1.',
    )
})

test('a name means the called Region; what is not there is unknown, and so is what somebody else has', async () => {
  const service = await withTrail({ IsMultiRegionTrail: true })
  for (const [operation, input] of changes) {
    assert.equal(
      await service.refusal(operation, input(Name), { region: 'eu-west-1' }),
      `TrailNotFoundException: Unknown trail: ${arnOf(Name, 'eu-west-1')} for the user: ${account}`,
    )
    const foreign = arnOf(Name, 'us-east-1', otherAccount)
    assert.equal(
      await service.refusal(operation, input(foreign)),
      `TrailNotFoundException: Unknown trail: ${foreign} for the user: ${account}`,
    )
    assert.equal(await service.refusalCode(operation, input('a')), 'InvalidTrailNameException')
    assert.equal(await service.refusalCode(operation, input('arn:aws:x')), 'CloudTrailARNInvalidException')
    assert.equal(await service.refusalCode(operation, input(5 as unknown as string)), 'SerializationException')
  }
})

test('starting what runs and stopping what does not succeed without a change', async () => {
  const service = await withTrail()
  assert.deepEqual(await service.call('StopLogging', { Name }), {})
  assert.deepEqual(await service.call('StartLogging', { Name }), {})
  const running = await service.call('GetTrailStatus', { Name })
  service.now += 1_000
  assert.deepEqual(await service.call('StartLogging', { Name }), {})
  assert.deepEqual(await service.call('GetTrailStatus', { Name }), running)
  assert.deepEqual(
    service.committed.slice(1).map(({ output }) => output),
    [{}],
  )
})

describe('DeleteTrail', () => {
  test('removes the trail and its shadows while it logs, by name or ARN, once', async () => {
    for (const named of [Name, arnOf(Name)]) {
      const service = await withTrail({ IsMultiRegionTrail: true })
      await service.call('StartLogging', { Name })
      assert.deepEqual(await service.call('DeleteTrail', { Name: named }), {})
      for (const region of service.regions)
        assert.deepEqual(await service.call('DescribeTrails', {}, { region }), { trailList: [] })
      assert.equal(
        await service.refusal('DeleteTrail', { Name: named }),
        `TrailNotFoundException: Unknown trail: ${arnOf(Name)} for the user: ${account}`,
      )
    }
  })

  test('leaves a trail of the same name elsewhere, and a new one begins from nothing', async () => {
    const service = await withTrail({ TagsList: [{ Key: 'k' }] })
    await service.create(Name, {}, { region: 'eu-west-1' })
    await service.call('PutEventSelectors', { TrailName: Name, EventSelectors: [{ ReadWriteType: 'ReadOnly' }] })
    await service.call('DeleteTrail', { Name })
    await service.call('GetTrail', { Name }, { region: 'eu-west-1' })
    await service.create(Name)
    assert.equal((await service.call('GetTrail', { Name })).Trail?.['HasCustomEventSelectors'], false)
    assert.deepEqual(await service.call('ListTags', { ResourceIdList: [arnOf(Name)] }), {
      ResourceTagList: [{ ResourceId: arnOf(Name), TagsList: [] }],
    })
  })
})

const defaults = {
  ReadWriteType: 'All',
  IncludeManagementEvents: true,
  DataResources: [],
  ExcludeManagementEventSources: [],
}

describe('event selectors', () => {
  test('are the default ones until others are put; then the trail says so, even for the same ones', async () => {
    const service = await withTrail()
    const read = () => service.call('GetEventSelectors', { TrailName: Name })
    const isCustom = async () => (await service.call('GetTrail', { Name })).Trail?.['HasCustomEventSelectors']
    assert.deepEqual(await read(), { TrailARN: arnOf(Name), EventSelectors: [defaults] })
    assert.equal(await isCustom(), false)
    const put = await service.call('PutEventSelectors', { TrailName: Name, EventSelectors: [{}] })
    assert.deepEqual(put, { TrailARN: arnOf(Name), EventSelectors: [defaults] })
    assert.deepEqual([await isCustom(), service.committed.at(-1)?.output], [true, put])
    await service.call('PutEventSelectors', { TrailName: Name, EventSelectors: [defaults] })
    assert.equal(service.committed.length, 2)
  })

  test('of one kind replace all of the other', async () => {
    const service = await withTrail()
    const advanced = [
      { Name: 'reads', FieldSelectors: [{ Field: 'eventCategory', Equals: ['Management'] }] },
      {
        FieldSelectors: [
          { Field: 'eventCategory', Equals: ['Data'] },
          { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
        ],
      },
    ]
    const put = await service.call('PutEventSelectors', {
      TrailName: arnOf(Name),
      AdvancedEventSelectors: advanced,
      EventSelectors: null,
    })
    assert.deepEqual(put, { TrailARN: arnOf(Name), AdvancedEventSelectors: advanced })
    assert.deepEqual(await service.call('GetEventSelectors', { TrailName: Name }), put)
    const basic = { ...defaults, ReadWriteType: 'WriteOnly' }
    await service.call('PutEventSelectors', { TrailName: Name, EventSelectors: [basic] })
    assert.deepEqual(await service.call('GetEventSelectors', { TrailName: Name }), {
      TrailARN: arnOf(Name),
      EventSelectors: [basic],
    })
  })

  test('are checked: types before the trail, rules after it', async () => {
    const service = await withTrail()
    const code = (input: object, TrailName = Name) => service.refusalCode('PutEventSelectors', { TrailName, ...input })
    const s3 = (value: string) => ({
      EventSelectors: [{ DataResources: [{ Type: 'AWS::S3::Object', Values: [value] }] }],
    })
    assert.equal(await code({ EventSelectors: {} }, 'nothing'), 'SerializationException')
    assert.equal(await code({ AdvancedEventSelectors: 'x' }), 'SerializationException')
    assert.equal(await code({ EventSelectors: [{ ReadWriteType: 1 }] }, 'nothing'), 'SerializationException')
    assert.equal(await code(s3('arn:aws:s3:::*'), 'nothing'), 'TrailNotFoundException')
    const invalid = [
      {},
      {
        EventSelectors: [{}],
        AdvancedEventSelectors: [{ FieldSelectors: [{ Field: 'eventCategory', Equals: ['Management'] }] }],
      },
      s3('arn:aws:s3:::*'),
      s3('arn:aws:s3:::bucket'),
      { EventSelectors: Array.from({ length: 6 }, () => ({})) },
      { AdvancedEventSelectors: [{ FieldSelectors: [{ Field: 'anything', Equals: ['x'] }] }] },
    ]
    for (const input of invalid)
      assert.equal(await code(input), 'InvalidEventSelectorsException', JSON.stringify(input))
    assert.equal(service.committed.length, 1)
  })
})

test('the largest trail there can be is stored; larger selectors are refused', async () => {
  const service = await withTrail({
    S3KeyPrefix: 'p'.repeat(200),
    TagsList: Array.from({ length: 50 }, (_, index) => ({
      Key: `${'𝒳'.repeat(126)}${index + 10}`,
      Value: '𝒳'.repeat(256),
    })),
  })
  const selectors = (values: number) => ({
    TrailName: Name,
    AdvancedEventSelectors: [
      {
        FieldSelectors: [
          { Field: 'eventCategory', Equals: ['Data'] },
          { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
          {
            Field: 'userIdentity.arn',
            Equals: Array.from({ length: values }, (_, index) => `arn:aws:iam::${index}:user/${'u'.repeat(2_000)}`),
          },
        ],
      },
    ],
  })
  await service.call('PutEventSelectors', selectors(385))
  assert.equal(await service.refusalCode('PutEventSelectors', selectors(395)), 'InvalidEventSelectorsException')
})

describe('tags', () => {
  const ResourceId = arnOf(Name)
  const listed = async (service: Awaited<ReturnType<typeof withTrail>>) => {
    const { ResourceTagList } = await service.call('ListTags', { ResourceIdList: [ResourceId] })
    return (ResourceTagList as { ResourceId: string; TagsList: unknown[] }[])[0]?.TagsList
  }

  test('are added, overwritten and removed by key', async () => {
    const service = await withTrail()
    assert.deepEqual(await listed(service), [])
    const add = (...TagsList: object[]) => service.call('AddTags', { ResourceId, TagsList })
    assert.deepEqual(await add({ Key: 'a', Value: '1' }, { Key: 'b', Value: '' }, { Key: 'c', Value: null }), {})
    assert.deepEqual(await listed(service), [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '' }, { Key: 'c' }])
    await add({ Key: 'a', Value: '2' })
    assert.deepEqual(
      await service.call('RemoveTags', {
        ResourceId,
        TagsList: [{ Key: 'b' }, { Key: 'c', Value: 'other' }, { Key: 'z' }],
      }),
      {},
    )
    assert.deepEqual(await listed(service), [{ Key: 'a', Value: '2' }])
  })

  test('that are so already change nothing', async () => {
    const service = await withTrail({ TagsList: [{ Key: 'a', Value: '1' }] })
    await service.call('AddTags', { ResourceId, TagsList: [{ Key: 'a', Value: '1' }] })
    await service.call('AddTags', { ResourceId, TagsList: [] })
    await service.call('RemoveTags', { ResourceId, TagsList: [{ Key: 'b' }] })
    assert.equal(service.committed.length, 1)
  })

  test('are refused one by one or for their number', async () => {
    const fifty = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}` }))
    const service = await withTrail({ TagsList: fifty })
    const code = (TagsList: unknown, operation = 'AddTags') => service.refusalCode(operation, { ResourceId, TagsList })
    assert.equal(await code([{ Key: 'new' }]), 'TagsLimitExceededException')
    assert.equal(await code([{ Key: 'a' }, { Key: 'a' }]), 'InvalidTagParameterException')
    assert.equal(await code([{ Key: 'aws:a' }]), 'InvalidTagParameterException')
    for (const operation of ['AddTags', 'RemoveTags']) {
      assert.equal(await code([{}], operation), 'InvalidTagParameterException')
      assert.equal(await code(undefined, operation), 'InvalidTagParameterException')
      assert.equal(await code({ Key: 'a' }, operation), 'SerializationException')
      assert.equal(await code(['a'], operation), 'SerializationException')
    }
    await service.call('AddTags', { ResourceId, TagsList: fifty.map((tag) => ({ ...tag, Value: 'v' })) })
  })

  test('belong to trails that exist; other resources have errors of their own', async () => {
    const service = await withTrail()
    const id = '11111111-2222-3333-4444-555555555555'
    const own = (resource: string) => `arn:aws:cloudtrail:us-east-1:${account}:${resource}`
    const codes: [string | null, string][] = [
      [arnOf('nothing'), 'ResourceNotFoundException'],
      [arnOf(Name, 'us-east-1', otherAccount), 'ResourceNotFoundException'],
      [Name, 'CloudTrailARNInvalidException'],
      [own('trail/a'), 'CloudTrailARNInvalidException'],
      [own(`eventdatastore/${id}`), 'EventDataStoreNotFoundException'],
      [own('eventdatastore/x'), 'EventDataStoreARNInvalidException'],
      [own(`channel/${id}`), 'ChannelNotFoundException'],
      [own('channel/x'), 'ChannelARNInvalidException'],
      [own('dashboard/board'), 'ResourceNotFoundException'],
      ['arn:aws:s3:::audit-logs', 'ResourceTypeNotSupportedException'],
    ]
    for (const [arn, code] of codes) {
      for (const [operation, input] of tagging)
        assert.equal(await service.refusalCode(operation, input(arn as string)), code, `${operation} ${arn}`)
      assert.equal(
        await service.refusalCode('ListTags', { ResourceIdList: [ResourceId, arn] }),
        code,
        `ListTags ${arn}`,
      )
    }
    assert.equal(await service.refusalCode('AddTags', { TagsList: [] }), 'CloudTrailARNInvalidException')
    assert.equal(await service.refusalCode('AddTags', { ResourceId: 1, TagsList: [] }), 'SerializationException')
  })

  test('are listed for up to 20 trails of the Region or their shadows, in the order asked for', async () => {
    const service = await withTrail({ IsMultiRegionTrail: true, TagsList: [{ Key: 'a' }] })
    await service.create('local')
    const ResourceIdList = [arnOf('local'), ResourceId]
    assert.deepEqual(await service.call('ListTags', { ResourceIdList }), {
      ResourceTagList: [
        { ResourceId: arnOf('local'), TagsList: [] },
        { ResourceId, TagsList: [{ Key: 'a' }] },
      ],
    })
    assert.deepEqual(await service.call('ListTags', { ResourceIdList: [ResourceId] }, { region: 'eu-west-1' }), {
      ResourceTagList: [{ ResourceId, TagsList: [{ Key: 'a' }] }],
    })
    const code = (input: object, from = {}) => service.refusalCode('ListTags', input, from)
    assert.equal(await code({ ResourceIdList }, { region: 'eu-west-1' }), 'CloudTrailARNInvalidException')
    assert.deepEqual(await service.call('ListTags', { ResourceIdList: [] }), { ResourceTagList: [] })
    await service.call('ListTags', { ResourceIdList: Array.from({ length: 20 }, () => ResourceId) })
    assert.equal(
      await code({ ResourceIdList: Array.from({ length: 21 }, () => ResourceId) }),
      'InvalidParameterException',
    )
    assert.equal(await code({}), 'InvalidParameterException')
    assert.equal(await code({ ResourceIdList, NextToken: 'x' }), 'InvalidTokenException')
    assert.equal(await code({ ResourceIdList: ResourceId }), 'SerializationException')
  })
})
