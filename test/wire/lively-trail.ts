import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { CloudTrailClient, StartLoggingCommand, StopLoggingCommand } from '@aws-sdk/client-cloudtrail'
import { S3Client } from '@aws-sdk/client-s3'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { awsPath } from '../clients.ts'
import { startVersitygw, type S3Server } from '../s3-server.ts'
import { record } from './records.ts'
import { account, clientEnvironment, credentials, sendEvents, startTestServer } from './test-server.ts'

export const home = 'us-east-1'
export const hourMs = 3_600_000
export const arn = `arn:aws:cloudtrail:${home}:${account}:trail/audit`

export interface Verdict {
  readonly code: number
  readonly output: string
}

/** `aws cloudtrail validate-logs`, unmodified, against our API and `store`. */
export async function validate(
  server: RunningServer,
  store: Pick<S3Server, 'endpoint'>,
  ...more: string[]
): Promise<Verdict> {
  const args = ['cloudtrail', 'validate-logs', '--trail-arn', arn, '--start-time', '2020-01-01T00:00:00Z', ...more]
  const env = { ...clientEnvironment(server), AWS_ENDPOINT_URL_S3: store.endpoint }
  const run = promisify(execFile)(awsPath, args, { env, maxBuffer: 2 ** 26 })
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, output: stdout + stderr }),
  )
}

const clock = async (server: RunningServer, act: string, body: object): Promise<string> => {
  const answer = await fetch(new URL(`/test/clock/${act}`, server.endpoint), {
    method: 'POST',
    body: JSON.stringify(body),
  })
  assert.equal(answer.status, 200)
  return ((await answer.json()) as { now: string }).now
}
export const advance = (server: RunningServer, milliseconds: number) => clock(server, 'advance', { milliseconds })
/** From now on nothing falls due: what the verifiers themselves cause is not delivered. */
export const freeze = (server: RunningServer) => clock(server, 'freeze', {})

export const endOf = (now: string): string => new Date(Date.parse(now) + 2 * hourMs).toISOString()

/** Two Regions, busy and idle hours, a stop and a start, weeks in between so that keys change. */
export async function live(server: RunningServer, cloudTrail: CloudTrailClient): Promise<string> {
  const send = (region: string, secondsAgo = 0) =>
    sendEvents(
      server,
      Array.from({ length: 20 }, (_, index) => record({ region, secondsAgo: secondsAgo + index })),
      region,
    )
  await cloudTrail.send(new StartLoggingCommand({ Name: 'audit' }))
  await send(home)
  await send('eu-west-1')
  await advance(server, 2 * hourMs)
  await send(home)
  await advance(server, 3 * hourMs)
  await cloudTrail.send(new StopLoggingCommand({ Name: 'audit' }))
  await advance(server, 3 * hourMs)
  await cloudTrail.send(new StartLoggingCommand({ Name: 'audit' }))
  await send(home)
  const now = await advance(server, 2 * hourMs)
  // However slow the machine is, no digest is made while verifiers look.
  await freeze(server)
  return now
}

interface Parts {
  readonly server: RunningServer
  readonly cloudTrail: CloudTrailClient
  readonly s3: S3Client
  readonly store: S3Server
  readonly bucket: string
}

/** A server, and a store of which it and its clients know a bucket. */
export async function withTrail(
  flags: Readonly<Record<string, string>>,
  work: (parts: Parts) => Promise<void>,
): Promise<void> {
  const store = await startVersitygw()
  const bucket = 'audit-logs'
  await store.createBucket(bucket)
  // The CLI has one key for both services, so the store has to know that of our API.
  await store.createUser!(credentials.accessKeyId, credentials.secretAccessKey)
  const resources = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`]
  const reader = { AWS: [credentials.accessKeyId] }
  await store.setPolicy(bucket, {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: reader, Action: 's3:*', Resource: resources }],
  })
  const remote = {
    name: bucket,
    endpoint: store.endpoint,
    region: store.region,
    'path-style': true,
    'access-key-id': store.credentials.accessKeyId,
    'secret-access-key': store.credentials.secretAccessKey,
    'check-policy': false,
  }
  const server = await startTestServer({ ...flags, buckets: JSON.stringify([remote]) })
  const cloudTrail = new CloudTrailClient({ endpoint: server.endpoint, region: home, credentials, maxAttempts: 1 })
  const s3 = new S3Client({
    endpoint: store.endpoint,
    region: store.region,
    credentials: store.credentials,
    forcePathStyle: true,
  })
  try {
    await work({ server, cloudTrail, s3, store, bucket })
  } finally {
    cloudTrail.destroy()
    s3.destroy()
    await server.close()
    await store.close()
  }
}
