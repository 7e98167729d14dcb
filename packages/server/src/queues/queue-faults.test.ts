import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { createMemoryControlStore, type FaultPoint } from '../control/index.ts'
import { message, openTestStore, testQueue } from './message-store.testing.ts'
import { noon, plainCipher, startQueues } from './queues.testing.ts'

describe.each(['before', 'after'] as const)('a change of queues whose answer is lost %s it took effect', (point) => {
  async function fronted() {
    const state: { fault: FaultPoint | undefined } = { fault: undefined }
    const front = await startQueues({ control: createMemoryControlStore({ fault: () => state.fault }) })
    /** The call fails, and what it did is then as the store has it. */
    const failing = async (name: string, input: object) => {
      state.fault = point
      assert.equal(await front.refusal(name, input), 'ServiceUnavailable')
      state.fault = undefined
    }
    return { front, failing }
  }
  const isDone = point === 'after'

  test('CreateQueue', async () => {
    const { front, failing } = await fronted()
    await using _ = front
    await failing('CreateQueue', { QueueName: 'q' })
    const { QueueUrls = [] } = await front.call('ListQueues', {})
    assert.equal((QueueUrls as string[]).length, isDone ? 1 : 0)
    const url = await front.createQueue()
    await front.call('SendMessage', { QueueUrl: url, MessageBody: 'x' })
    assert.equal((await front.receive(url)).length, 1)
  })

  test('DeleteQueue', async () => {
    const { front, failing } = await fronted()
    await using _ = front
    const url = await front.createQueue()
    await failing('DeleteQueue', { QueueUrl: url })
    const { status } = await front.json('SendMessage', { QueueUrl: url, MessageBody: 'x' })
    assert.equal(status, isDone ? 400 : 200)
  })

  test('PurgeQueue', async () => {
    const { front, failing } = await fronted()
    await using _ = front
    const url = await front.createQueue()
    await front.call('SendMessage', { QueueUrl: url, MessageBody: 'x' })
    await failing('PurgeQueue', { QueueUrl: url })
    assert.equal((await front.receive(url)).length, isDone ? 0 : 1)
  })

  test('a move to the dead-letter queue leaves the message in one of both', async () => {
    const state: { fault: FaultPoint | undefined } = { fault: undefined }
    let control = createMemoryControlStore({ fault: () => state.fault })
    const clock = { now: noon }
    const [queue, dead] = [testQueue('q'), testQueue('dead')]
    let { store } = await openTestStore(control, [queue, dead], clock)
    const options = {
      max: 10,
      visibilityMs: 0,
      overLimit: 'throws',
      deadLetter: { queue: dead, maxReceiveCount: 1 },
    } as const
    await store.send(queue, [message('x')])
    await store.receive(queue, options)
    state.fault = point
    await store.receive(queue, options).catch(() => {})
    state.fault = undefined
    const total = () => store.counts(queue).visible + store.counts(dead).visible
    assert.equal(total(), 1)
    control = control.crash()
    ;({ store } = await openTestStore(control, [queue, dead], clock))
    assert.equal(total(), 1)
    await store.receive(queue, options)
    const [moved] = await store.receive(dead, { max: 10, visibilityMs: 0, overLimit: 'throws' })
    assert.equal(moved?.content.body, 'x')
    assert.equal(moved.content.deadLetterSourceArn, queue.arn)
  })
})

test('a message that cannot be opened is put aside, and told of; the others go on', async () => {
  const control = createMemoryControlStore()
  const clock = { now: noon }
  const queue = testQueue('q', { FifoQueue: 'true' })
  const cipher = {
    ...plainCipher,
    open: (...[account, sealed, context]: Parameters<typeof plainCipher.open>) =>
      Buffer.from(sealed).includes('lost')
        ? Promise.reject(new Error('the key is gone'))
        : plainCipher.open(account, sealed, context),
  }
  const { store, faults } = await openTestStore(control, [queue], clock, cipher)
  await store.send(queue, [message('lost', { group: 'a' }), message('there', { group: 'b' })])
  const options = { max: 10, visibilityMs: 0, overLimit: 'throws' } as const
  const received = await store.receive(queue, options)
  assert.deepEqual(
    received.map(({ content }) => content.body),
    ['there'],
  )
  assert.equal(faults.length, 1)
  assert.equal(store.counts(queue).delayed, 1)
  clock.now += 60_000
  assert.equal((await store.receive(queue, options)).length, 1)
  assert.equal(faults.length, 2)
})

test('what expires is removed, in the store as well', async () => {
  const control = createMemoryControlStore()
  const clock = { now: noon }
  const queue = testQueue('q', { MessageRetentionPeriod: '60', FifoQueue: 'true' })
  const { store } = await openTestStore(control, [queue], clock)
  const send = (body: string) => store.send(queue, [message(body, { group: 'g', deduplicationId: body })])
  await send('old')
  await store.receive(queue, { max: 1, visibilityMs: 3_600_000, overLimit: 'throws' })
  clock.now += 30_000
  await send('young')
  clock.now += 30_000
  await store.tidy([queue])
  const [received] = await store.receive(queue, { max: 10, visibilityMs: 0, overLimit: 'throws' })
  assert.equal(received?.content.body, 'young')
  clock.now += 400_000
  await store.tidy([queue])
  assert.deepEqual(
    (await control.list('queues/')).map(({ key }) => key),
    ['queues/sequence'],
  )
})
