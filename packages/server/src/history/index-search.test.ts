import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { parseEnvelope, type StoredEntry, type StreamId } from '@opentrail/core/event'
import { matchesSearch, searchedEvent, type SearchExpression } from '@opentrail/core/search'
import { createMemoryControlStore } from '../control/index.ts'
import { createHistoryIndex, type HistoryIndex, type SearchPlace, type SearchScope } from './index.ts'
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
  const second = (entry: StoredEntry) => parseEnvelope(entry).event.eventTime / 1_000
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
      void scanning
      await index.close()
    }),
    { numRuns: 150 },
  )
}, 120_000)
