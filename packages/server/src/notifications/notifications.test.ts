import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { streamParts } from '@opentrail/core/event'
import {
  account,
  changeTrail,
  createBench,
  dayMs,
  elsewhere,
  event,
  home,
  homeStream,
  minuteMs,
  type Bench,
} from '../delivery/delivery.testing.ts'
import { createMemoryControlStore, type FaultPoint } from '../control/index.ts'
import { seededRandom } from '../disk/seeded-random.testing.ts'
import { createFakeTopics } from '../topics/fake-topics.testing.ts'

const topicArn = (name: string) => `arn:aws:sns:${home}:${account}:${name}`

async function start(options: Parameters<typeof createBench>[0] = {}) {
  const topics = createFakeTopics()
  const bench = await createBench({ ...options, topics })
  return { bench, topics }
}

/** One log file; resolves to the key that it got. */
async function deliver(bench: Bench, id: string): Promise<string> {
  await bench.write(homeStream, event(id))
  await bench.pass(minuteMs)
  return bench.puts.at(-1)!
}

const status = (bench: Bench, trailId: string) => bench.service.notifications.status(trailId, home)

describe('notifications', () => {
  test('each file is announced once, in the exact words, as the trail', async () => {
    const { bench, topics } = await start()
    const trail = await changeTrail(bench, 'StartLogging', 'main', { isLogging: true, settings: { topic: 'files' } })
    const keys = [await deliver(bench, 'a'), await deliver(bench, 'b')]
    assert.deepEqual(
      topics.published,
      keys.map((key) => ({
        topicArn: topicArn('files'),
        message: `{"s3Bucket":"logs","s3ObjectKey":["${key}"]}`,
        trailArn: `arn:aws:cloudtrail:${home}:${account}:trail/main`,
        account,
      })),
    )
    const { latestNotificationAt, latestNotificationAttemptAt, latestNotificationError } = status(bench, trail.id)
    assert.equal(latestNotificationAt, bench.service.delivery.status(trail.id, home).latestDeliveryAt)
    assert.equal(latestNotificationAttemptAt, latestNotificationAt)
    assert.equal(latestNotificationError, undefined)
    await bench.restart()
    await bench.pass(minuteMs)
    assert.equal(topics.published.length, 2)
  })

  test('digests are not announced', async () => {
    const { bench, topics } = await start()
    const settings = { topic: 'files', validatesLogFiles: true }
    await changeTrail(bench, 'StartLogging', 'main', { isLogging: true, settings })
    await bench.pass(3 * 60 * minuteMs)
    assert.ok(bench.puts.some((key) => key.includes('CloudTrail-Digest')))
    assert.ok(topics.keys().every((key) => !key.includes('CloudTrail-Digest')))
  })

  test('what was delivered while the trail had no topic is never announced', async () => {
    const { bench, topics } = await start()
    const edit = (topic?: string) =>
      changeTrail(bench, 'UpdateTrail', 'main', {
        isLogging: true,
        settings: topic === undefined ? {} : { topic },
      })
    await edit()
    await deliver(bench, 'before')
    await edit('files')
    const announced = await deliver(bench, 'with')
    await changeTrail(bench, 'UpdateTrail', 'main', { settings: { topic: undefined as unknown as string } })
    await deliver(bench, 'after')
    await edit('other')
    const last = await deliver(bench, 'again')
    await bench.restart()
    await bench.pass(minuteMs)
    assert.deepEqual(topics.keys().filter((key) => [announced, last].includes(key)).length, 2)
    assert.equal(topics.published.at(-1)!.topicArn, topicArn('other'))
    assert.equal(topics.published.length, 2)
  })

  test('a topic that fails is tried again, tells why, and holds up neither files nor other trails', async () => {
    const { bench, topics } = await start()
    const failing = await changeTrail(bench, 'StartLogging', 'one', { isLogging: true, settings: { topic: 'bad' } })
    await changeTrail(bench, 'StartLogging', 'two', { isLogging: true, settings: { topic: 'good' } })
    topics.fault = (notice) =>
      notice.topicArn === topicArn('bad') ? { code: 'AuthorizationError', isTaken: false } : undefined
    for (const id of ['a', 'b', 'c']) await deliver(bench, id)
    assert.equal(topics.published.filter((notice) => notice.topicArn === topicArn('good')).length, 3)
    assert.equal(status(bench, failing.id).latestNotificationError, 'AuthorizationError')
    assert.equal(bench.service.delivery.status(failing.id, home).latestError, undefined)
    topics.fault = undefined
    await bench.pass(10 * minuteMs)
    const announced = topics.published.filter((notice) => notice.topicArn === topicArn('bad'))
    assert.equal(announced.length, 3)
    assert.equal(status(bench, failing.id).latestNotificationError, undefined)
  })

  test('pauses grow to five minutes: a dead topic is not hammered', async () => {
    const { bench, topics } = await start()
    await changeTrail(bench, 'StartLogging', 'main', { isLogging: true, settings: { topic: 'bad' } })
    topics.fault = () => ({ code: 'NotFound', isTaken: false })
    await deliver(bench, 'a')
    topics.attempts = 0
    await bench.pass(60 * minuteMs)
    assert.ok(topics.attempts >= 12 && topics.attempts <= 25, String(topics.attempts))
  })

  test('what the old topic did not take goes to the new one at once', async () => {
    const { bench, topics } = await start()
    await changeTrail(bench, 'StartLogging', 'main', { isLogging: true, settings: { topic: 'bad' } })
    topics.fault = (notice) => (notice.topicArn === topicArn('bad') ? { code: 'NotFound', isTaken: false } : undefined)
    const key = await deliver(bench, 'a')
    await bench.pass(30 * minuteMs)
    await changeTrail(bench, 'UpdateTrail', 'main', { settings: { topic: 'new' } })
    await bench.pass(1_000)
    assert.deepEqual(topics.keys(), [key])
    assert.equal(topics.published[0]!.topicArn, topicArn('new'))
  })

  test('a hanging topic delays no file', async () => {
    const { bench, topics } = await start()
    const released = Promise.withResolvers<void>()
    await changeTrail(bench, 'StartLogging', 'main', { isLogging: true, settings: { topic: 'files' } })
    await bench.pass(minuteMs)
    topics.gate = released.promise
    await bench.write(homeStream, event('a'))
    // The clock waits for what the schedule has begun: only this first file's announcement hangs.
    const passing = bench.pass(minuteMs)
    while (topics.attempts < 2) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual((await bench.delivered()).flat().includes('a'), true)
    released.resolve()
    await passing
    assert.equal(topics.published.length, 2)
  })

  test('a deleted trail’s last files are announced where it announced before', async () => {
    const { bench, topics } = await start()
    await changeTrail(bench, 'StartLogging', 'main', { isLogging: true, settings: { topic: 'files' } })
    await bench.write(homeStream, event('a'))
    await changeTrail(bench, 'DeleteTrail', 'main', undefined)
    topics.fault = () => ({ code: 'Throttled', isTaken: false })
    await bench.pass(90 * minuteMs)
    topics.fault = undefined
    await bench.pass(3 * 60 * minuteMs)
    assert.deepEqual(topics.keys(), bench.puts)
    assert.equal(topics.published.at(-1)!.trailArn, `arn:aws:cloudtrail:${home}:${account}:trail/main`)
    await bench.pass(120 * 60 * minuteMs)
    assert.deepEqual((await bench.stores.control.list('notifications/')).length, 0)
  })

  test('after thirty days of failures a file is passed over, and that is said', async () => {
    const { bench, topics } = await start()
    await changeTrail(bench, 'StartLogging', 'main', { isLogging: true, settings: { topic: 'bad' } })
    topics.fault = () => ({ code: 'NotFound', isTaken: false })
    const key = await deliver(bench, 'a')
    await bench.pass(29 * dayMs)
    const abandoned = () => bench.reported.filter(({ kind }) => kind === 'notification-abandoned')
    assert.deepEqual(abandoned(), [])
    await bench.pass(2 * dayMs)
    assert.deepEqual(
      abandoned().map((told) => 'key' in told && told.key),
      bench.puts.filter((put) => put === key),
    )
  }, 120_000)

  test('housekeeping keeps what is still to be announced', async () => {
    const { bench, topics } = await start()
    const trail = await changeTrail(bench, 'StartLogging', 'main', { isLogging: true, settings: { topic: 'bad' } })
    topics.fault = () => ({ code: 'NotFound', isTaken: false })
    await deliver(bench, 'a')
    const { notifications } = bench.service
    assert.equal(notifications.wantedAfter(trail.id, home), 0)
    assert.equal(notifications.wantedAfter(trail.id, elsewhere), undefined)
    assert.equal(notifications.isUnfinished(trail.id), true)
    topics.fault = undefined
    await bench.pass(10 * minuteMs)
    assert.equal(notifications.wantedAfter(trail.id, home), undefined)
    assert.equal(notifications.isUnfinished(trail.id), false)
  })
})

describe('crashes', () => {
  for (let seed = 1; seed <= 20; seed++)
    test(`with a store and a topic that fail before and after, no file is left out: seed ${seed}`, async () => {
      const dice = seededRandom(seed)
      let isFaulty = false
      const control = createMemoryControlStore({
        // Others' documents are others' tests.
        fault: (writes): FaultPoint | undefined =>
          isFaulty && writes.some(({ key }) => key.startsWith('notifications/')) && dice() < 0.4
            ? dice() < 0.5
              ? 'before'
              : 'after'
            : undefined,
      })
      const { bench, topics } = await start({ control, fileEvents: 3 })
      topics.fault = () => (isFaulty && dice() < 0.3 ? { code: 'RequestTimeout', isTaken: dice() < 0.5 } : undefined)
      await changeTrail(bench, 'StartLogging', 'main', { isLogging: true, settings: { topic: 'files' } })
      isFaulty = true
      let number = 0
      for (let round = 0; round < 25; round++) {
        const events = Array.from({ length: 1 + Math.floor(dice() * 8) }, () => event(`e${number++}`))
        await bench.write(homeStream, ...events)
        await bench.pass(Math.floor(dice() * 2 * minuteMs))
        if (dice() < 0.3) await bench.restart()
      }
      isFaulty = false
      await bench.pass(20 * minuteMs)
      const delivered = new Set(bench.puts)
      assert.deepEqual([...new Set(topics.keys())].sort(), [...delivered].sort())
      assert.equal(streamParts(homeStream).account, account)
    })
})
