import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import type { StreamId } from '@opentrail/core/event'
import { createMemoryControlStore } from '../control/index.ts'
import { startEngine } from '../engine/index.ts'
import { createHistoryIndex, openClickHousePostingsStore, type HistoryFilter, type HistoryIndex } from './index.ts'
import { createJournalDouble, newEntry } from './history-doubles.testing.ts'

const stream = '111122223333/eu-west-1' as StreamId
const noon = Date.parse('2026-11-21T12:00:00Z')
const directories: string[] = []
afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true }))))

const journal = createJournalDouble()
const control = createMemoryControlStore()

/** A process on a directory of its own: an empty one is what is left when somebody deletes the history. */
async function open() {
  const directory = await mkdtemp(join(tmpdir(), 'history-'))
  directories.push(directory)
  const engine = await startEngine({ directory, pingIntervalMs: 100 })
  const store = await openClickHousePostingsStore({ client: engine.client })
  const index = createHistoryIndex({
    journal,
    store,
    control,
    random: { bytes: (length) => randomBytes(length) },
    limits: { flushIntervalMs: 20, batchEventsMax: 500, pauseFirstMs: 20, pauseMaxMs: 200, refillStep: 700 },
  })
  await index.ready()
  return {
    index,
    engine,
    store,
    async close() {
      await index.close()
      await store.close()
      await engine.close()
    },
  }
}

const append = (count: number) =>
  journal.append(
    stream,
    Array.from({ length: count }, (_, at) =>
      newEntry({ eventName: `Op${at % 3}`, eventTime: noon - (at % 50) * 1_000, readOnly: at % 2 === 0 }, noon),
    ),
  )

async function walk(index: HistoryIndex, filter?: HistoryFilter): Promise<number[]> {
  const asked = { stream, category: 'management', timeMin: 0, timeMax: 0xffff_ffff, limit: 50 } as const
  const shown: number[] = []
  let page = await index.reader.page({ ...asked, ...(filter && { filter }) })
  for (;;) {
    shown.push(...page.entries.map(({ sequence }) => sequence))
    if (!page.next) return shown
    page = await index.reader.page({ ...asked, ...(filter && { filter }), snapshot: page.snapshot, after: page.next })
  }
}

/** Batches of `append` begin with `at` 0 each, so an event's fields follow from its place in its batch. */
function expected(batches: readonly number[], wanted: (at: number) => boolean): number[] {
  let sequence = 0
  const all = batches.flatMap((count) => Array.from({ length: count }, (_, at) => ({ at, sequence: ++sequence })))
  return all
    .filter(({ at }) => wanted(at))
    .sort((a, b) => (a.at % 50) - (b.at % 50) || b.sequence - a.sequence)
    .map((event) => event.sequence)
}

const inserted = (index: HistoryIndex, mark: number) =>
  vi.waitFor(() => expect(index.cursors().get(stream)).toBe(mark), { timeout: 30_000, interval: 20 })

test('on the real engine: each event once while it is killed, and again after its directory was deleted', async () => {
  const batches = [1_200, 300, 800]
  const first = await open()
  await append(1_200)
  assert.deepEqual(
    await walk(first.index),
    expected([1_200], () => true),
  )
  process.kill(first.engine.pid()!, 'SIGKILL')
  await append(300)
  await inserted(first.index, 1_500)
  await append(800)
  const op1 = { attribute: 'EventName', value: 'Op1' } as const
  assert.deepEqual(
    await walk(first.index, op1),
    expected(batches, (at) => at % 3 === 1),
  )
  await inserted(first.index, 2_300)
  assert.deepEqual(
    await walk(first.index),
    expected(batches, () => true),
  )
  const count = { day: Math.floor(noon / 86_400_000), stream: 1, events: 2_300 }
  assert.deepEqual(await first.store.counts(), [count])
  await first.close()

  const second = await open()
  await second.index.refilled()
  assert.deepEqual(await second.store.counts(), [count])
  assert.deepEqual(
    await walk(second.index),
    expected(batches, () => true),
  )
  const readOnly = { attribute: 'ReadOnly', value: 'false' } as const
  assert.deepEqual(
    await walk(second.index, readOnly),
    expected(batches, (at) => at % 2 === 1),
  )
  await second.close()
})
