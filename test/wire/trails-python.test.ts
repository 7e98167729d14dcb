import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { awsPath, hasAwsCli, hasBoto3, pythonPath } from '../clients.ts'
import { skipped } from '../skip.ts'
import { account, clientEnvironment, startTestServer } from './test-server.ts'

const run = promisify(execFile)
const bucket = 'opentrail-logs'
const arnOf = (name: string) => `arn:aws:cloudtrail:us-east-1:${account}:trail/${name}`
let server: RunningServer

beforeAll(async () => {
  server = await startTestServer()
})
afterAll(async () => {
  await server.close()
})

const awsCli = hasAwsCli()
if (!awsCli) skipped('trails by the AWS CLI', 'the AWS CLI is not installed: node scripts/install-clients.mjs')
const boto3 = hasBoto3()
if (!boto3) skipped('trails by boto3', 'boto3 is not installed: node scripts/install-clients.mjs')

const cloudTrail = async (...args: string[]): Promise<Record<string, unknown>> => {
  const { stdout } = await run(awsPath, ['cloudtrail', ...args], { env: clientEnvironment(server) })
  return stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>)
}
const refusal = (...args: string[]): Promise<string> =>
  cloudTrail(...args).then(
    () => assert.fail('should have failed'),
    (error: { stderr: string }) => error.stderr,
  )

describe.skipIf(!awsCli)('trails by the AWS CLI', () => {
  // Each call starts Python anew, so the whole life of a trail is one test.
  test('create, start, select, tag, read and delete a trail', { timeout: 60_000 }, async () => {
    const name = 'cli-trail'
    const named = ['--name', name]
    const made = await cloudTrail('create-trail', ...named, '--s3-bucket-name', bucket, '--is-multi-region-trail')
    assert.deepEqual([made['TrailARN'], made['IsMultiRegionTrail']], [arnOf(name), true])
    await cloudTrail('start-logging', ...named)
    const selectors = JSON.stringify([{ ReadWriteType: 'WriteOnly' }])
    await cloudTrail('put-event-selectors', '--trail-name', name, '--event-selectors', selectors)
    await cloudTrail('add-tags', '--resource-id', arnOf(name), '--tags-list', 'Key=team,Value=security', 'Key=empty')
    assert.deepEqual(await cloudTrail('describe-trails', '--trail-name-list', name), {
      trailList: [{ ...made, HomeRegion: 'us-east-1', HasCustomEventSelectors: true, HasInsightSelectors: false }],
    })
    assert.deepEqual(await cloudTrail('get-event-selectors', '--trail-name', name), {
      TrailARN: arnOf(name),
      EventSelectors: [
        {
          ReadWriteType: 'WriteOnly',
          IncludeManagementEvents: true,
          DataResources: [],
          ExcludeManagementEventSources: [],
        },
      ],
    })
    assert.deepEqual(await cloudTrail('list-tags', '--resource-id-list', arnOf(name)), {
      ResourceTagList: [
        {
          ResourceId: arnOf(name),
          TagsList: [{ Key: 'team', Value: 'security' }, { Key: 'empty' }],
        },
      ],
    })
    assert.equal((await cloudTrail('get-trail-status', ...named))['IsLogging'], true)
    assert.deepEqual(await cloudTrail('list-trails', '--region', 'eu-west-1'), {
      Trails: [{ TrailARN: arnOf(name), Name: name, HomeRegion: 'us-east-1' }],
    })
    assert.match(
      await refusal('stop-logging', '--name', arnOf(name), '--region', 'eu-west-1'),
      /InvalidHomeRegionException/,
    )
    const single = await cloudTrail('update-trail', ...named, '--no-is-multi-region-trail')
    assert.deepEqual([single['IsMultiRegionTrail'], single['IncludeGlobalServiceEvents']], [false, false])
    await cloudTrail('delete-trail', ...named)
    assert.match(
      await refusal('delete-trail', ...named),
      new RegExp(`TrailNotFoundException.*Unknown trail: ${arnOf(name)} for the user: ${account}`),
    )
  })
})

const script = `
import boto3, json
client = boto3.client('cloudtrail')
other = boto3.client('cloudtrail', region_name='eu-west-1')
name, bucket = 'boto-trail', '${bucket}'
answers = {}
created = client.create_trail(Name=name, S3BucketName=bucket, S3KeyPrefix='audit', TagsList=[{'Key': 'team', 'Value': 'security'}])
arn = created['TrailARN']
client.start_logging(Name=arn)
client.stop_logging(Name=name)
status = client.get_trail_status(Name=name)
answers['times'] = [status['StartLoggingTime'].tzinfo is not None, status['StopLoggingTime'] >= status['StartLoggingTime']]
answers['listed'] = [trail['Name'] for page in client.get_paginator('list_trails').paginate() for trail in page['Trails']]
answers['tags'] = [tag for page in client.get_paginator('list_tags').paginate(ResourceIdList=[arn]) for tag in page['ResourceTagList'][0]['TagsList']]
client.update_trail(Name=arn, S3KeyPrefix='')
answers['prefix'] = 'S3KeyPrefix' in client.get_trail(Name=name)['Trail']
errors = {}
def failing(label, exception, call, **arguments):
    try:
        call(**arguments)
        errors[label] = 'no error'
    except getattr(client.exceptions, exception) as error:
        errors[label] = error.response['ResponseMetadata']['HTTPStatusCode']
failing('taken', 'TrailAlreadyExistsException', client.create_trail, Name=name, S3BucketName=bucket)
failing('bucket', 'S3BucketDoesNotExistException', client.create_trail, Name='other', S3BucketName='no-such-bucket')
failing('name', 'InvalidTrailNameException', client.get_trail, Name='a')
failing('arn', 'CloudTrailARNInvalidException', client.get_trail, Name='arn:aws:s3:::x')
failing('unknown', 'TrailNotFoundException', other.start_logging, Name=name)
failing('home', 'InvalidHomeRegionException', other.start_logging, Name=arn)
failing('selectors', 'InvalidEventSelectorsException', client.put_event_selectors, TrailName=name, EventSelectors=[{'ReadWriteType': 'None'}])
failing('tag', 'InvalidTagParameterException', client.add_tags, ResourceId=arn, TagsList=[{'Key': 'k'}, {'Key': 'k'}])
failing('resource', 'ResourceTypeNotSupportedException', client.list_tags, ResourceIdList=['arn:aws:s3:::x'])
client.delete_trail(Name=name)
failing('gone', 'TrailNotFoundException', client.delete_trail, Name=name)
answers['errors'] = errors
print(json.dumps(answers))
`

describe.skipIf(!boto3)('trails by boto3', () => {
  test('read back as they were made, and every refusal is the exception that the client knows', async () => {
    const { stdout } = await run(pythonPath, ['-c', script], { env: clientEnvironment(server) })
    const refused = 'taken bucket name arn unknown home selectors tag resource gone'.split(' ')
    assert.deepEqual(JSON.parse(stdout), {
      times: [true, true],
      listed: ['boto-trail'],
      tags: [{ Key: 'team', Value: 'security' }],
      prefix: false,
      errors: Object.fromEntries(refused.map((label) => [label, 400])),
    })
  })
})
