import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { createMemoryControlStore, type FaultPoint, type MemoryControlStore } from '../control/index.ts'
import { seededRandom } from '../disk/seeded-random.testing.ts'
import { createFakeQueues, queueArnOf, startTopics, trailPolicy } from './topics.testing.ts'

const hourMs = 3_600_000

describe('a publish that was acknowledged reaches every subscriber', () => {
  for (let seed = 1; seed <= 15; seed++)
    test(`whatever fails, crashes or is away meanwhile: seed ${seed}`, async () => {
      const dice = seededRandom(seed)
      let isFaulty = false
      const fault = (): FaultPoint | undefined =>
        isFaulty && dice() < 0.15 ? (dice() < 0.5 ? 'before' : 'after') : undefined
      let control: MemoryControlStore = createMemoryControlStore({ fault })
      const rig = await startTopics({ control })
      try {
        const topic = await rig.createTopic('trail', { Policy: trailPolicy('trail') })
        const queues = ['a', 'b', 'c'].map((name) => queueArnOf(name))
        for (const queue of queues) await rig.subscribe(topic, 'sqs', queue, { RawMessageDelivery: 'true' })
        const acknowledged = new Set<string>()
        isFaulty = true
        for (let round = 0; round < 12; round++) {
          const batch = Array.from({ length: Math.floor(dice() * 8) }, (_, index) => `${round}/${index}`)
          await Promise.all(
            batch.map((message) =>
              rig.publish(topic, message).then(
                () => acknowledged.add(message),
                () => {},
              ),
            ),
          )
          for (const queue of queues)
            if (dice() < 0.3) rig.queues.failures.set(queue, 'Unavailable')
            else rig.queues.failures.delete(queue)
          rig.time.now += Math.floor(dice() * 30_000)
          if (dice() < 0.7) await rig.settle()
          if (dice() < 0.3) {
            isFaulty = false
            control = control.crash({ fault })
            await rig.reopen(control)
            isFaulty = true
          }
        }
        isFaulty = false
        rig.queues.failures.clear()
        for (let more = 0; more < 5; more++) {
          rig.time.now += hourMs
          await rig.settle()
        }
        for (const queue of queues) {
          const received = new Set(rig.queues.bodies(queue).map(({ body }) => body))
          for (const message of acknowledged) assert.ok(received.has(message), `${queue} lacks ${message}`)
        }
        assert.equal(rig.topics.backlog(), 0)
        assert.deepEqual(await control.list('topics/pending/'), [])
      } finally {
        await rig.close()
      }
    })
})

test('a change that fails on the way stands entirely or not at all, and the next one goes on from there', async () => {
  for (const point of ['before', 'after'] as const)
    for (let failing = 0; failing < 6; failing++) {
      let writes = -1
      const control = createMemoryControlStore({ fault: () => (writes++ === failing ? point : undefined) })
      const rig = await startTopics({ control })
      try {
        writes = 0
        const attempt = async (parameters: Record<string, string>) => (await rig.post(parameters)).status
        const TopicArn = 'arn:aws:sns:eu-west-1:111122223333:t'
        const create = { Action: 'CreateTopic', Name: 't' }
        if ((await attempt(create)) !== 200) assert.equal(await attempt(create), 200)
        const subscribe = { Action: 'Subscribe', TopicArn, Protocol: 'sqs', Endpoint: queueArnOf('q') }
        if ((await attempt(subscribe)) !== 200) assert.equal(await attempt(subscribe), 200)
        const set = { Action: 'SetTopicAttributes', TopicArn, AttributeName: 'DisplayName', AttributeValue: 'x' }
        if ((await attempt(set)) !== 200) assert.equal(await attempt(set), 200)
        const list = await rig.call({ Action: 'ListSubscriptionsByTopic', TopicArn })
        assert.equal(list.match(/<Endpoint>/g)?.length, 1)
        assert.ok((await rig.call({ Action: 'GetTopicAttributes', TopicArn })).includes('<value>x</value>'))
      } finally {
        await rig.close()
      }
    }
})

test('a backlog larger than what is kept in memory is sent in full, after a restart too', async () => {
  const control = createMemoryControlStore()
  const rig = await startTopics({ control })
  try {
    const topic = await rig.createTopic('trail', { Policy: trailPolicy('trail') })
    const queue = queueArnOf('slow')
    await rig.subscribe(topic, 'sqs', queue, { RawMessageDelivery: 'true' })
    rig.queues.failures.set(queue, 'Unavailable')
    const messages = Array.from({ length: 1_000 }, (_, index) => String(index))
    for (let from = 0; from < messages.length; from += 100)
      await Promise.all(messages.slice(from, from + 100).map((message) => rig.publish(topic, message)))
    assert.equal(rig.topics.backlog(), 1_000)
    await rig.reopen(control.crash())
    assert.equal(rig.topics.backlog(), 1_000)
    rig.queues.failures.clear()
    for (let more = 0; more < 3; more++) {
      rig.time.now += 60_000
      await rig.settle()
    }
    assert.deepEqual(new Set(rig.queues.bodies(queue).map(({ body }) => body)), new Set(messages))
    assert.equal(rig.topics.backlog(), 0)
  } finally {
    await rig.close()
  }
})

test('a subscriber that hangs holds up no other, and no publish', async () => {
  const released = Promise.withResolvers<void>()
  const fake = createFakeQueues()
  const hanging = queueArnOf('hanging')
  const queues = {
    ...fake,
    send: async (message: Parameters<typeof fake.send>[0]) => {
      if (message.queueArn === hanging) await released.promise
      return fake.send(message)
    },
  }
  const rig = await startTopics({ queues })
  try {
    const topic = await rig.createTopic('trail', { Policy: trailPolicy('trail') })
    await rig.subscribe(topic, 'sqs', hanging, { RawMessageDelivery: 'true' })
    await rig.subscribe(topic, 'sqs', queueArnOf('good'), { RawMessageDelivery: 'true' })
    for (let n = 0; n < 200; n++) await rig.publish(topic, String(n))
    while (fake.bodies(queueArnOf('good')).length < 200) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(fake.bodies(hanging).length, 0)
    released.resolve()
    await rig.settle()
    assert.equal(fake.bodies(hanging).length, 200)
  } finally {
    released.resolve()
    await rig.close()
  }
})
