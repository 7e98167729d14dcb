import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type {
  ApiAnswer,
  ApiCounts,
  ApiDigestPage,
  ApiDryRun,
  ApiEventDetail,
  ApiEventPage,
  ApiIdentityTimeline,
  ApiLogFilePage,
  ApiResourceTimeline,
  ApiSession,
  ApiTopValues,
} from '../../packages/core/src/api/index.ts'
import { parseVerifierKey, openCheckpoint } from '../../packages/core/src/checkpoint/index.ts'
import { verifyInclusion } from '../../packages/core/src/merkle/index.ts'
import { signRequest } from '../../packages/server/src/auth/index.ts'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { account, credentials, sendEvents, startTestServer } from './test-server.ts'

const region = 'us-east-1'
const eventID = 'aaaaaaaa-0000-4000-8000-000000000001'
let server: RunningServer
let from = ''

async function call(path: string, body?: object): Promise<Response> {
  const url = new URL(path, server.endpoint)
  const content = body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body))
  const method = body === undefined ? 'GET' : 'POST'
  const { host: _, ...headers } = signRequest(
    { method, target: `${url.pathname}${url.search}`, headers: { host: url.host }, body: content },
    { ...credentials, region, service: 'cloudtrail' },
    Date.now(),
  )
  return fetch(url, { method, headers, ...(body && { body: content }) })
}

async function get<Answer>(path: string, body?: object): Promise<Answer> {
  const response = await call(path, body)
  const text = await response.text()
  assert.equal(response.status, 200, `${path}: ${text}`)
  return JSON.parse(text) as Answer
}

async function operate(operation: string, input: object): Promise<void> {
  const content = Buffer.from(JSON.stringify(input))
  const url = new URL('/', server.endpoint)
  const headers = {
    host: url.host,
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.${operation}`,
  }
  const { host: _, ...signed } = signRequest(
    { method: 'POST', target: '/', headers, body: content },
    { ...credentials, region, service: 'cloudtrail' },
    Date.now(),
  )
  const response = await fetch(url, { method: 'POST', headers: signed, body: content })
  assert.equal(response.status, 200, await response.text())
}

const clock = async (path: string, body: object): Promise<void> => {
  const response = await fetch(new URL(`/test/clock/${path}`, server.endpoint), {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
  assert.equal(response.status, 200, await response.text())
}

const record = (id: string, eventTime: string, rest: object = {}) => ({
  eventVersion: '1.11',
  userIdentity: {
    type: 'IAMUser',
    principalId: 'AIDAALICE',
    arn: `arn:aws:iam::${account}:user/alice`,
    accountId: account,
    accessKeyId: 'AKIAALICE00000000000',
    userName: 'alice',
  },
  eventTime,
  eventSource: 's3.amazonaws.com',
  eventName: 'PutBucketVersioning',
  awsRegion: region,
  sourceIPAddress: '192.0.2.1',
  userAgent: 'test',
  requestParameters: { bucketName: 'logs-2026', VersioningConfiguration: { Status: 'Enabled' } },
  responseElements: null,
  eventID: id,
  readOnly: false,
  eventType: 'AwsApiCall',
  managementEvent: true,
  eventCategory: 'Management',
  recipientAccountId: account,
  ...rest,
})

beforeAll(async () => {
  server = await startTestServer()
  const { server: state } = await get<ApiSession>('/api/v1/session')
  const now = Date.parse(state.now)
  const ago = (seconds: number) => new Date(now - seconds * 1_000).toISOString().replace(/\.\d+Z$/, 'Z')
  from = ago(600)
  await operate('CreateTrail', { Name: 'audit', S3BucketName: 'opentrail-logs', EnableLogFileValidation: true })
  await operate('StartLogging', { Name: 'audit' })
  await sendEvents(server, [
    record('aaaaaaaa-0000-4000-8000-000000000000', ago(120)),
    record(eventID, ago(60), {
      requestParameters: { bucketName: 'logs-2026', VersioningConfiguration: { Status: 'Suspended' } },
    }),
    record('aaaaaaaa-0000-4000-8000-000000000002', ago(30), {
      eventName: 'DeleteBucket',
      requestParameters: { bucketName: 'logs-2026' },
      errorCode: 'AccessDenied',
      errorMessage: 'no',
    }),
    record('aaaaaaaa-0000-4000-8000-000000000003', ago(20), {
      eventName: 'GetObject',
      readOnly: true,
      managementEvent: false,
      eventCategory: 'Data',
      requestParameters: { bucketName: 'logs-2026', key: 'a' },
    }),
  ])
  // Each hour has its log file: that somebody asks is an event.
  for (let hour = 0; hour < 3; hour++) {
    await get<ApiSession>('/api/v1/session')
    await clock('advance', { milliseconds: 3_600_000 })
  }
}, 120_000)
afterAll(() => server?.close())

const mine = encodeURIComponent('user = alice')

describe('events that came in by POST /events are found by every route', () => {
  test('search, and page by page', async () => {
    const { events } = await get<ApiEventPage>(`/api/v1/events?where=${mine}&from=${from}`)
    assert.deepEqual(
      events.map(({ eventName }) => eventName),
      ['GetObject', 'DeleteBucket', 'PutBucketVersioning', 'PutBucketVersioning'],
    )
    const ids: string[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page: ApiEventPage = await get(`/api/v1/events?where=${mine}&limit=1${cursor && `&cursor=${cursor}`}`)
      ids.push(...page.events.map(({ eventId }) => eventId.slice(-1)))
      cursor = page.cursor
    }
    assert.deepEqual(ids, ['3', '2', '1', '0'])
  })

  test('counts and values', async () => {
    const counts = await get<ApiCounts>(`/api/v1/events/histogram?where=${mine}&from=${from}`)
    assert.equal(counts.total, 4)
    assert.equal(
      counts.buckets.reduce((sum, { count }) => sum + count, 0),
      4,
    )
    const { values } = await get<ApiTopValues>(`/api/v1/events/values?attribute=eventName&where=${mine}`)
    assert.deepEqual(values[0], { value: 'PutBucketVersioning', count: 2 })
  })

  test('one event with why, where and its proof', async () => {
    const { event, trails, proof } = await get<ApiEventDetail>(`/api/v1/events/${eventID}`)
    assert.equal(event.eventId, eventID)
    const [trail] = trails
    assert.deepEqual([trail?.state, trail?.selected], ['delivered', true], trail?.why)
    const { files } = await get<ApiLogFilePage>('/api/v1/trails/audit/files')
    const file = files.find(({ key }) => key === trail?.file?.key)
    assert.equal(file?.sha256, trail?.file?.sha256)
    assert.ok(trail?.file?.digest, 'no digest lists the file')
    assert.ok(proof)
    const key = parseVerifierKey(proof.verifierKey)
    assert.ok(key.ok)
    const opened = openCheckpoint(proof.checkpoint, { origin: proof.origin, verifiers: [key.key] })
    assert.ok(opened.ok && opened.checkpoint.size === proof.treeSize)
    const bytes = (hex: string) => Buffer.from(hex, 'hex')
    const [leaf, root, path] = [bytes(proof.leafHash), bytes(proof.rootHash), proof.path.map(bytes)]
    assert.ok(verifyInclusion({ leaf, index: proof.leafIndex, size: proof.treeSize, proof: path, root }))
    const data = await get<ApiEventDetail>('/api/v1/events/aaaaaaaa-0000-4000-8000-000000000003')
    assert.deepEqual(
      data.trails.map(({ state }) => state),
      ['not-selected'],
    )
    assert.equal((await call('/api/v1/events/none')).status, 404)
  })

  test('timelines of a resource, with what changed, and of an identity', async () => {
    const { changes } = await get<ApiResourceTimeline>('/api/v1/timelines/resource?name=logs-2026')
    assert.deepEqual(
      changes.map((change) => [change.event.eventName, change.changes]),
      [
        ['DeleteBucket', []],
        [
          'PutBucketVersioning',
          [{ path: 'requestParameters.VersioningConfiguration.Status', before: '"Enabled"', after: '"Suspended"' }],
        ],
        ['PutBucketVersioning', []],
      ],
    )
    const page = await get<ApiResourceTimeline>('/api/v1/timelines/resource?name=logs-2026&limit=2')
    assert.equal(page.changes[1]!.changes.length, 1)
    const alice = await get<ApiIdentityTimeline>('/api/v1/timelines/identity?name=alice')
    assert.deepEqual(
      [alice.total, alice.failed, alice.addresses, alice.errors],
      [4, 1, [{ value: '192.0.2.1', count: 4 }], [{ value: 'AccessDenied', count: 1 }]],
    )
    assert.equal(alice.lastSeen, alice.events[0]!.eventTime)
    assert.equal(alice.firstSeen, alice.events.at(-1)!.eventTime)
  })

  test('questions', async () => {
    const ask = (question: string) => get<ApiAnswer>('/api/v1/ask', { question })
    const deleted = await ask('who deleted logs-2026?')
    assert.match(
      deleted.sentence,
      /^alice called DeleteBucket on logs-2026 on .* from 192\.0\.2\.1; it failed with AccessDenied\./,
    )
    assert.equal(
      (await get<ApiEventPage>(`/api/v1/events?where=${encodeURIComponent(deleted.where)}`)).events.length,
      1,
    )
    const kinds = {
      [eventID]: 'event-id',
      alice: 'identity',
      'logs-2026': 'resource',
      deletebucket: 'event-name',
      '192.0.2.0/24': 'address',
      Suspended: 'text',
      AKIAALICE00000000000: 'identity',
      [`arn:aws:iam::${account}:user/alice`]: 'identity',
    }
    for (const [question, kind] of Object.entries(kinds)) {
      const { understood, events } = await ask(question)
      assert.deepEqual([understood, events.length > 0], [kind, true], question)
    }
    assert.match((await ask('who deleted nothing-at-all')).sentence, /^Nothing was found\./)
  })

  test('a dry run says what selectors would have taken', async () => {
    const advancedEventSelectors = [
      {
        FieldSelectors: [
          { Field: 'eventCategory', Equals: ['Data'] },
          { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
        ],
      },
    ]
    const run = await get<ApiDryRun>('/api/v1/dry-run', { eventSelectors: [{ ReadWriteType: 'WriteOnly' }] })
    const source = run.byEventSource.find(({ value }) => value === 's3.amazonaws.com')
    assert.deepEqual([source?.events, source?.selected], [4, 3])
    assert.equal((await call('/api/v1/dry-run', { advancedEventSelectors, eventSelectors: [] })).status, 400)
  })

  test('log files and digests of the trail', async () => {
    const { files } = await get<ApiLogFilePage>('/api/v1/trails/audit/files?limit=1')
    assert.equal(files.length, 1)
    const all = (await get<ApiLogFilePage>('/api/v1/trails/audit/files?limit=100')).files.map(({ key }) => key)
    const paged: string[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page: ApiLogFilePage = await get(`/api/v1/trails/audit/files?limit=1${cursor && `&cursor=${cursor}`}`)
      paged.push(...page.files.map(({ key }) => key))
      cursor = page.cursor
    }
    assert.deepEqual(paged, all)
    assert.ok(all.length > 2)
    const { digests } = await get<ApiDigestPage>(
      `/api/v1/trails/${encodeURIComponent(`arn:aws:cloudtrail:${region}:${account}:trail/audit`)}/digests`,
    )
    assert.ok(digests.length >= 2)
    assert.deepEqual([...new Set(digests.map(({ state, why }) => `${state} ${why}`))], ['valid undefined'])
    const [first, second] = digests
    assert.equal(first!.previousKey, second!.key)
    const { digests: rest } = await get<ApiDigestPage>('/api/v1/trails/audit/digests?limit=1')
    assert.equal(rest[0]!.key, first!.key)
    assert.equal((await call('/api/v1/trails/none/files')).status, 404)
  })

  test('a digest that somebody has replaced is told apart; the walk goes on behind it', async () => {
    const digests = async () => (await get<ApiDigestPage>('/api/v1/trails/audit/digests')).digests
    const before = await digests()
    const { bucket, key } = before[1]!
    const url = new URL(`/${bucket}/${key}`, server.endpoint)
    const body = Buffer.from('not a digest')
    const { host: _, ...headers } = signRequest(
      {
        method: 'PUT',
        target: url.pathname,
        headers: { host: url.host, 'x-amz-content-sha256': createHash('sha256').update(body).digest('hex') },
        body,
      },
      { ...credentials, region, service: 's3' },
      Date.now(),
    )
    const put = await fetch(url, { method: 'PUT', headers, body })
    assert.equal(put.status, 200, await put.text())
    const after = await digests()
    assert.deepEqual(
      after.map((digest) => [digest.key, digest.state]),
      before.map((digest, at) => [digest.key, at === 1 ? 'invalid' : 'valid']),
    )
    assert.match(after[1]!.why ?? '', /gzip/)
  })

  test('every call of these is an event itself', async () => {
    const where = encodeURIComponent(
      'eventSource = cloudtrail.amazonaws.com and sourceIPAddress = 127.0.0.1 and readOnly = true',
    )
    const { values } = await get<ApiTopValues>(`/api/v1/events/values?attribute=eventName&limit=100&where=${where}`)
    const names = new Set(values.map(({ value }) => value))
    for (const name of [
      'SearchEvents',
      'GetEventHistogram',
      'GetEventValues',
      'GetEvent',
      'GetResourceTimeline',
      'GetIdentityTimeline',
      'AskEvents',
      'DryRunEventSelectors',
      'ListLogFiles',
      'ListDigests',
      'GetSession',
    ])
      assert.ok(names.has(name), `${name} of ${[...names].join(', ')}`)
  })
})
