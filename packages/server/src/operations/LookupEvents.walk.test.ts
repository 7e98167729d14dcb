import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  array,
  assert as check,
  asyncProperty,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  option,
  record,
  type Arbitrary,
} from 'fast-check'
import { expect, test, vi } from 'vitest'
import { parseEnvelope, type AccountId, type Region, type RoutingFields, type StreamId } from '@opentrail/core/event'
import { createMemoryControlStore, type FaultPoint, type MemoryControlStore } from '../control/index.ts'
import { createHistoryIndex, type HistoryIndex } from '../history/index.ts'
import {
  createJournalDouble,
  createPostingsDouble,
  newEntry,
  type InsertFault,
} from '../history/history-doubles.testing.ts'
import { createLookupEvents } from './LookupEvents.ts'
import type { OperationContext } from './operation.ts'

const now = Date.parse('2026-11-21T00:00:30Z')
const dayMs = 86_400_000
const account = '111122223333' as AccountId
const regions = ['eu-west-1' as Region, 'us-east-1' as Region]
const streamOf = (region: Region) => `${account}/${region}` as StreamId
const operation = createLookupEvents({ tokenKey: randomBytes(32), random: { bytes: (length) => randomBytes(length) } })

type Event = Partial<RoutingFields>
interface Lookup {
  readonly region: Region
  readonly input: Readonly<Record<string, unknown>>
}
type Step =
  | { readonly kind: 'append'; readonly region: Region; readonly events: readonly Event[]; readonly daysAgo: number }
  | { readonly kind: 'begin' | 'lookup'; readonly lookup: Lookup }
  | { readonly kind: 'pause'; readonly ms: number }
  | { readonly kind: 'fault'; readonly insert?: InsertFault; readonly control?: FaultPoint; readonly times: number }
  | { readonly kind: 'crash'; readonly loss: number | 'all' }

const text = constantFrom('a', 'b', 'A', 'a b', '\u00e9')
/** Seconds that repeat often, on both sides of the 90-day edge. */
const eventTime = oneof(integer({ min: 0, max: 4 }), integer({ min: 90 * 86_400 - 2, max: 90 * 86_400 + 2 })).map(
  (secondsAgo) => now - secondsAgo * 1_000,
)
const absentOr = <T>(arbitrary: Arbitrary<T>) => option(arbitrary, { nil: undefined })
const anEvent: Arbitrary<Event> = record({
  eventTime,
  eventName: text,
  eventSource: text,
  category: constantFrom('Management', 'Management', 'Management', 'Data', 'NetworkActivity', 'Insight'),
  readOnly: absentOr(boolean()),
  username: absentOr(text),
  accessKeyId: absentOr(text),
  resources: array(record({ type: absentOr(text), name: text }), { maxLength: 3 }),
}).map((event) => JSON.parse(JSON.stringify(event)) as Event)
const filterOf = (keys: readonly string[]) =>
  oneof(
    constant([]),
    record({
      AttributeKey: constantFrom(...keys),
      AttributeValue: oneof(text, constantFrom('true', 'false', 'id1', 'id9')),
    }).map((filter) => [filter]),
  )
const insightKeys = ['EventId', 'EventName', 'EventSource']
const allKeys = [...insightKeys, 'ReadOnly', 'Username', 'ResourceType', 'ResourceName', 'AccessKeyId']
const members = { MaxResults: integer({ min: 1, max: 6 }), EndTime: constantFrom(null, now / 1_000 - 2) }
const aLookup: Arbitrary<Lookup> = record({
  region: constantFrom(...regions),
  input: oneof(
    record({ ...members, LookupAttributes: filterOf(allKeys), StartTime: constantFrom(null, now / 1_000 - 3, 0) }),
    record({ ...members, LookupAttributes: filterOf(insightKeys), EventCategory: constant('insight') }),
  ),
})
const aStep: Arbitrary<Step> = oneof(
  {
    weight: 6,
    arbitrary: record({
      kind: constant('append' as const),
      region: constantFrom(...regions),
      events: array(anEvent, { minLength: 1, maxLength: 8 }),
      daysAgo: integer({ min: 0, max: 1 }),
    }),
  },
  { weight: 3, arbitrary: record({ kind: constantFrom('begin' as const, 'lookup' as const), lookup: aLookup }) },
  { weight: 2, arbitrary: record({ kind: constant('pause' as const), ms: integer({ min: 0, max: 3 }) }) },
  {
    weight: 2,
    arbitrary: record(
      {
        kind: constant('fault' as const),
        insert: constantFrom<InsertFault[]>('before', 'between-days', 'after'),
        control: constantFrom<FaultPoint[]>('before', 'after'),
        times: integer({ min: 1, max: 3 }),
      },
      { requiredKeys: ['kind', 'times'] },
    ),
  },
  {
    weight: 2,
    arbitrary: record({ kind: constant('crash' as const), loss: constantFrom<(number | 'all')[]>(0, 0, 1, 2, 'all') }),
  },
)

test(
  'paging through LookupEvents shows what filtering and sorting the journal shows, whatever fails in between',
  { timeout: 120_000 },
  async () => {
    let histories = 0
    const counted = async (steps: readonly Step[]) => {
      await run(steps)
      histories++
    }
    await check(asyncProperty(array(aStep, { minLength: 1, maxLength: 25 }), counted), { numRuns: 150 })
    assert.ok(histories >= 150)
  },
)

/** One history: each step in turn, walks that began earlier end later, and at last everything is in the store once. */
async function run(steps: readonly Step[]): Promise<void> {
  const world = createWorld()
  await world.open()
  const walks: (() => Promise<void>)[] = []
  try {
    for (const step of steps) {
      if (step.kind === 'append') await world.append(step)
      else if (step.kind === 'pause') await new Promise((resolve) => setTimeout(resolve, step.ms))
      else if (step.kind === 'fault') world.fault(step)
      else if (step.kind === 'crash') await world.crash(step.loss)
      else if (step.kind === 'lookup') await (await beginWalk(world, step.lookup))()
      else walks.push(await beginWalk(world, step.lookup))
    }
    for (const walk of walks) await walk()
    await world.settle()
    world.checkStore()
    for (const region of regions) await (await beginWalk(world, { region, input: { MaxResults: 5 } }))()
  } finally {
    await world.close()
  }
}

/** Reads the first page now; the function that is returned reads the rest and compares. */
async function beginWalk(world: World, { region, input }: Lookup): Promise<() => Promise<void>> {
  // After a wipe the walk would rightly miss what was not refilled yet.
  await world.whole()
  const expected = world.expected(region, input)
  const shown: string[] = []
  const ask = async (NextToken: unknown) => {
    const answer = await operation.handle(
      { ...input, ...(NextToken !== undefined && { NextToken }) },
      world.context(region),
    )
    const events = answer.Events as { EventId: string }[]
    assert.ok(events.length <= (input.MaxResults as number))
    shown.push(...events.map(({ EventId }) => EventId))
    return answer.NextToken
  }
  let token = await ask(undefined)
  return async () => {
    await world.whole()
    while (token !== undefined) token = await ask(token)
    assert.deepEqual(shown, expected, JSON.stringify(input))
  }
}

type World = ReturnType<typeof createWorld>

function createWorld() {
  const journal = createJournalDouble()
  const store = createPostingsDouble()
  let insertFaults: InsertFault[] = []
  let controlFaults: FaultPoint[] = []
  store.fault = () => insertFaults.pop()
  const controlOptions = { fault: () => controlFaults.pop() }
  let control: MemoryControlStore = createMemoryControlStore(controlOptions)
  let session = store.session()
  let index: HistoryIndex
  let count = 0
  // Kept beside the journal: what was appended is what has to be shown.
  const appended = new Map<Region, { sequence: number; event: RoutingFields }[]>()
  const all = (region: Region) => appended.get(region) ?? []

  return {
    async open() {
      index = createHistoryIndex({
        journal,
        store: session,
        control,
        random: { bytes: (length) => randomBytes(length) },
        limits: {
          flushIntervalMs: 1,
          batchEventsMax: 5,
          tailEventsMax: 12,
          catchUpPage: 3,
          refillStep: 4,
          pauseFirstMs: 1,
          pauseMaxMs: 2,
          lookupWaitMs: 10_000,
        },
      })
      await index.ready()
    },
    async append({ region, events, daysAgo }: { region: Region; events: readonly Event[]; daysAgo: number }) {
      const entries = events.map((event) => newEntry({ ...event, eventId: `id${++count}` }, now - daysAgo * dayMs))
      const last = await journal.append(streamOf(region), entries)
      const added = entries.map((entry, at) => ({
        sequence: last - entries.length + 1 + at,
        event: parseEnvelope(entry).event,
      }))
      appended.set(region, [...all(region), ...added])
    },
    fault({ insert, control: at, times }: { insert?: InsertFault; control?: FaultPoint; times: number }) {
      if (insert) insertFaults = Array.from({ length: times }, () => insert)
      if (at) controlFaults = Array.from({ length: times }, () => at)
    },
    async crash(loss: number | 'all') {
      session.crash()
      control = control.crash(controlOptions)
      await index.close()
      if (loss === 'all') store.wipe()
      else store.lose(loss)
      session = store.session()
      await this.open()
    },
    whole: () => index.refilled(),
    async settle() {
      await index.refilled()
      const marks = () => regions.map((region) => index.cursors().get(streamOf(region)) ?? 0)
      const wanted = regions.map((region) => journal.durable(streamOf(region)))
      await vi.waitFor(() => expect(marks()).toEqual(wanted), { timeout: 60_000, interval: 1 })
    },
    /** Rows are in the store exactly once, and as many as the journal has events of the two categories. */
    checkStore() {
      const rows = store.rows.filter(({ attribute }) => attribute === 0)
      const places = rows.map(({ stream, sequence }) => `${stream}/${sequence}`)
      assert.equal(new Set(places).size, places.length, 'rows are repeated')
      assert.equal(places.length, regions.flatMap(all).length)
      assert.equal(store.inFlightMax <= 1, true)
    },
    expected(region: Region, input: Lookup['input']): string[] {
      const [filter] = (input.LookupAttributes ?? []) as { AttributeKey: string; AttributeValue: string }[]
      const category = input.EventCategory === 'insight' ? 'Insight' : 'Management'
      const start = Math.max((input.StartTime as number | null) ?? 0, now / 1_000 - 90 * 86_400)
      const end = (input.EndTime as number | null) ?? now / 1_000
      return all(region)
        .filter(({ event }) => event.category === category)
        .filter(({ event }) => event.eventTime / 1_000 >= start && event.eventTime / 1_000 <= end)
        .filter(({ event }) => !filter || naiveValues(event, filter.AttributeKey).includes(filter.AttributeValue))
        .sort((a, b) => b.event.eventTime - a.event.eventTime || b.sequence - a.sequence)
        .map(({ event }) => event.eventId)
    },
    context: (region: Region) =>
      ({
        caller: { account },
        region,
        clocks: { domain: () => now, wall: () => now, monotonic: () => 0 },
        history: index.reader,
      }) as OperationContext,
    close: () => index.close(),
  }
}

/** Written anew, from the wire's words: the product's own function must not judge itself. */
function naiveValues(event: RoutingFields, key: string): unknown[] {
  if (key === 'ResourceName') return event.resources.map(({ name }) => name)
  if (key === 'ResourceType') return event.resources.map(({ type }) => type)
  if (key === 'ReadOnly') return [event.readOnly === true ? 'true' : event.readOnly === false && 'false']
  return [(event as unknown as Record<string, unknown>)[key[0]!.toLowerCase() + key.slice(1)]]
}
