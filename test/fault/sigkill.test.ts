import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { createProducer, recordsPerRequest } from './producer.ts'
import { startServerUnderTest, withData, type ServerUnderTest } from './server-under-test.ts'

const rounds = 3
const senders = 4
/** The load before a kill; how much of it is done by then is left to chance. */
const loadMs = { least: 300, more: 900 }
/** Looked up one by one by their ids; all others are counted by their mark. */
const lookedUpByIdMax = 30
const timeout = 180_000

async function lookUp(server: ServerUnderTest, key: string, value: string): Promise<string[]> {
  const ids: string[] = []
  for (let NextToken: string | undefined; ;) {
    const input = { LookupAttributes: [{ AttributeKey: key, AttributeValue: value }], ...(NextToken && { NextToken }) }
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents',
    }
    const { status, json } = await server.call('/', headers, JSON.stringify(input))
    assert.equal(status, 200, JSON.stringify(json))
    const answer = json as { Events: { EventId: string }[]; NextToken?: string }
    ids.push(...answer.Events.map(({ EventId }) => EventId))
    if (answer.NextToken === undefined) return ids
    NextToken = answer.NextToken
  }
}

/** Everything acknowledged, once; nothing twice, and nothing that was not sent. */
async function judge(server: ServerUnderTest, mark: string, { sent, acknowledged }: ReturnType<typeof createProducer>) {
  const found = await lookUp(server, 'Username', mark)
  assert.equal(new Set(found).size, found.length, 'an event is shown twice')
  assert.deepEqual(
    [...acknowledged].filter((id) => !found.includes(id)),
    [],
    'acknowledged events are missing',
  )
  assert.deepEqual(
    found.filter((id) => !sent.has(id)),
    [],
    'events are shown that nobody sent',
  )
  for (const id of [...acknowledged].slice(-lookedUpByIdMax))
    assert.deepEqual(await lookUp(server, 'EventId', id), [id])
  assert.doesNotMatch(server.reports(), /corrupt|damaged|cannot be read|index holds/i)
}

test('the server killed under load, again and again, keeps what it acknowledged, once', { timeout }, () =>
  withData(async (data) => {
    const producer = createProducer('sigkill')
    for (let round = 0; round < rounds; round++) {
      const server = await startServerUnderTest(data)
      const stop = new AbortController()
      await producer.repeat(server)
      const load = Array.from({ length: senders }, () => producer.load(server, stop.signal))
      await sleep(loadMs.least + Math.random() * loadMs.more)
      await server.kill()
      stop.abort()
      await Promise.all(load)
    }
    const server = await startServerUnderTest(data)
    try {
      await producer.repeat(server)
      assert.ok(producer.acknowledged.size >= rounds * recordsPerRequest, `${producer.acknowledged.size} events`)
      assert.equal(producer.acknowledged.size, producer.sent.size)
      await judge(server, 'sigkill', producer)
    } finally {
      await server.stop()
    }
  }),
)

test.runIf(process.platform === 'linux')(
  'the engine killed under load: intake does not notice, and lookups find everything afterwards',
  { timeout },
  () =>
    withData(async (data) => {
      const producer = createProducer('engine')
      const server = await startServerUnderTest(data)
      try {
        const stop = new AbortController()
        const load = Array.from({ length: senders }, () => producer.load(server, stop.signal))
        await sleep(loadMs.least + Math.random() * loadMs.more)
        const [engine] = server.children()
        assert.ok(engine !== undefined, 'the engine has no process of its own')
        process.kill(engine, 'SIGKILL')
        const atKill = producer.acknowledged.size
        await vi.waitFor(() => expect(producer.acknowledged.size).toBeGreaterThan(atKill), { timeout: 60_000 })
        stop.abort()
        await Promise.all(load)
        assert.equal(producer.acknowledged.size, producer.sent.size, 'intake has noticed')
        await vi.waitFor(() => lookUp(server, 'EventId', [...producer.acknowledged].at(-1)!), {
          timeout: 30_000,
          interval: 200,
        })
        await vi.waitFor(() => judge(server, 'engine', producer), { timeout: 60_000, interval: 1_000 })
      } finally {
        await server.stop()
      }
    }),
)
