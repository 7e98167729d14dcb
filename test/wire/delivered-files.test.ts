import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import {
  CloudTrailClient,
  CreateTrailCommand,
  GetTrailStatusCommand,
  StartLoggingCommand,
  UpdateTrailCommand,
} from '@aws-sdk/client-cloudtrail'
import { describe, test } from 'vitest'
import { cloudTrailBucketPolicy } from '../../packages/core/src/policy/index.ts'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { hasBoto3, pythonPath } from '../clients.ts'
import { hasMoto, hasVersitygw, startMoto, startVersitygw, type S3Server } from '../s3-server.ts'
import { skipped } from '../skip.ts'
import { record } from './records.ts'
import { account, credentials, sendEvents, startTestServer } from './test-server.ts'

interface ReadFile {
  readonly key: string
  readonly contentType: string
  readonly contentEncoding: string
  readonly text: string
  readonly hasValidName: boolean
  readonly parsed: readonly (readonly [source: string, name: string])[]
}

const boto3 = hasBoto3()
if (!boto3) skipped('log files read by others', 'boto3 is not installed: node scripts/install-clients.mjs')
const isThere = { versitygw: boto3 && hasVersitygw(), moto: boto3 && hasMoto() }
for (const [name, is] of Object.entries(isThere))
  if (!is) skipped(`delivery to ${name}`, 'it is not installed: node scripts/install-s3-server.mjs')

const region = 'us-east-1'
const bucket = 'audit-logs'
/** Python starts anew each time. */
const timeout = 60_000

async function readFiles(store: Pick<S3Server, 'endpoint' | 'region' | 'credentials'>, from: string) {
  const { accessKeyId, secretAccessKey } = store.credentials
  const script = new URL('read-log-files.py', import.meta.url).pathname
  const args = [script, store.endpoint, store.region, accessKeyId, secretAccessKey, from]
  const { stdout } = await promisify(execFile)(pythonPath, args, { maxBuffer: 2 ** 26 })
  return JSON.parse(stdout) as ReadFile[]
}

async function advance(server: RunningServer, milliseconds: number): Promise<void> {
  const body = JSON.stringify({ milliseconds })
  const answer = await fetch(new URL('/test/clock/advance', server.endpoint), { method: 'POST', body })
  assert.equal(answer.status, 200, await answer.text())
}

/** A test server whose buckets named `audit-*` and `missing-*` are in `store`. */
async function withServer(
  store: S3Server | undefined,
  settings: object,
  work: (server: RunningServer, cloudTrail: CloudTrailClient) => Promise<void>,
): Promise<void> {
  const remote = store && {
    endpoint: store.endpoint,
    region: store.region,
    'path-style': true,
    'access-key-id': store.credentials.accessKeyId,
    'secret-access-key': store.credentials.secretAccessKey,
    ...settings,
  }
  const buckets = remote ? ['audit-*', 'missing-*'].map((name) => ({ name, ...remote })) : []
  const server = await startTestServer({ buckets: JSON.stringify(buckets) })
  const cloudTrail = new CloudTrailClient({ endpoint: server.endpoint, region, credentials, maxAttempts: 1 })
  try {
    await work(server, cloudTrail)
  } finally {
    cloudTrail.destroy()
    await server.close()
    await store?.close()
  }
}

const makeTrail = async (cloudTrail: CloudTrailClient, Name: string, S3BucketName: string): Promise<void> => {
  await cloudTrail.send(new CreateTrailCommand({ Name, S3BucketName, S3KeyPrefix: Name }))
  await cloudTrail.send(new StartLoggingCommand({ Name }))
}

/** What was sent is in the files, each record once and as it was sent, and others can read it. */
function assertRead(files: readonly ReadFile[], sent: readonly { readonly eventID: string }[]): void {
  assert.ok(files.length > 0, 'there is no file')
  const found = new Map<string, unknown[]>()
  for (const file of files) {
    assert.deepEqual([file.contentType, file.contentEncoding], ['application/json', 'gzip'])
    assert.ok(file.hasValidName, file.key)
    assert.ok(file.text.startsWith('{"Records":[{'), file.text.slice(0, 40))
    const { Records } = JSON.parse(file.text) as {
      Records: { eventID: string; eventSource: string; eventName: string }[]
    }
    assert.deepEqual(
      file.parsed,
      Records.map(({ eventSource, eventName }) => [eventSource, eventName]),
    )
    for (const each of Records) found.set(each.eventID, [...(found.get(each.eventID) ?? []), each])
  }
  for (const each of sent) assert.deepEqual(found.get(each.eventID), [each])
}

const someRecords = () =>
  Array.from({ length: 40 }, (_, index) => record({ name: `Call${index % 7}`, readOnly: index % 2 === 0 }))

describe.skipIf(!boto3)('log files are read by boto3, gzip, json and trailscraper', () => {
  test('from the embedded bucket', { timeout }, () =>
    withServer(undefined, {}, async (server, cloudTrail) => {
      await makeTrail(cloudTrail, 'embedded', 'opentrail-logs')
      const sent = someRecords()
      await sendEvents(server, sent)
      await advance(server, 61_000)
      const files = await readFiles({ endpoint: server.endpoint, region, credentials }, 'opentrail-logs')
      assertRead(files, sent)
      assert.ok(files.every(({ key }) => key.startsWith('embedded/AWSLogs/')))
    }),
  )

  test.skipIf(!isThere.versitygw)('from versitygw', { timeout }, async () => {
    const store = await startVersitygw()
    await store.createBucket(bucket)
    await withServer(store, { 'check-policy': false }, async (server, cloudTrail) => {
      const refused = makeTrail(cloudTrail, 'nowhere', 'missing-bucket')
      await assert.rejects(refused, { name: 'S3BucketDoesNotExistException' })
      await makeTrail(cloudTrail, 'remote', bucket)
      const sent = someRecords()
      await sendEvents(server, sent)
      await advance(server, 61_000)
      assertRead(await readFiles(store, bucket), sent)
    })
  })

  test.skipIf(!isThere.moto)(
    'from moto, whose policy has to let CloudTrail in, at first and later',
    { timeout },
    async () => {
      const store = await startMoto()
      await store.createBucket(bucket)
      await withServer(store, { 'conditional-put': 'off' }, async (server, cloudTrail) => {
        const policy = JSON.parse(
          cloudTrailBucketPolicy({ partition: 'aws', bucket, accounts: [account], prefix: 'remote' }),
        ) as object
        const refused = makeTrail(cloudTrail, 'remote', bucket)
        await assert.rejects(refused, { name: 'InsufficientS3BucketPolicyException' })
        await store.setPolicy(bucket, policy)
        await makeTrail(cloudTrail, 'remote', bucket)
        const sent = someRecords()
        await sendEvents(server, sent.slice(0, 20))
        await advance(server, 61_000)
        await store.setPolicy(bucket, undefined)
        await sendEvents(server, sent.slice(20))
        await advance(server, 10 * 60_000)
        const failing = await cloudTrail.send(new GetTrailStatusCommand({ Name: 'remote' }))
        assert.equal(failing.LatestDeliveryError, 'AccessDenied')
        await store.setPolicy(bucket, policy)
        await advance(server, 10 * 60_000)
        const healed = await cloudTrail.send(new GetTrailStatusCommand({ Name: 'remote' }))
        assert.equal(healed.LatestDeliveryError, undefined)
        assertRead(await readFiles(store, bucket), sent)
      })
    },
  )

  test.skipIf(!isThere.versitygw)(
    'wrong credentials are told when a trail is made or changed, and leave it as it was',
    { timeout },
    async () => {
      const store = await startVersitygw()
      await store.createBucket(bucket)
      const wrong = { 'check-policy': false, 'secret-access-key': 'not-the-secret' }
      await withServer(store, wrong, async (server, cloudTrail) => {
        const refused = makeTrail(cloudTrail, 'remote', bucket)
        await assert.rejects(refused, ({ name }: Error) => /InsufficientS3BucketPolicy|ServiceUnavailable/.test(name))
        await makeTrail(cloudTrail, 'moved', 'opentrail-logs')
        const sent = someRecords()
        await sendEvents(server, sent)
        const update = new UpdateTrailCommand({ Name: 'moved', S3BucketName: bucket })
        await assert.rejects(cloudTrail.send(update), ({ name }: Error) => /Insufficient|Unavailable/.test(name))
        await advance(server, 61_000)
        assertRead(await readFiles({ endpoint: server.endpoint, region, credentials }, 'opentrail-logs'), sent)
      })
    },
  )
})
