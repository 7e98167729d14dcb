import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import {
  parseEnvelope,
  type RoutingFields,
  type Sequence,
  type StoredEntry,
  type StreamId,
} from '@opentrail/core/event'
import { emptyFrontier } from '@opentrail/core/merkle'
import { createMemoryControlStore, type MemoryControlStore } from '../control/index.ts'
import { createHistoryIndex, type HistoryIndex, type HistoryLimits, type HistoryRequest } from './index.ts'
import { createJournalDouble, createPostingsDouble, newEntry } from './history-doubles.testing.ts'

const stream = '111122223333/eu-west-1' as StreamId
const other = '111122223333/us-east-1' as StreamId
const noon = Date.parse('2026-11-21T12:00:00Z')
const dayMs = 86_400_000
const never = 3_600_000

function deployment() {
  const journal = createJournalDouble()
  const store = createPostingsDouble()
  let control: MemoryControlStore = createMemoryControlStore()
  let seed = 0
  return {
    journal,
    store,
    append: (count: number, event: Partial<RoutingFields> = {}, at = noon, to = stream) =>
      journal.append(
        to,
        Array.from({ length: count }, () => newEntry({ eventId: `e${++seed}`, ...event }, at)),
      ),
    open: async (limits: Partial<HistoryLimits> = {}, events = {}) => {
      const index = createHistoryIndex({
        journal,
        store: store.session(),
        control,
        random: { bytes: (length) => randomBytes(length) },
        limits: { flushIntervalMs: 1, pauseFirstMs: 1, pauseMaxMs: 2, ...limits },
        events,
      })
      await index.ready()
      return index
    },
    crash: async (index: HistoryIndex) => {
      control = control.crash()
      await index.close()
    },
  }
}

const ask = (request: Partial<HistoryRequest> = {}): HistoryRequest => ({
  stream,
  category: 'management',
  timeMin: 0,
  timeMax: 0xffff_ffff,
  limit: 50,
  ...request,
})
async function sequences(index: HistoryIndex, request: Partial<HistoryRequest> = {}): Promise<number[]> {
  const { entries } = await index.reader.page(ask(request))
  return entries.map(({ sequence }) => sequence)
}
const inserted = (index: HistoryIndex, mark: number, of = stream) =>
  vi.waitFor(() => expect(index.cursors().get(of)).toBe(mark), { timeout: 60_000, interval: 2 })
const place = (row: object) =>
  JSON.stringify(Object.entries(row).map(([name, value]) => (name === 'token' ? '' : String(value))))
const everyEvent = (rows: { attribute: number }[]) => rows.filter(({ attribute }) => attribute === 0).length

test('what is durable is found at once, before anything was inserted', async () => {
  const { append, open, store } = deployment()
  const index = await open({ flushIntervalMs: never })
  await append(3)
  assert.deepEqual(await sequences(index), [3, 2, 1])
  await append(1, { eventName: 'CreateUser' })
  assert.deepEqual(await sequences(index, { filter: { attribute: 'EventName', value: 'CreateUser' } }), [4])
  assert.equal(store.inserts, 0)
  assert.equal(index.lag(stream), 0)
  await index.close()
})

test('batches move to the store and nothing is found twice or missing on the way', async () => {
  const { append, open, store } = deployment()
  const index = await open({ batchEventsMax: 3 })
  await append(10)
  for (let round = 0; round < 20; round++) assert.equal((await sequences(index)).length, 10)
  await inserted(index, 10)
  assert.deepEqual(await sequences(index), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
  assert.equal(everyEvent(store.rows), 10)
  assert.equal(store.inFlightMax, 1)
  await index.close()
})

test('every key finds exactly its events, resources each of theirs and one posting for equal ones', async () => {
  const { append, open, store } = deployment()
  const index = await open()
  await append(1)
  await append(1, {
    eventId: 'id-2',
    eventName: 'CreateRole',
    eventSource: 'sts.amazonaws.com',
    readOnly: false,
    username: 'ana_b',
    accessKeyId: 'AKIA2',
    resources: [
      { type: 'T1', name: 'same' },
      { type: 'T2', name: 'same' },
      { name: 'lone' },
      { type: 'T2', name: 'n3' },
    ],
  })
  const expected = {
    EventId: ['id-2'],
    EventName: ['CreateRole'],
    ReadOnly: ['false'],
    Username: ['ana_b'],
    ResourceType: ['T1', 'T2'],
    ResourceName: ['same', 'lone', 'n3'],
    EventSource: ['sts.amazonaws.com'],
    AccessKeyId: ['AKIA2'],
  } as const
  const check = async () => {
    for (const [attribute, values] of Object.entries(expected) as [keyof typeof expected, readonly string[]][]) {
      for (const value of values) assert.deepEqual(await sequences(index, { filter: { attribute, value } }), [2])
      for (const value of [values[0]!.toUpperCase() + 'x', 'true'])
        assert.deepEqual(await sequences(index, { filter: { attribute, value } }), [])
    }
  }
  await check()
  await inserted(index, 2)
  await check()
  assert.equal(store.rows.filter(({ sequence }) => sequence === 2).length, 1 + 6 + 2 + 3)
  await index.close()
})

test('data and network activity events cannot be looked up, Insights events stand apart', async () => {
  const { append, open, store } = deployment()
  const index = await open()
  for (const category of ['Data', 'NetworkActivity', 'Insight', 'Management', 'Data']) await append(1, { category })
  for (const where of ['tail', 'store']) {
    assert.deepEqual(await sequences(index), [4], where)
    assert.deepEqual(await sequences(index, { category: 'insight' }), [3], where)
    const filter = { attribute: 'EventName', value: 'GetUser' } as const
    assert.deepEqual(await sequences(index, { filter }), [4], where)
    assert.deepEqual(await sequences(index, { filter, category: 'insight' }), [3], where)
    await inserted(index, 5)
  }
  const every = store.rows.filter(({ attribute }) => attribute === 0)
  assert.deepEqual(
    new Map(every.map(({ sequence, value }) => [sequence as number, value])),
    new Map([
      [1, 2n],
      [2, 3n],
      [3, 1n],
      [4, 0n],
      [5, 2n],
    ]),
  )
  const numbers = (of: number) =>
    store.rows.flatMap((row) => (row.sequence === of ? row.attribute : [])).sort((x, y) => x - y)
  for (const of of [1, 2, 5]) assert.deepEqual(numbers(of), [0])
  assert.deepEqual(numbers(3), [0, 33, 34, 39])
  assert.deepEqual(numbers(4), [0, 1, 2, 7])
  await index.close()
})

test('only entries that cannot be read: the cursor moves and nothing is inserted', async () => {
  const { journal, open, store } = deployment()
  const index = await open()
  await journal.append(stream, [{ ...newEntry({}, noon), envelope: new TextEncoder().encode('{') }])
  await inserted(index, 1)
  assert.equal(store.inserts, 0)
  await index.close()
})

describe('a walk', () => {
  test('goes on strictly behind its last event, equal times included, and ends without a cursor', async () => {
    const { append, open } = deployment()
    const index = await open({ batchEventsMax: 4 })
    await append(12)
    await append(3, { eventTime: noon - 60_000 })
    await inserted(index, 15)
    await append(5)
    for (const limit of [1, 2, 7, 10, 20, 21, 50]) {
      const seen: number[] = []
      let page = await index.reader.page(ask({ limit }))
      for (;;) {
        assert.ok(page.entries.length <= limit)
        seen.push(...page.entries.map(({ sequence }) => sequence))
        if (!page.next) break
        page = await index.reader.page(ask({ limit, snapshot: page.snapshot, after: page.next }))
      }
      assert.deepEqual(seen, [20, 19, 18, 17, 16, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 15, 14, 13], `limit ${limit}`)
      if (20 % limit === 0) assert.equal(page.entries.length, limit, 'the last full page has no cursor')
    }
    await index.close()
  })

  test('does not see what arrives while it lasts, old event times included', async () => {
    const { append, open } = deployment()
    const index = await open()
    await append(4)
    const first = await index.reader.page(ask({ limit: 2 }))
    await append(3, { eventTime: noon - 1_000 })
    await inserted(index, 7)
    const rest = await index.reader.page(ask({ limit: 50, snapshot: first.snapshot, after: first.next! }))
    assert.deepEqual(
      rest.entries.map(({ sequence }) => sequence),
      [2, 1],
    )
    assert.equal(rest.next, undefined)
    await index.close()
  })

  test('fills its pages when entries are gone, and answers short with a cursor when very many are', async () => {
    const { append, open, journal } = deployment()
    const index = await open()
    await append(2_000, { eventTime: noon - 5_000 })
    await append(10, { eventTime: noon - 9_000 })
    await inserted(index, 2_010)
    await journal.cut(stream, 1_990)
    assert.deepEqual(
      await sequences(index, { limit: 11, timeMax: noon / 1_000 - 5 }),
      [2_000, 1_999, 1_998, 1_997, 1_996, 1_995, 1_994, 1_993, 1_992, 1_991, 1_990],
    )
    const seen: number[] = []
    let page = await index.reader.page(ask())
    let pages = 1
    for (; page.next; pages++) {
      seen.push(...page.entries.map(({ sequence }) => sequence))
      page = await index.reader.page(ask({ snapshot: page.snapshot, after: page.next }))
    }
    seen.push(...page.entries.map(({ sequence }) => sequence))
    assert.equal(seen.length, 21)
    assert.equal(seen[20], 2_001)
    assert.ok(pages > 2, 'one page looked at everything')
    await index.close()
  })
})

test('a colliding hash does not show a wrong event', async () => {
  const { append, open, store } = deployment()
  const index = await open()
  await append(2, { eventName: 'Wanted' })
  await append(2, { eventName: 'Collides' })
  await inserted(index, 4)
  const wanted = store.rows.find(({ attribute, sequence }) => attribute === 2 && sequence === 1)!
  store.rows = store.rows.map((row) => (row.attribute === 2 ? { ...row, value: wanted.value } : row))
  const filter = { attribute: 'EventName', value: 'Wanted' } as const
  assert.deepEqual(await sequences(index, { filter, limit: 1 }), [2])
  assert.deepEqual(await sequences(index, { filter }), [2, 1])
  await index.close()
})

describe('while the store is down', () => {
  test('the tail fills to its bound, the rest waits in the journal and follows, each event once', async () => {
    const { append, open, store } = deployment()
    const failures: string[] = []
    const index = await open(
      { batchEventsMax: 2, tailEventsMax: 6, catchUpPage: 4, lookupWaitMs: 20 },
      { failed: (step: string) => void failures.push(step) },
    )
    await append(1)
    await inserted(index, 1)
    store.down = true
    for (let i = 0; i < 20; i++) await append(2)
    assert.equal(index.lag(stream), 34)
    await assert.rejects(index.reader.page(ask()), { name: 'PostingsUnavailableError' })
    await vi.waitFor(() => expect(failures).toContain('insert batch'), { timeout: 60_000 })
    store.down = false
    await inserted(index, 41)
    assert.equal((await sequences(index)).length, 41)
    assert.equal(everyEvent(store.rows), 41)
    await index.close()
  })

  test('a lookup waits a bounded time for the durable mark and answers from what is there', async () => {
    const { append, open, store } = deployment()
    const index = await open({ tailEventsMax: 3, lookupWaitMs: 20 })
    store.down = true
    await append(5)
    const page = await index.reader.page(ask())
    assert.deepEqual(
      page.entries.map(({ sequence }) => sequence),
      [3, 2, 1],
    )
    assert.equal(page.snapshot, 3)
    const ahead = ask({ snapshot: 5 as Sequence, after: { time: noon / 1_000, sequence: 5 as Sequence } })
    await assert.rejects(index.reader.page(ahead), { name: 'PostingsUnavailableError' })
    await index.close()
  })

  test('closing does not wait for it', async () => {
    const { append, open, store } = deployment()
    store.down = true
    const index = await open({ pauseFirstMs: never, pauseMaxMs: never })
    await append(5)
    await index.close()
    await assert.rejects(index.refilled(), /closed/)
  })
})

test.each(['before', 'between-days', 'after'] as const)(
  'an insert that fails %s taking effect is stored once, after a retry and after a crash',
  async (fault) => {
    const { append, open, store, crash, journal } = deployment()
    let faults = 2
    store.fault = () => (faults-- > 0 ? fault : undefined)
    let index = await open()
    await append(2, {}, noon - dayMs)
    await append(2)
    await inserted(index, 4)
    assert.equal(everyEvent(store.rows), 4)

    let attempts = 0
    store.fault = () => (attempts++, fault)
    await append(2, {}, noon)
    await append(2, {}, noon + dayMs)
    await vi.waitFor(() => expect(attempts).toBeGreaterThan(0), { timeout: 60_000 })
    await crash(index)
    store.fault = () => undefined
    await append(1, {}, noon + dayMs)
    index = await open()
    assert.equal((await sequences(index)).length, 9)
    await inserted(index, 9)
    assert.equal(everyEvent(store.rows), 9)
    assert.equal(journal.durable(stream), 9)
    await index.refilled()
    await index.close()
  },
)

describe('holes', () => {
  test('an empty store is made again from the journal, in the background and with its progress told', async () => {
    const { append, open, store } = deployment()
    let index = await open({ batchEventsMax: 5 })
    await append(20, {}, noon - dayMs)
    await append(20)
    await append(3, {}, noon, other)
    await inserted(index, 40)
    await inserted(index, 3, other)
    const before = [...store.rows]
    await index.close()
    store.wipe()

    const progress: { missing: number; refilled: number; done: boolean }[] = []
    index = await open({ refillStep: 7, catchUpPage: 3 }, { refill: (p: never) => void progress.push(p) })
    await append(1)
    assert.ok((await sequences(index)).includes(41))
    await index.refilled()
    await inserted(index, 41)
    assert.equal((await sequences(index)).length, 41)
    assert.deepEqual(await sequences(index, { stream: other }), [3, 2, 1])
    assert.deepEqual(progress[0], { missing: 43, refilled: 0, done: false })
    assert.deepEqual(progress[progress.length - 1], { missing: 43, refilled: 43, done: true })
    const after = store.rows.filter(({ sequence, stream: number }) => sequence !== 41 || number !== 1)
    assert.deepEqual(after.map(place).sort(), before.map(place).sort())
    await index.close()
  })

  test('single lost days are refilled and others left alone', async () => {
    const { append, open, store } = deployment()
    let index = await open()
    await append(4, {}, noon - dayMs)
    await append(4)
    await inserted(index, 8)
    await index.close()
    const today = Math.floor(noon / dayMs)
    store.rows = store.rows.filter(({ day, sequence }) => day === today || sequence === 2)
    const kept = store.rows.length
    index = await open()
    await index.refilled()
    assert.equal(everyEvent(store.rows), 8)
    assert.ok(store.rows.length > kept)
    assert.deepEqual(await sequences(index), [8, 7, 6, 5, 4, 3, 2, 1])
    await index.close()
  })

  test('what the journal no longer has, or the store has twice, is said once and taken as it is', async () => {
    const { append, open, store, journal } = deployment()
    let index = await open()
    await append(4, {}, noon - dayMs)
    await append(4)
    await inserted(index, 8)
    await index.close()
    const today = Math.floor(noon / dayMs)
    store.rows = store.rows.filter(({ day }) => day === today)
    store.rows.push(...store.rows.filter(({ sequence }) => sequence === 6))
    await journal.cut(stream, 4)
    const differences: unknown[][] = []
    const events = { countDiffers: (...difference: unknown[]) => void differences.push(difference) }
    index = await open({}, events)
    await index.refilled()
    assert.deepEqual(differences, [
      [stream, today, 4, 5],
      [stream, today - 1, 4, 1],
    ])
    assert.deepEqual(await sequences(index), [8, 7, 6, 5, 4])
    await index.close()
    index = await open({}, events)
    await index.refilled()
    assert.equal(differences.length, 2)
    await index.close()
  })
})

test('retention forgets admission days that no lookup can reach, and their counts', async () => {
  const { append, open, store } = deployment()
  let index = await open()
  await append(1, {}, noon - 92 * dayMs)
  await append(1, {}, noon - 91 * dayMs)
  await append(1)
  await inserted(index, 3)
  await index.retain(noon)
  assert.deepEqual(await sequences(index), [3, 2])
  await index.close()
  const progress: unknown[] = []
  index = await open({}, { refill: (p: unknown) => void progress.push(p) })
  await index.refilled()
  assert.deepEqual(progress, [])
  assert.equal(everyEvent(store.rows), 2)
  await index.close()
})

test('entries that nobody announced are found by reading the journal: new streams and old backlog', async () => {
  const { append, open, journal } = deployment()
  await append(5)
  const index = await open({ catchUpPage: 2 })
  assert.equal((await sequences(index)).length, 5)
  journal.deaf = true
  await append(5)
  journal.deaf = false
  await append(1)
  assert.equal((await sequences(index)).length, 11)
  assert.deepEqual(await sequences(index, { stream: other }), [])
  await append(2, {}, noon, other)
  assert.deepEqual(await sequences(index, { stream: other }), [2, 1])
  await index.close()
})

test('entries that were read from the journal before they are announced are taken once', async () => {
  const { append, open, journal, store } = deployment()
  let announce: Parameters<typeof journal.subscribe>[0] | undefined
  journal.subscribe = (listener) => {
    announce = listener
    return () => undefined
  }
  const index = await open()
  await append(3)
  const announced = async (...of: number[]) =>
    announce!(stream, (await journal.get(stream, of as Sequence[])) as StoredEntry[], {
      frontier: emptyFrontier,
      rows: [],
    })
  await announced(1, 2, 3)
  assert.deepEqual(await sequences(index), [3, 2, 1])
  await append(1)
  await announced(2, 3, 4)
  await announced(4)
  await inserted(index, 4)
  assert.deepEqual(await sequences(index), [4, 3, 2, 1])
  assert.equal(store.rows.length, 4 * 4)
  await index.close()
})

test('what retention removed before it was indexed does not count as missing', async () => {
  const { append, open, journal } = deployment()
  await append(3)
  await journal.cut(stream, 4)
  const index = await open()
  await vi.waitFor(() => expect(index.lag(stream)).toBe(0), { timeout: 60_000, interval: 2 })
  await append(1)
  assert.deepEqual(await sequences(index), [4])
  await index.close()
})

test('an envelope that cannot be read is reported and does not stop the index', async () => {
  const { append, open, journal } = deployment()
  const unreadable: number[] = []
  const index = await open({}, { unreadable: (_: string, sequence: Sequence) => void unreadable.push(sequence) })
  await append(1)
  for (const envelope of ['{', '{"event":{"category":"Management"}}', '{}'])
    await journal.append(stream, [{ ...newEntry({}, noon), envelope: new TextEncoder().encode(envelope) }])
  await append(1)
  assert.deepEqual(await sequences(index), [5, 1])
  assert.deepEqual(unreadable, [2, 3, 4])
  await inserted(index, 5)
  assert.equal(parseEnvelope((await index.reader.page(ask())).entries[0]!).event.eventId, 'e2')
  await index.close()
})
