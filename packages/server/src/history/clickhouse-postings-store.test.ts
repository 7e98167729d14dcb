import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Sequence } from '@opentrail/core/event'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { startEngine, type Engine } from '../engine/index.ts'
import { openClickHousePostingsStore } from './clickhouse-postings-store.ts'
import { eventRow, postingBatch, postingsStoreContract } from './postings-store.contract.ts'
import { PostingsUnavailableError } from './postings-store.ts'

const temporary = (): Promise<string> => mkdtemp(join(tmpdir(), 'postings-'))

postingsStoreContract('ClickHouse in the engine host', async () => {
  const directory = await temporary()
  const engine = await startEngine({ directory })
  const store = await openClickHousePostingsStore({ client: engine.client })
  return {
    store,
    async close() {
      await store.close()
      await engine.close()
      await rm(directory, { recursive: true })
    },
  }
})

describe('postings when the engine goes away', () => {
  let directory: string
  let engine: Engine
  beforeAll(async () => {
    directory = await temporary()
    engine = await startEngine({ directory, pingIntervalMs: 100 })
  })
  afterAll(async () => {
    await engine.close()
    await rm(directory, { recursive: true })
  })

  async function untilItAnswers<T>(work: () => Promise<T>): Promise<T> {
    for (const deadline = performance.now() + 20_000; ;) {
      try {
        return await work()
      } catch (error) {
        assert.ok(error instanceof PostingsUnavailableError)
        assert.ok(error.cause !== undefined)
        if (performance.now() > deadline) throw error
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  test('SIGKILL during inserts: every batch is whole or absent, and repeating it stores it once', async () => {
    const store = await openClickHousePostingsStore({ client: engine.client })
    const perBatch = 20_000
    const rowsOf = (batch: number) =>
      postingBatch(Array.from({ length: perBatch }, (_, index) => eventRow(1, batch * perBatch + index + 1)))
    for (let round = 0; round < 3; round++) {
      const before = engine.restarts()
      const batches = [0, 1, 2].map((number) => round * 3 + number)
      const first = store.insert(rowsOf(batches[0] as number), `kill-${batches[0]}`)
      const others = batches.slice(1).map((batch) => store.insert(rowsOf(batch), `kill-${batch}`))
      // At different stages of the inserts: at once, a little later, after the first was acknowledged.
      if (round === 1) await new Promise((resolve) => setTimeout(resolve, 5))
      if (round === 2) await first
      process.kill(engine.pid() as number, 'SIGKILL')
      await Promise.allSettled([first, ...others])
      for (const batch of batches) {
        const [from, to] = [batch * perBatch + 1, (batch + 1) * perBatch]
        const present = await untilItAnswers(() => store.indexed(1, from as Sequence, to as Sequence))
        assert.ok(present.length === 0 || present.length === perBatch, `batch ${batch}: ${present.length} rows`)
        await untilItAnswers(() => store.insert(rowsOf(batch), `kill-${batch}`))
      }
      assert.ok(engine.restarts() > before)
    }
    assert.deepEqual(await store.counts(), [{ day: 20_000, stream: 1, events: 9 * perBatch }])
    const result = await engine.client.query({
      query: 'SELECT count() FROM opentrail.events_2',
      format: 'TabSeparated',
    })
    assert.equal(Number(await result.text()), 9 * perBatch)
  })

  test('a question that is aborted ends with the reason of its signal', async () => {
    const store = await untilItAnswers(() => openClickHousePostingsStore({ client: engine.client }))
    await untilItAnswers(() => store.insert(postingBatch([eventRow(7, 1)]), 'aborted'))
    const range = { stream: 7, sequenceMin: 1 as Sequence, sequenceMax: 1 as Sequence }
    const caller = new AbortController()
    const gone = new Error('gone')
    const query = { streams: [range], timeMin: 0, timeMax: 2 ** 32 - 1, signal: caller.signal }
    const asked = [store.histogram({ ...query, bucketSeconds: 60 }), store.search({ ...query, limit: 1 })]
    caller.abort(gone)
    for (const each of asked) await assert.rejects(each, (error) => error === gone)
  })

  test('a table that is gone is made again', async () => {
    const store = await openClickHousePostingsStore({ client: engine.client })
    await engine.client.command({ query: 'DROP TABLE opentrail.events_2' })
    await assert.rejects(store.counts(), PostingsUnavailableError)
    assert.deepEqual(await store.counts(), [])
  })
})
