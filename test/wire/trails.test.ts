import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import {
  AddTagsCommand,
  CloudTrailClient,
  CreateTrailCommand,
  DeleteTrailCommand,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailCommand,
  GetTrailStatusCommand,
  ListTagsCommand,
  LookupEventsCommand,
  paginateListTags,
  paginateListTrails,
  PutEventSelectorsCommand,
  RemoveTagsCommand,
  StartLoggingCommand,
  StopLoggingCommand,
  TrailNotFoundException,
  UpdateTrailCommand,
  type CreateTrailCommandInput,
} from '@aws-sdk/client-cloudtrail'
import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { account, credentials, startTestServer } from './test-server.ts'

const S3BucketName = 'opentrail-logs'
let server: RunningServer
let client: CloudTrailClient
let elsewhere: CloudTrailClient
const clientOf = (region: string) =>
  new CloudTrailClient({ endpoint: server.endpoint, region, credentials, maxAttempts: 1 })

beforeAll(async () => {
  server = await startTestServer()
  client = clientOf('us-east-1')
  elsewhere = clientOf('eu-west-1')
})
afterAll(async () => {
  await server.close()
})

let Name: string
let arn: string
beforeEach(() => {
  Name = `trail-${randomUUID()}`
  arn = `arn:aws:cloudtrail:us-east-1:${account}:trail/${Name}`
})
// There is room for five.
afterEach(async () => {
  const { trailList } = await client.send(new DescribeTrailsCommand({}))
  for (const { TrailARN, HomeRegion } of trailList!)
    await clientOf(HomeRegion!).send(new DeleteTrailCommand({ Name: TrailARN }))
})

const create = (members: Partial<CreateTrailCommandInput> = {}) =>
  client.send(new CreateTrailCommand({ Name, S3BucketName, ...members }))

/** The members of an answer, without what the SDK adds. */
function members({ $metadata, ...rest }: { readonly $metadata: unknown }): object {
  assert.ok($metadata)
  return rest
}

async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata: { httpStatusCode: number } }
    return `${$metadata.httpStatusCode} ${name}`
  }
  throw new Error('the call should have been refused')
}

describe('trails by the AWS SDK for JavaScript', () => {
  test('a trail lives from CreateTrail to DeleteTrail', async () => {
    const settings = {
      Name,
      S3BucketName,
      S3KeyPrefix: 'audit',
      IncludeGlobalServiceEvents: true,
      IsMultiRegionTrail: false,
      TrailARN: arn,
      LogFileValidationEnabled: false,
      IsOrganizationTrail: false,
      RecursiveLogging: true,
    }
    assert.deepEqual(members(await create({ S3KeyPrefix: 'audit' })), settings)
    const described = {
      ...settings,
      HomeRegion: 'us-east-1',
      HasCustomEventSelectors: false,
      HasInsightSelectors: false,
    }
    assert.deepEqual((await client.send(new GetTrailCommand({ Name }))).Trail, described)
    assert.deepEqual((await client.send(new DescribeTrailsCommand({ trailNameList: [arn] }))).trailList, [described])
    assert.deepEqual((await client.send(new DescribeTrailsCommand({ trailNameList: ['unknown'] }))).trailList, [])
    const updated = await client.send(new UpdateTrailCommand({ Name: arn, S3KeyPrefix: '', SnsTopicName: '' }))
    const { S3KeyPrefix: _cleared, ...kept } = settings
    assert.deepEqual(members(updated), { ...kept, SnsTopicName: '', SnsTopicARN: '' })
    assert.deepEqual(members(await client.send(new DeleteTrailCommand({ Name }))), {})
    const gone = client.send(new DeleteTrailCommand({ Name: arn }))
    await assert.rejects(gone, (error: unknown) => {
      assert.ok(error instanceof TrailNotFoundException)
      assert.equal(error.$metadata.httpStatusCode, 400)
      assert.equal(error.message, `Unknown trail: ${arn} for the user: ${account}`)
      return true
    })
  })

  test('logging is off until it is started, and each time stays when the other comes', async () => {
    await create()
    const status = async () => members(await client.send(new GetTrailStatusCommand({ Name })))
    const legacy = {
      LatestDeliveryAttemptTime: '',
      LatestNotificationAttemptTime: '',
      LatestNotificationAttemptSucceeded: '',
      LatestDeliveryAttemptSucceeded: '',
      TimeLoggingStarted: '',
      TimeLoggingStopped: '',
    }
    assert.deepEqual(await status(), { IsLogging: false, ...legacy })
    await client.send(new StartLoggingCommand({ Name }))
    await client.send(new StartLoggingCommand({ Name: arn }))
    await client.send(new StopLoggingCommand({ Name }))
    const stopped = await client.send(new GetTrailStatusCommand({ Name: arn }))
    assert.equal(stopped.IsLogging, false)
    assert.ok(stopped.StartLoggingTime instanceof Date && stopped.StopLoggingTime instanceof Date)
    assert.equal(stopped.TimeLoggingStarted, `${stopped.StartLoggingTime.toISOString().slice(0, 19)}Z`)
    await client.send(new StartLoggingCommand({ Name }))
    const restarted = await client.send(new GetTrailStatusCommand({ Name }))
    assert.equal(restarted.IsLogging, true)
    assert.deepEqual(restarted.StopLoggingTime, stopped.StopLoggingTime)
  })

  test('selectors of one kind replace the other, and the trail says that it has some', async () => {
    await create()
    const defaults = {
      ReadWriteType: 'All' as const,
      IncludeManagementEvents: true,
      DataResources: [],
      ExcludeManagementEventSources: [],
    }
    const read = async () => members(await client.send(new GetEventSelectorsCommand({ TrailName: arn })))
    assert.deepEqual(await read(), { TrailARN: arn, EventSelectors: [defaults] })
    const AdvancedEventSelectors = [
      {
        Name: 'writes to buckets',
        FieldSelectors: [
          { Field: 'eventCategory', Equals: ['Data'] },
          { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
          { Field: 'readOnly', Equals: ['false'] },
        ],
      },
    ]
    await client.send(new PutEventSelectorsCommand({ TrailName: Name, AdvancedEventSelectors }))
    assert.deepEqual(await read(), { TrailARN: arn, AdvancedEventSelectors })
    assert.equal((await client.send(new GetTrailCommand({ Name }))).Trail?.HasCustomEventSelectors, true)
    const EventSelectors = [{ ...defaults, ReadWriteType: 'WriteOnly' as const }]
    await client.send(new PutEventSelectorsCommand({ TrailName: Name, EventSelectors }))
    assert.deepEqual(await read(), { TrailARN: arn, EventSelectors })
    const everyBucket = { DataResources: [{ Type: 'AWS::S3::Object', Values: ['arn:aws:s3:::*'] }] }
    assert.equal(
      await refusal(client.send(new PutEventSelectorsCommand({ TrailName: Name, EventSelectors: [everyBucket] }))),
      '400 InvalidEventSelectorsException',
    )
  })

  test('tags come and go', async () => {
    await create({ TagsList: [{ Key: 'team', Value: 'security' }] })
    await client.send(new AddTagsCommand({ ResourceId: arn, TagsList: [{ Key: 'a', Value: '1' }, { Key: 'b' }] }))
    await client.send(new RemoveTagsCommand({ ResourceId: arn, TagsList: [{ Key: 'a' }] }))
    const tagged = []
    for await (const { ResourceTagList } of paginateListTags({ client }, { ResourceIdList: [arn] }))
      tagged.push(...ResourceTagList!)
    assert.deepEqual(tagged, [{ ResourceId: arn, TagsList: [{ Key: 'team', Value: 'security' }, { Key: 'b' }] }])
    assert.equal(
      await refusal(client.send(new ListTagsCommand({ ResourceIdList: [`${arn}x`] }))),
      '400 ResourceNotFoundException',
    )
  })

  test('a trail of all Regions has shadows, which only its home Region changes', async () => {
    await create({ IsMultiRegionTrail: true })
    const shadows = []
    for await (const { Trails } of paginateListTrails({ client: elsewhere }, {})) shadows.push(...Trails!)
    assert.deepEqual(shadows, [{ TrailARN: arn, Name, HomeRegion: 'us-east-1' }])
    assert.equal((await elsewhere.send(new GetTrailStatusCommand({ Name: arn }))).IsLogging, false)
    assert.equal(await refusal(elsewhere.send(new GetTrailStatusCommand({ Name }))), '400 TrailNotFoundException')
    assert.equal(
      await refusal(elsewhere.send(new StartLoggingCommand({ Name: arn }))),
      '400 InvalidHomeRegionException',
    )
    const noShadows = new DescribeTrailsCommand({ includeShadowTrails: false })
    assert.deepEqual((await elsewhere.send(noShadows)).trailList, [])
  })

  test('what cannot be has an exception of its own', async () => {
    await create()
    assert.equal(await refusal(create()), '400 TrailAlreadyExistsException')
    for (const name of ['two', 'three', 'four', 'five']) await create({ Name: name })
    const created: [Partial<CreateTrailCommandInput>, string][] = [
      [{ Name: 'six' }, 'MaximumNumberOfTrailsExceededException'],
      [{ Name: '-' }, 'InvalidTrailNameException'],
      [{ S3BucketName: 'UPPER' }, 'InvalidS3BucketNameException'],
      [{ S3KeyPrefix: 'p'.repeat(201) }, 'InvalidS3PrefixException'],
      [{ SnsTopicName: 'a b' }, 'InvalidSnsTopicNameException'],
      [{ KmsKeyId: '?' }, 'InvalidKmsKeyIdException'],
      [{ CloudWatchLogsLogGroupArn: 'g' }, 'InvalidCloudWatchLogsRoleArnException'],
      [{ TagsList: [{ Key: 'aws:x' }] }, 'InvalidTagParameterException'],
      [{ IsMultiRegionTrail: true, IncludeGlobalServiceEvents: false }, 'InvalidParameterCombinationException'],
      [{ IsOrganizationTrail: true }, 'OrganizationsNotInUseException'],
      [{ Name: 5 as unknown as string }, 'SerializationException'],
    ]
    for (const [given, name] of created) assert.equal(await refusal(create(given)), `400 ${name}`)
    const updated: [Partial<CreateTrailCommandInput>, string][] = [
      [{ S3BucketName: `no-bucket-${randomUUID()}` }, 'S3BucketDoesNotExistException'],
      [{ SnsTopicName: 'topic' }, 'InsufficientSnsTopicPolicyException'],
      [{ KmsKeyId: 'alias/key' }, 'KmsKeyNotFoundException'],
    ]
    for (const [given, name] of updated)
      assert.equal(await refusal(client.send(new UpdateTrailCommand({ Name, ...given }))), `400 ${name}`)
  })

  test('each change is an event, with what was sent and what was answered; a refused one, too', async () => {
    await create({ S3KeyPrefix: 'audit', TagsList: [{ Key: 'team' }] })
    await refusal(create({ S3KeyPrefix: 'audit' }))
    await client.send(new StartLoggingCommand({ Name }))
    const recorded = async (eventName: string) => {
      const LookupAttributes = [{ AttributeKey: 'EventName' as const, AttributeValue: eventName }]
      const { Events } = await client.send(new LookupEventsCommand({ LookupAttributes }))
      const records = Events!.map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent!) as Record<string, unknown>)
      return records
        .filter(({ requestParameters }) => (requestParameters as { name?: string }).name === Name)
        .map((each) => [each['requestParameters'], each['responseElements'], each['errorCode']])
    }
    const answered = {
      name: Name,
      s3BucketName: S3BucketName,
      s3KeyPrefix: 'audit',
      includeGlobalServiceEvents: true,
      isMultiRegionTrail: false,
      trailARN: arn,
      logFileValidationEnabled: false,
      isOrganizationTrail: false,
      recursiveLogging: true,
    }
    const sent = { name: Name, s3BucketName: S3BucketName, s3KeyPrefix: 'audit' }
    assert.deepEqual(await recorded('CreateTrail'), [
      [sent, null, 'TrailAlreadyExistsException'],
      [{ ...sent, tagsList: [{ key: 'team' }] }, answered, undefined],
    ])
    assert.deepEqual(await recorded('StartLogging'), [[{ name: Name }, null, undefined]])
  })
})
