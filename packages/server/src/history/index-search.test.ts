import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { parseEnvelope, type Sequence, type StoredEntry, type StreamId } from '@opentrail/core/event'
import {
  attributeValues,
  matchesSearch,
  searchedEvent,
  type SearchAttribute,
  type SearchExpression,
} from '@opentrail/core/search'
import { createMemoryControlStore } from '../control/index.ts'
import {
  createHistoryIndex,
  PostingsUnavailableError,
  type HistoryIndex,
  type SearchPlace,
  type SearchScope,
} from './index.ts'
import { createJournalDouble, createPostingsDouble, newEntry } from './history-doubles.testing.ts'

const streams = ['111122223333/eu-west-1', '111122223333/us-east-1', '444455556666/eu-west-1'] as StreamId[]
const noon = Date.parse('2026-11-21T12:00:00Z')
const base = noon / 1_000

interface Shape {
  readonly stream: number
  readonly second: number
  readonly eventName: string
  readonly errorCode?: string
  readonly resources: readonly string[]
  readonly category: string
  readonly note: string
}

const shape: fc.Arbitrary<Shape> = fc.record(
  {
    stream: fc.integer({ min: 0, max: 2 }),
    second: fc.integer({ min: 0, max: 40 }),
    eventName: fc.constantFrom('GetUser', 'CreateUser', 'DeleteUser'),
    errorCode: fc.constantFrom('AccessDenied', 'Throttling'),
    resources: fc.uniqueArray(fc.constantFrom('alpha', 'beta', 'gamma'), { maxLength: 2 }),
    category: fc.constantFrom('Management', 'Data', 'NetworkActivity', 'Insight', 'Other'),
    note: fc.constantFrom('red', 'green', 'blue'),
  },
  { requiredKeys: ['stream', 'second', 'eventName', 'resources', 'category', 'note'] },
)

function entryOf({ second, eventName, errorCode, resources, category, note }: Shape) {
  const eventId = crypto.randomUUID()
  const record = { eventID: eventId, eventName, ...(errorCode !== undefined && { errorCode }), note: `a ${note} one` }
  const event = { eventId, eventTime: noon + second * 1_000, eventName, category }
  const entry = newEntry({ ...event, resources: resources.map((name) => ({ name })) }, noon)
  return { ...entry, record: new TextEncoder().encode(JSON.stringify(record)) }
}

const leaf: fc.Arbitrary<SearchExpression> = fc.oneof(
  fc.constantFrom<SearchExpression>(
    { kind: 'attribute', attribute: 'eventName', values: ['GetUser'] },
    { kind: 'attribute', attribute: 'eventName', values: ['CreateUser', 'DeleteUser'] },
    { kind: 'attribute', attribute: 'errorCode', values: ['AccessDenied'] },
    { kind: 'attribute', attribute: 'resource', values: ['alpha'] },
    { kind: 'attribute', attribute: 'resource', values: ['beta', 'nobody'] },
    { kind: 'attribute', attribute: 'eventCategory', values: ['Data', 'Other'] },
    { kind: 'text', text: 'RED' },
    { kind: 'text', text: 'e one' },
    { kind: 'exists', path: ['errorCode'] },
  ),
)
const { expression } = fc.letrec<{ expression: SearchExpression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('expression'), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('expression') }),
  ),
}))

function deployment() {
  const journal = createJournalDouble()
  const store = createPostingsDouble()
  const control = createMemoryControlStore()
  const append = async (shapes: readonly Shape[]) => {
    for (const each of shapes) await journal.append(streams[each.stream]!, [entryOf(each)])
  }
  const open = async (flushIntervalMs: number) => {
    const index = createHistoryIndex({
      journal,
      store: store.session(),
      control,
      random: { bytes: (length) => randomBytes(length) },
      limits: { flushIntervalMs, pauseFirstMs: 1, pauseMaxMs: 2 },
    })
    await index.ready()
    return index
  }
  return { journal, store, append, open }
}
type Deployment = ReturnType<typeof deployment>

const never = 3_600_000
async function allInserted(index: HistoryIndex, journal: Deployment['journal']) {
  const isInserted = () => journal.streams().every(({ stream, last }) => (index.cursors().get(stream) ?? 0) >= last)
  await vi.waitFor(() => expect(isInserted()).toBe(true), { timeout: 60_000, interval: 1 })
}

/** What a search has to find, in its order: a plain filter over the journal. */
async function found(journal: Deployment['journal'], scope: SearchScope): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = []
  for (const { stream, first, last } of journal.streams()) {
    if (!scope.streams.includes(stream) || last < first) continue
    const page = await journal.read(stream, (first - 1) as never, last - first + 1)
    entries.push(...page.entries)
  }
  return entries
    .filter((entry) => second(entry) >= scope.timeMin && second(entry) <= scope.timeMax)
    .filter(
      (entry) =>
        !scope.expression || matchesSearch(scope.expression, searchedEvent(entry.record, parseEnvelope(entry).event)),
    )
    .sort(
      (a, b) =>
        second(b) - second(a) || (a.stream === b.stream ? b.sequence - a.sequence : a.stream < b.stream ? 1 : -1),
    )
}

const second = (entry: StoredEntry) => parseEnvelope(entry).event.eventTime / 1_000
const name = ({ stream, sequence }: StoredEntry) => `${stream}#${sequence}`

async function walk(
  index: HistoryIndex,
  scope: SearchScope,
  limits: { limit: number; scanMax: number },
  between = async () => {},
) {
  const shown: string[] = []
  let page = await index.search.page({ ...scope, ...limits })
  for (let pages = 0; ; pages++) {
    assert.ok(pages < 1_000, 'no progress')
    assert.ok(page.entries.length <= limits.limit)
    shown.push(...page.entries.map(name))
    if (!page.next) return shown
    await between()
    const after: SearchPlace = page.next
    page = await index.search.page({ ...scope, ...limits, snapshots: page.snapshots, after })
  }
}

const scenario = fc.record({
  stored: fc.array(shape, { maxLength: 25 }),
  recent: fc.array(shape, { maxLength: 15 }),
  late: fc.array(shape, { maxLength: 5 }),
  cut: fc.integer({ min: 1, max: 8 }),
  scope: fc.record(
    {
      streams: fc.subarray(streams, { minLength: 1 }),
      expression,
      timeMin: fc.constantFrom(0, base, base + 10),
      timeMax: fc.constantFrom(2 ** 32 - 1, base + 30),
    },
    { requiredKeys: ['streams', 'timeMin', 'timeMax'] },
  ),
  limit: fc.integer({ min: 1, max: 12 }),
  scanMax: fc.integer({ min: 1, max: 30 }),
})

test('pages, counts and values are those of a filter over the journal, wherever events are, arrivals left out', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ stored, recent, late, cut, scope, limit, scanMax }) => {
      const { journal, append, open } = deployment()
      await append(stored)
      const first = await open(1)
      await allInserted(first, journal)
      await first.close()
      const index = await open(never)
      await append(recent)
      // Retention takes a prefix of what is stored.
      const last = journal.durable(streams[0]!)
      if (last > 0) await journal.cut(streams[0]!, Math.min(cut, last))
      const expected = await found(journal, scope)
      let arrivals = [...late]
      const between = async () => {
        await append(arrivals)
        arrivals = []
      }
      const scanning = { ...scope, scanMax }
      assert.deepEqual(await walk(index, scope, { limit, scanMax }, between), expected.map(name))
      const now = await found(journal, scope)
      const counted = await index.search.counts({ ...scanning, bucketSeconds: 7 })
      const whole = (entry: StoredEntry) => counted.searchedTo === undefined || second(entry) >= counted.searchedTo
      assert.deepEqual(counted.buckets, naiveBuckets(now.filter(whole), 7))
      assert.equal(counted.total, now.filter(whole).length)
      for (const attribute of ['eventName', 'resource'] as const) {
        const { values, total, searchedTo } = await index.search.values({ ...scanning, attribute, limit: 2 })
        const within = now.filter((entry) => searchedTo === undefined || second(entry) >= searchedTo)
        assert.equal(total, within.length)
        assertTop(values, within, attribute)
      }
      await index.close()
    }),
    { numRuns: 150 },
  )
}, 120_000)

const naiveBuckets = (entries: readonly StoredEntry[], seconds: number) => {
  const starts = entries.map((entry) => Math.floor(second(entry) / seconds) * seconds).sort((a, b) => a - b)
  return [...new Set(starts)].map((start) => ({ start, count: starts.filter((each) => each === start).length }))
}

/** `entries` are newest first. Which of two values comes first that have one event and one count is left open. */
function assertTop(
  values: readonly { value: string; count: number }[],
  entries: readonly StoredEntry[],
  attribute: SearchAttribute,
): void {
  const all = new Map<string, { count: number; newest: number }>()
  for (const [newest, entry] of entries.entries())
    for (const value of attributeValues(searchedEvent(entry.record, parseEnvelope(entry).event), attribute)) {
      const known = all.get(value) ?? { count: 0, newest }
      all.set(value, { ...known, count: known.count + 1 })
    }
  const expected = [...all.values()].sort((a, b) => b.count - a.count || a.newest - b.newest).slice(0, 2)
  assert.deepEqual(values.map(({ value }) => all.get(value)), expected) // prettier-ignore
  assert.deepEqual(values.map(({ count }) => count), expected.map(({ count }) => count)) // prettier-ignore
  assert.equal(new Set(values.map(({ value }) => value)).size, values.length)
}

test('known ids are those of events that are there, in the tail and in the store, with their places', async () => {
  const { journal, append, open } = deployment()
  const shapes = fc.sample(shape, 12).map((each) => ({ ...each, stream: 0 }))
  await append(shapes.slice(0, 8))
  const first = await open(1)
  await allInserted(first, journal)
  await first.close()
  const index = await open(never)
  await append(shapes.slice(8))
  await journal.cut(streams[0]!, 3)
  const { entries } = await journal.read(streams[0]!, 2 as never, 100)
  const expected = entries.map((entry) => [parseEnvelope(entry).event.eventId, entry.sequence] as const)
  const asked = [...expected.map(([id]) => id), 'nobody', crypto.randomUUID()]
  assert.deepEqual(new Map(await index.search.known(streams[0]!, asked)), new Map(expected))
  assert.equal((await index.search.known(streams[1]!, asked)).size, 0)
  assert.equal((await index.search.known(streams[0]!, [])).size, 0)
  await index.close()
})

test('a walk whose snapshot the index has not reached again is refused, and a place of another stream, too', async () => {
  const { append, open } = deployment()
  const index = await open(1)
  await append(fc.sample(shape, 3).map((each) => ({ ...each, stream: 0 })))
  const scope = { streams: [streams[0]!], timeMin: 0, timeMax: 2 ** 32 - 1, limit: 1, scanMax: 10 }
  const after = { stream: streams[1]!, time: base, sequence: 1 as Sequence }
  await assert.rejects(index.search.page({ ...scope, after }), TypeError)
  const snapshots = new Map([[streams[0]!, 99 as Sequence]])
  await assert.rejects(index.search.page({ ...scope, snapshots }), PostingsUnavailableError)
  await index.close()
}, 60_000)

test('a search ends when nobody waits for it any more, while it reads records and while it waits for its turn', async () => {
  const { journal, store, append, open } = deployment()
  await append(fc.sample(shape, 20).map((each) => ({ ...each, stream: 0 })))
  const index = await open(1)
  await allInserted(index, journal)
  const scope = { streams: [streams[0]!], timeMin: 0, timeMax: 2 ** 32 - 1, scanMax: 1_000, bucketSeconds: 60 }
  const expression: SearchExpression = { kind: 'text', text: 'red' }
  const gone = new Error('gone')
  const isGone = (error: unknown): boolean => error === gone

  const waiting = new AbortController()
  const others = Array.from({ length: 4 }, () => index.search.counts({ ...scope, expression }))
  const last = index.search.counts({ ...scope, expression, signal: waiting.signal })
  waiting.abort(gone)
  await assert.rejects(last, isGone)
  await Promise.all(others)

  const caller = new AbortController()
  const { search } = store
  Object.assign(store, {
    search: (query: Parameters<typeof search>[0]) => {
      caller.abort(gone)
      return search(query)
    },
  })
  await assert.rejects(index.search.counts({ ...scope, expression, signal: caller.signal }), isGone)
  assert.equal((await index.search.counts(scope)).total, 20)
  await index.close()
}, 60_000)
