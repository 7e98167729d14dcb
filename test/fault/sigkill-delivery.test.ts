import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { CloudTrailClient, CreateTrailCommand, StartLoggingCommand } from '@aws-sdk/client-cloudtrail'
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { parseLogFileKey } from '@opentrail/core/delivery'
import { test } from 'vitest'
import { call } from '../../packages/server/src/cli/cli.testing.ts'
import { systemClocks } from '../../packages/server/src/clock/index.ts'
import { parseConfiguration } from '../../packages/server/src/config/index.ts'
import { startServer } from '../../packages/server/src/main.ts'
import { createProducer, recordsPerRequest } from './producer.ts'
import { account, region, startServerUnderTest, withData, type ServerUnderTest } from './server-under-test.ts'

/** More where somebody has the time. */
const rounds = Number(process.env['SIGKILL_ROUNDS'] ?? 4)
const senders = 3
/** Long enough for some files at one a second; how much of the next one is done is left to chance. */
const loadMs = { least: 600, more: 1_500 }
const drainMsMax = 60_000
const bucket = 'opentrail-logs'
const trails = ['first', 'second']
const flags = ['--delivery-interval', '1s']
const timeout = 240_000 + rounds * 10_000

const options = ({ endpoint, credentials }: ServerUnderTest) => ({ endpoint, credentials, region })

async function makeTrails(server: ServerUnderTest): Promise<void> {
  const cloudTrail = new CloudTrailClient(options(server))
  for (const Name of trails) {
    await cloudTrail.send(
      new CreateTrailCommand({ Name, S3BucketName: bucket, S3KeyPrefix: Name, EnableLogFileValidation: true }),
    )
    await cloudTrail.send(new StartLoggingCommand({ Name }))
  }
  cloudTrail.destroy()
}

/** Resolves once every lane has passed what was there when it was asked. */
async function drained(server: ServerUnderTest): Promise<void> {
  for (const until = Date.now() + drainMsMax; Date.now() < until; await sleep(100)) {
    const text = await (await fetch(`${server.endpoint}/metrics`)).text()
    if (/^opentrail_delivery_backlog_entries 0$/m.test(text)) return
  }
  assert.fail('delivery does not come to an end')
}

/** Ids of the events in a trail's files, as often as they are there. */
async function deliveredIds(s3: S3Client, trail: string): Promise<string[]> {
  const ids: string[] = []
  for (let ContinuationToken: string | undefined; ;) {
    const page = await s3.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: `${trail}/`,
        ...(ContinuationToken && { ContinuationToken }),
      }),
    )
    for (const { Key } of page.Contents ?? []) {
      if (Key === undefined || parseLogFileKey(Key) === undefined) continue
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }))
      const { Records } = JSON.parse(gunzipSync(await Body!.transformToByteArray()).toString()) as {
        Records: { eventID: string }[]
      }
      ids.push(...Records.map(({ eventID }) => eventID))
    }
    if (!page.IsTruncated) return ids
    ContinuationToken = page.NextContinuationToken
  }
}

/** Past the digests of the hours in which the load was. */
const laterMs = 3 * 3_600_000

/** What the verifier finds of a trail on the same data some hours later, once the digests of these hours are there. */
async function verified(data: string, trail: string): Promise<{ valid: number; findings: unknown[]; outcome: string }> {
  const configuration = parseConfiguration({
    flags: { data, port: '0', account, region, 'log-level': 'error' },
    environment: {},
  })
  const server = await startServer(configuration, { ...systemClocks, domain: () => Date.now() + laterMs })
  try {
    const file = await readFile(join(data, 'admin-credentials.json'), 'utf8')
    const { accessKeyId, secretAccessKey } = JSON.parse(file) as { accessKeyId: string; secretAccessKey: string }
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: region }
    const environment = { ...keys, AWS_ENDPOINT_URL: server.endpoint }
    const arn = `arn:aws:cloudtrail:${region}:${account}:trail/${trail}`
    const range = ['--start-time', '2020-01-01', '--end-time', '2100-01-01']
    const args = ['validate-logs', '--trail-arn', arn, ...range, '--complete', '--format', 'json']
    for (const until = Date.now() + drainMsMax; ; await sleep(200)) {
      const { stdout, stderr } = await call(args, { environment })
      const document = JSON.parse(stdout || '{}') as {
        outcome?: string
        counts?: { digests: { valid: number } }
        findings?: unknown[]
      }
      const { outcome = stderr, counts, findings = [] } = document
      const valid = counts?.digests.valid ?? 0
      if (valid >= 3 || Date.now() > until) return { valid, findings, outcome }
    }
  } finally {
    await server.close()
  }
}

test(
  'the server killed under load delivers each acknowledged event in exactly one file of each trail, and proves it',
  { timeout },
  () =>
    withData(async (data) => {
      const producer = createProducer('delivery')
      for (let round = 0; round < rounds; round++) {
        const server = await startServerUnderTest(data, flags)
        if (round === 0) await makeTrails(server)
        const stop = new AbortController()
        await producer.repeat(server)
        const load = Array.from({ length: senders }, () => producer.load(server, stop.signal))
        await sleep(loadMs.least + Math.random() * loadMs.more)
        await server.kill()
        stop.abort()
        await Promise.all(load)
      }
      const server = await startServerUnderTest(data, flags)
      const s3 = new S3Client({ ...options(server), forcePathStyle: true })
      try {
        await producer.repeat(server)
        assert.ok(producer.acknowledged.size >= rounds * recordsPerRequest, `${producer.acknowledged.size} events`)
        await drained(server)
        for (const trail of trails) {
          const ids = await deliveredIds(s3, trail)
          assert.equal(new Set(ids).size, ids.length, `${trail}: an event is in two files`)
          const found = new Set(ids)
          assert.deepEqual(
            [...producer.acknowledged].filter((id) => !found.has(id)),
            [],
            `${trail}: acknowledged events are in no file`,
          )
        }
        assert.doesNotMatch(server.reports(), /corrupt|damaged|no longer gives/i)
      } finally {
        s3.destroy()
        await server.stop()
      }
      for (const trail of trails) {
        const { valid, findings, outcome } = await verified(data, trail)
        assert.deepEqual({ findings, outcome }, { findings: [], outcome: 'valid' }, `${trail}, ${valid} digests`)
        assert.ok(valid >= 3, `${trail} has ${valid} digests`)
      }
    }),
)
