/**
 * A trail's messages to a built-in topic on LMDB: how many a second are durable, and in a built-in queue. Then the same beside a
 * subscriber that takes nothing, and the memory that its backlog costs.
 * Run: node --conditions=opentrail-source bench/notifications.ts [messages]. Prints a table and one line of JSON.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AccountId, Region } from '@opentrail/core/event'
import { systemClocks, systemRandom } from '../packages/server/src/clock/index.ts'
import { openLmdbControlStore } from '../packages/server/src/control/index.ts'
import { openKeyRing } from '../packages/server/src/keyring/index.ts'
import { openQueues, type QueueSink } from '../packages/server/src/queues/index.ts'
import { openTopics } from '../packages/server/src/topics/index.ts'
import {
  subscriptionKey,
  topicArn,
  topicKey,
  type SubscriptionDocument,
  type TopicDocument,
} from '../packages/server/src/topics/topic-documents.ts'

const count = Number(process.argv[2] ?? 5_000)
/** As many as a trail of all Regions announces at once. */
const concurrency = 16
const at = { account: '111122223333' as AccountId, region: 'eu-west-1' as Region }
const name = { ...at, name: 'files' }
const trailArn = `arn:aws:cloudtrail:${at.region}:${at.account}:trail/audit`
const queueArn = (queue: string): string => `arn:aws:sqs:${at.region}:${at.account}:${queue}`
const message = JSON.stringify({
  s3Bucket: 'audit-logs',
  s3ObjectKey: [
    `AWSLogs/${at.account}/CloudTrail/${at.region}/2026/03/04/${at.account}_CloudTrail_${at.region}_20260304T1015Z_q7RtZ0aLmN3bVcX9.json.gz`,
  ],
})

const allow = (service: string, action: string, resource: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: action, Resource: resource }],
  })

const topic: TopicDocument = {
  ...name,
  attributes: { Policy: allow('cloudtrail.amazonaws.com', 'SNS:Publish', topicArn(name)) },
  tags: [],
  createdAt: 0,
}
const subscriptionTo = (queue: string): SubscriptionDocument => ({
  id: queue.padEnd(36, '0'),
  topic: name,
  owner: at.account,
  protocol: 'sqs',
  endpoint: queueArn(queue),
  attributes: {},
  createdAt: 0,
  confirmedAt: 0,
})

async function measure(what: string, hangs: readonly string[]) {
  const directory = await mkdtemp(join(tmpdir(), 'bench-notifications-'))
  const control = openLmdbControlStore(directory)
  try {
    const subscriptions = ['files', ...hangs].map(subscriptionTo)
    await control.transact([
      { key: topicKey(topic), value: topic },
      ...subscriptions.map((each) => ({ key: subscriptionKey(each), value: each })),
      {
        key: `queues/queue/${at.account}/${at.region}/files`,
        value: {
          id: 'q',
          createdAt: 0,
          modifiedAt: 0,
          attributes: { Policy: allow('sns.amazonaws.com', 'sqs:SendMessage', queueArn('files')) },
          tags: {},
          purgedThrough: 0,
        },
      },
    ])
    return { what, ...(await publishAll(control, hangs)) }
  } finally {
    await control.close()
    await rm(directory, { recursive: true })
  }
}

const onFault = (error: unknown): never => {
  throw error
}

async function publishAll(control: ReturnType<typeof openLmdbControlStore>, hangs: readonly string[]) {
  const keyRing = await openKeyRing({
    control,
    source: { kind: 'environment', variable: 'ROOT', value: '00'.repeat(32) },
    random: systemRandom,
    now: Date.now,
  })
  const shared = { control, clocks: systemClocks, random: systemRandom }
  const built = await openQueues({ ...shared, cipher: keyRing.cipher, receiptKey: Buffer.alloc(32), onFault })
  let arrived = 0
  const all = Promise.withResolvers<void>()
  const queues: QueueSink = {
    ...built.sink,
    async send(sent) {
      if (hangs.some((queue) => queueArn(queue) === sent.queueArn)) return new Promise<void>(() => {})
      await built.sink.send(sent)
      if (++arrived === count) all.resolve()
    },
  }
  const events = { failed() {}, lost: onFault, fault: (_: string, error: unknown) => onFault(error) }
  const topics = await openTopics({ ...shared, keyRing, queues, events, subscriberNetworks: [] })
  topics.begin('https://opentrail.example.org')
  const before = process.memoryUsage.rss()
  const start = performance.now()
  let next = 0
  const worker = async (): Promise<void> => {
    while (next++ < count)
      await topics.publisher.publish({ topicArn: topicArn(name), message, trailArn, account: at.account })
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  const durable = performance.now()
  await all.promise
  const done = performance.now()
  const rssMiB = Math.round((process.memoryUsage.rss() - before) / 2 ** 20)
  // Lets what is under way end; whoever hangs is not waited for.
  await topics.close()
  const perSecond = (until: number): number => Math.round((count / (until - start)) * 1_000)
  return {
    published: perSecond(durable),
    inQueue: perSecond(done),
    backlog: topics.backlog(),
    rssMiB,
  }
}

// Waiting for who hangs keeps no process alive.
setInterval(() => {}, 1_000)
const results = [await measure('one queue', []), await measure('and one that hangs', ['hanging'])]
console.log('| subscribers | durable/s | in the queue/s | left waiting | RSS grew by |\n|---|---|---|---|---|')
for (const { what, published, inQueue, backlog, rssMiB } of results)
  console.log(`| ${what} | ${published} | ${inQueue} | ${backlog} | ${rssMiB} MiB |`)
console.log(JSON.stringify({ count, concurrency, results }))
process.exit(0)
