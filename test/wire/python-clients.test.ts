import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { awsPath, hasAwsCli, hasBoto3, pythonPath } from '../clients.ts'
import { skipped } from '../skip.ts'
import { record } from './records.ts'
import { clientEnvironment, sendEvents, startTestServer } from './test-server.ts'

const run = promisify(execFile)
let server: RunningServer

beforeAll(async () => {
  server = await startTestServer()
})
afterAll(async () => {
  await server.close()
})

const awsCli = hasAwsCli()
if (!awsCli) skipped('LookupEvents by the AWS CLI', 'the AWS CLI is not installed: node scripts/install-clients.mjs')
const boto3 = hasBoto3()
if (!boto3) skipped('LookupEvents by boto3', 'boto3 is not installed: node scripts/install-clients.mjs')

const aws = async (...args: string[]): Promise<string> =>
  (await run(awsPath, args, { env: clientEnvironment(server) })).stdout
const awsError = (...args: string[]): Promise<string> =>
  aws(...args).then(
    () => assert.fail('should have failed'),
    (error: { stderr: string }) => error.stderr,
  )

describe.skipIf(!awsCli)('LookupEvents by the AWS CLI', () => {
  test('finds, pages and filters', async () => {
    const name = `Cli${randomUUID().slice(0, 8)}`
    const sent = Array.from({ length: 55 }, (_, index) => record({ name, secondsAgo: index }))
    await sendEvents(server, sent)
    const attribute = `AttributeKey=EventName,AttributeValue=${name}`
    const all = JSON.parse(await aws('cloudtrail', 'lookup-events', '--lookup-attributes', attribute)) as {
      Events: { EventId: string; CloudTrailEvent: string }[]
    }
    assert.deepEqual(
      all.Events.map(({ EventId }) => EventId),
      sent.map(({ eventID }) => eventID),
    )
    assert.deepEqual(JSON.parse(all.Events[0]!.CloudTrailEvent), sent[0])
    const few = JSON.parse(
      await aws(
        'cloudtrail',
        'lookup-events',
        '--lookup-attributes',
        attribute,
        '--max-items',
        '7',
        '--page-size',
        '3',
      ),
    ) as { Events: unknown[] }
    assert.equal(few.Events.length, 7)
  })

  test('shows errors in the usual words', async () => {
    assert.match(
      await awsError('cloudtrail', 'lookup-events', '--start-time', '2026-02-01', '--end-time', '2026-01-01'),
      /InvalidTimeRangeException/,
    )
    assert.match(await awsError('cloudtrail', 'list-channels'), /UnsupportedOperationException.*ListChannels/s)
  })
})

const script = `
import boto3, json, sys
client = boto3.client('cloudtrail')
name = sys.argv[1]
attributes = [{'AttributeKey': 'EventName', 'AttributeValue': name}]
pages = list(client.get_paginator('lookup_events').paginate(LookupAttributes=attributes, PaginationConfig={'PageSize': 4}))
events = [event for page in pages for event in page['Events']]
errors = {}
def failing(label, **arguments):
    try:
        client.lookup_events(**arguments)
        errors[label] = None
    except client.exceptions.ClientError as error:
        errors[label] = [error.response['Error']['Code'], error.response['ResponseMetadata']['HTTPStatusCode'], bool(error.response['Error']['Message'])]
failing('two', LookupAttributes=attributes * 2)
failing('max', MaxResults=51)
failing('token', NextToken='nothing')
failing('category', EventCategory='Insight')
failing('range', StartTime=2000, EndTime=1000)
print(json.dumps({'pages': len(pages), 'ids': [event['EventId'] for event in events], 'times': [str(event['EventTime'].tzinfo is not None) for event in events[:1]], 'errors': errors}))
`

describe.skipIf(!boto3)('LookupEvents by boto3', () => {
  test('pages with its paginator and raises its own exceptions', async () => {
    const name = `Boto${randomUUID().slice(0, 8)}`
    const sent = Array.from({ length: 10 }, (_, index) => record({ name, secondsAgo: index }))
    await sendEvents(server, sent)
    const { stdout } = await run(pythonPath, ['-c', script, name], { env: clientEnvironment(server) })
    const answer = JSON.parse(stdout) as {
      pages: number
      ids: string[]
      times: string[]
      errors: Record<string, unknown>
    }
    assert.deepEqual(
      answer.ids,
      sent.map(({ eventID }) => eventID),
    )
    assert.equal(answer.pages, 3)
    assert.deepEqual(answer.times, ['True'])
    assert.deepEqual(answer.errors, {
      two: ['InvalidLookupAttributesException', 400, true],
      max: ['InvalidMaxResultsException', 400, true],
      token: ['InvalidNextTokenException', 400, true],
      category: ['InvalidEventCategoryException', 400, true],
      range: ['InvalidTimeRangeException', 400, true],
    })
  })
})
