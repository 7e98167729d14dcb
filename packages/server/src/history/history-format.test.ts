import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import type { StreamId } from '@opentrail/core/event'
import { createMemoryControlStore, type ControlStore } from '../control/index.ts'
import { createHistoryIndex } from './index.ts'
import { createJournalDouble, createPostingsDouble, newEntry } from './history-doubles.testing.ts'

const stream = '111122223333/eu-west-1' as StreamId
const noon = Date.parse('2026-11-21T12:00:00Z')

async function index(journal: ReturnType<typeof createJournalDouble>, control: ControlStore) {
  const store = createPostingsDouble()
  const random = { bytes: (length: number) => randomBytes(length) }
  const limits = { flushIntervalMs: 1, pauseFirstMs: 1, pauseMaxMs: 2 }
  const opened = createHistoryIndex({ journal, control, store, random, limits })
  await vi.waitFor(() => expect(opened.cursors().get(stream)).toBe(3), { timeout: 60_000, interval: 2 })
  await opened.refilled()
  await opened.close()
  return store.rows.filter(({ attribute }) => attribute === 0).length
}

/** The state of version 0.1: management events counted in a table that is gone, a batch unfinished. */
async function formerControl() {
  const control = createMemoryControlStore()
  await control.transact([
    { key: 'history/stream/111122223333/eu-west-1', value: { number: 7, cursor: 3 } },
    { key: 'history/count/20778/0000000007', value: { day: 20_778, stream: 7, events: 2, first: 1, last: 3 } },
    { key: 'history/plan', value: { id: 'x', ranges: [{ stream: 7, after: 0, to: 3 }], counts: [] } },
  ])
  return control
}

async function threeEvents() {
  const journal = createJournalDouble()
  await journal.append(
    stream,
    [{ category: 'Data' }, {}, {}].map((event) => newEntry(event, noon)),
  )
  return journal
}

test('the index of another format is forgotten and made again from the journal, of all categories', async () => {
  const [journal, control] = [await threeEvents(), await formerControl()]
  assert.equal(await index(journal, control), 3)
  assert.deepEqual((await control.get('history/stream/111122223333/eu-west-1'))?.value, { number: 7, cursor: 3 })
  const counts = await control.list<{ events: number }>('history/count/')
  assert.deepEqual(counts.map(({ value }) => value.events), [3]) // prettier-ignore
  // Once only.
  const format = await control.get('history/format')
  await index(journal, control)
  assert.deepEqual(await control.get('history/format'), format)
})

test.each([0, 1, 2])(
  'a crash while forgetting, after %s writes, leaves nothing of the other format',
  async (writes) => {
    const [journal, control] = [await threeEvents(), await formerControl()]
    let left = writes
    const dying: ControlStore = {
      ...control,
      // The hash key comes first, and is not part of it.
      transact: async (of) => {
        if (!of.some(({ key }) => key.endsWith('hash-key')) && left-- <= 0) throw new Error('the process has died')
        await control.transact(of)
      },
    }
    const store = createPostingsDouble()
    const random = { bytes: (length: number) => randomBytes(length) }
    const opened = createHistoryIndex({ journal, control: dying, store, random, limits: { pauseFirstMs: 3_600_000 } })
    const ready = opened.ready()
    const isOver = async () => expect(left < 0 || (await control.get('history/format')) !== undefined).toBe(true)
    await vi.waitFor(isOver, { timeout: 60_000, interval: 1 })
    await opened.close()
    await ready.catch(() => undefined)
    assert.equal(await index(journal, control), 3)
  },
)
