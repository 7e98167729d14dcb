import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { CloudTrailClient, CreateTrailCommand, StartLoggingCommand } from '@aws-sdk/client-cloudtrail'
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { test } from 'vitest'
import { createProducer, recordsPerRequest } from './producer.ts'
import { region, startServerUnderTest, withData, type ServerUnderTest } from './server-under-test.ts'

const rounds = 4
const senders = 3
/** Long enough for some files at one a second; how much of the next one is done is left to chance. */
const loadMs = { least: 600, more: 1_500 }
const drainMsMax = 60_000
const bucket = 'opentrail-logs'
const trails = ['first', 'second']
const flags = ['--delivery-interval', '1s']
const timeout = 240_000

const options = ({ endpoint, credentials }: ServerUnderTest) => ({ endpoint, credentials, region })

async function makeTrails(server: ServerUnderTest): Promise<void> {
  const cloudTrail = new CloudTrailClient(options(server))
  for (const Name of trails) {
    await cloudTrail.send(new CreateTrailCommand({ Name, S3BucketName: bucket, S3KeyPrefix: Name }))
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
      if (!Key?.endsWith('.json.gz')) continue
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

test(
  'the server killed under load delivers each acknowledged event in exactly one file of each trail',
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
    }),
)
