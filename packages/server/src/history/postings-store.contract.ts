import type { Sequence } from '@opentrail/core/event'
import { searchAttributes } from '@opentrail/core/search'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, test } from 'vitest'
import {
  everyEventAttribute,
  type EventPredicate,
  type EventQuery,
  type EventRows,
  type Posting,
  type PostingBatch,
  type PostingQuery,
  type PostingRows,
  type PostingsStore,
} from './postings-store.ts'
import { SearchColumns } from './search-columns.ts'
import type { Hash64 } from './sip-hash.ts'

export interface PostingRow {
  readonly day: number
  readonly stream: number
  readonly attribute: number
  readonly value: bigint
  readonly time: number
  readonly sequence: number
  /** Of an event's row: hashes by the attribute's place; small numbers will do. */
  readonly hashes?: Readonly<Record<number, readonly number[]>>
}

/** Rows of `everyEventAttribute` become events, with their value as category. */
export function postingBatch(rows: readonly PostingRow[]): PostingBatch {
  const isEvent = ({ attribute }: PostingRow) => attribute === everyEventAttribute
  return { postings: postingRows(rows.filter((row) => !isEvent(row))), events: eventRows(rows.filter(isEvent)) }
}

function postingRows(rows: readonly PostingRow[]): PostingRows {
  return {
    length: rows.length,
    day: Uint16Array.from(rows, (row) => row.day),
    stream: Uint32Array.from(rows, (row) => row.stream),
    attribute: Uint8Array.from(rows, (row) => row.attribute),
    value: BigUint64Array.from(rows, (row) => row.value),
    time: Uint32Array.from(rows, (row) => row.time),
    sequence: Float64Array.from(rows, (row) => row.sequence),
  }
}

/** A small number as a hash of which both halves matter. */
export const hashOf = (number: number): Hash64 => ({ low: number, high: 0xffff_ffff - number })

function eventRows(rows: readonly PostingRow[]): EventRows {
  const search = new SearchColumns()
  for (const { hashes = {} } of rows) {
    for (const attribute of searchAttributes.keys())
      for (const number of hashes[attribute] ?? []) search.put(attribute, hashOf(number))
    search.endRow()
  }
  const { length, day, stream, time, sequence } = postingRows(rows)
  const category = Uint8Array.from(rows, ({ value }) => Number(value))
  return { length, day, stream, category, time, sequence, columns: search.columns() }
}

const secondsPerDay = 86_400
const largestHash = 2n ** 64n - 1n
const all: Omit<PostingQuery, 'stream' | 'attribute' | 'value'> = {
  timeMin: 0,
  timeMax: 2 ** 32 - 1,
  sequenceMax: Number.MAX_SAFE_INTEGER as Sequence,
  limit: 50,
}
const pairs = (postings: readonly Posting[]): [number, number][] =>
  postings.map(({ time, sequence }) => [time, sequence])

/** A row of the attribute that every event has. */
export const eventRow = (stream: number, sequence: number, day = 20_000, time = day * secondsPerDay): PostingRow => ({
  day,
  stream,
  attribute: everyEventAttribute,
  value: 0n,
  time,
  sequence,
})

/** What every adapter promises. Each test uses streams of its own, so one store serves all of them. */
export function postingsStoreContract(
  name: string,
  open: () => Promise<{ readonly store: PostingsStore; readonly close: () => Promise<void> }>,
): void {
  describe(`postings store: ${name}`, () => {
    let store: PostingsStore
    let close: () => Promise<void>
    let stream = 0
    beforeAll(async () => {
      ;({ store, close } = await open())
    })
    afterAll(() => close())

    test('an empty stream has no postings', async () => {
      stream++
      assert.deepEqual(await store.find({ ...all, stream, attribute: 1, value: 1n }), [])
      assert.deepEqual(await store.indexed(stream, 1 as Sequence, 100 as Sequence), [])
      await store.insert(postingBatch([]), `empty-${stream}`)
    })

    test('finds exactly one stream, attribute and value, up to the largest of each', async () => {
      stream++
      const row = { day: 20_000, time: 1_000, sequence: 1 }
      const rows: PostingRow[] = [
        { ...row, stream, attribute: 1, value: 5n },
        { ...row, stream, attribute: 2, value: 5n, sequence: 2 },
        { ...row, stream, attribute: 1, value: 6n, sequence: 3 },
        { ...row, stream: 2 ** 32 - 1, attribute: 255, value: largestHash, sequence: Number.MAX_SAFE_INTEGER },
      ]
      await store.insert(postingBatch(rows), `exact-${stream}`)
      assert.deepEqual(pairs(await store.find({ ...all, stream, attribute: 1, value: 5n })), [[1_000, 1]])
      const extreme = { ...all, stream: 2 ** 32 - 1, attribute: 255, value: largestHash }
      assert.deepEqual(pairs(await store.find(extreme)), [[1_000, Number.MAX_SAFE_INTEGER]])
      assert.deepEqual(await store.find({ ...extreme, value: largestHash - 1n }), [])
    })

    test('newest first over days and inserts, and pages go on without gap or repeat', async () => {
      stream++
      // Event times that repeat and run against the order of admission.
      const rows = Array.from({ length: 300 }, (_, index) =>
        eventRow(stream, index + 1, 20_000 + (index % 3), 50_000 + ((index * 7) % 40)),
      )
      await store.insert(postingBatch(rows.slice(0, 170)), `pages-a-${stream}`)
      await store.insert(postingBatch(rows.slice(170)), `pages-b-${stream}`)
      const expected = rows
        .map((row): [number, number] => [row.time, row.sequence])
        .sort((left, right) => right[0] - left[0] || right[1] - left[1])
      const walked: Posting[] = []
      for (;;) {
        const after = walked.at(-1)
        const query = { ...all, stream, attribute: everyEventAttribute, value: 0n, limit: 17, ...(after && { after }) }
        const page = await store.find(query)
        assert.ok(page.length <= 17)
        if (page.length === 0) break
        walked.push(...page)
      }
      assert.deepEqual(pairs(walked), expected)
    })

    test('a day admitted late may hold the oldest and the newest events', async () => {
      stream++
      const rows = Array.from({ length: 400 }, (_, index) => {
        const day = 20_010 + (index % 40)
        // Every tenth came in weeks after it happened, some long before (a clock that runs fast).
        const shift = index % 10 === 0 ? -30 : index % 11 === 0 ? 20 : 0
        return eventRow(stream, index + 1, day, (day + shift) * secondsPerDay + (index % 7))
      })
      await store.insert(postingBatch(rows), `late-${stream}`)
      const expected = rows
        .map((row): [number, number] => [row.time, row.sequence])
        .sort((left, right) => right[0] - left[0] || right[1] - left[1])
      for (const limit of [1, 7, 50, 400]) {
        const query = { ...all, stream, attribute: everyEventAttribute, value: 0n, limit }
        assert.deepEqual(pairs(await store.find(query)), expected.slice(0, limit))
        const [time, sequence] = expected[99] as [number, number]
        const after = { time, sequence: sequence as Sequence }
        assert.deepEqual(pairs(await store.find({ ...query, after })), expected.slice(100, 100 + limit))
        const timeMin = (expected[120] as [number, number])[0]
        const recent = expected.slice(100).filter((pair) => pair[0] >= timeMin)
        assert.deepEqual(pairs(await store.find({ ...query, after, timeMin })), recent.slice(0, limit))
      }
    })

    test('bounds of time and sequence are inclusive', async () => {
      stream++
      const rows = Array.from({ length: 20 }, (_, index) => eventRow(stream, index + 1, 20_000, 100 + index))
      await store.insert(postingBatch(rows), `bounds-${stream}`)
      const query = { ...all, stream, attribute: everyEventAttribute, value: 0n }
      const times = async (given: Partial<PostingQuery>) =>
        (await store.find({ ...query, ...given })).map((p) => p.time)
      assert.deepEqual(await times({ timeMin: 105, timeMax: 107 }), [107, 106, 105])
      assert.deepEqual(await times({ sequenceMax: 3 as Sequence }), [102, 101, 100])
      assert.deepEqual(await times({ timeMin: 120 }), [])
      assert.deepEqual(await times({ timeMax: 102, after: { time: 101, sequence: 2 as Sequence } }), [100])
    })

    test('the same token is stored once, and found postings never repeat', async () => {
      stream++
      const rows = postingBatch([eventRow(stream, 1), eventRow(stream, 2, 20_001)])
      await store.insert(rows, `once-${stream}`)
      await store.insert(rows, `once-${stream}`)
      assert.deepEqual(await store.indexed(stream, 1 as Sequence, 9 as Sequence), [1, 2])
      // A refill under another token: the same events again, in part.
      await store.insert(postingBatch([eventRow(stream, 2, 20_001), eventRow(stream, 3, 20_001)]), `refill-${stream}`)
      const query = { ...all, stream, attribute: everyEventAttribute, value: 0n, limit: 2 }
      const first = await store.find(query)
      assert.deepEqual(first.map((posting) => posting.sequence), [3, 2]) // prettier-ignore
      assert.deepEqual(
        (await store.find({ ...query, after: first[1] as Posting })).map((p) => p.sequence),
        [1],
      )
      assert.deepEqual((await store.counts()).filter((count) => count.stream === stream), [
        { day: 20_000, stream, events: 1 },
        { day: 20_001, stream, events: 2 },
      ]) // prettier-ignore
    })

    test('searches, counts and groups events of several streams as a filter over all of them does', async () => {
      const numbers = [stream + 1, stream + 2, stream + 3]
      stream += 3
      const rows = searchedRows(numbers)
      for (const part of [0, 1, 2])
        await store.insert(postingBatch(rows.filter((_, index) => index % 3 === part)), `search-${stream}-${part}`)
      // A refill that repeats some.
      await store.insert(postingBatch(rows.slice(40, 60)), `search-${stream}-again`)
      const check = async (query: EventQuery, bucketSeconds: number, limit: number) => {
        const matching = naiveMatches(rows, query)
        const walked: PostingRow[] = []
        for (;;) {
          const last = walked.at(-1)
          const after = last && { time: last.time, stream: last.stream, sequence: last.sequence as Sequence }
          const page = await store.search({ ...query, limit, ...(after && { after }) })
          walked.push(...page.map((place) => rows.find((row) => isAt(row, place))!))
          if (page.length < limit) break
        }
        assert.deepEqual(walked.map(placeText), matching.map(placeText))
        assert.deepEqual(await store.histogram({ ...query, bucketSeconds }), naiveHistogram(matching, bucketSeconds))
        for (const attribute of [0, resource]) {
          const groups = naiveGroups(matching, attribute)
          assert.deepEqual(await store.topValues({ ...query, attribute, limit: 3 }), groups.slice(0, 3))
          const among = [hashOf(2), hashOf(9)]
          const chosen = groups.filter(({ value }) => among.some(({ low }) => low === value.low))
          assert.deepEqual(await store.topValues({ ...query, attribute, limit: 100, among }), chosen)
        }
      }
      const run = () =>
        fc.assert(fc.asyncProperty(queries(numbers), fc.integer({ min: 1, max: 90_000 }), fc.integer({ min: 20, max: 200 }), check), { numRuns: 25 }) // prettier-ignore
      await run()
      // Once counted, days of which each event is there once are counted in a cheaper way.
      await store.counts()
      await run()
    })

    test('the same rows under another token of another batch are both kept where they differ', async () => {
      stream++
      for (let batch = 0; batch < 5; batch++)
        await store.insert(
          postingBatch([eventRow(stream, batch * 2 + 1), eventRow(stream, batch * 2 + 2)]),
          `b-${stream}-${batch}`,
        )
      assert.deepEqual(await store.indexed(stream, 3 as Sequence, 8 as Sequence), [3, 4, 5, 6, 7, 8])
    })

    test('drops whole days before a day, and only those', async () => {
      stream++
      const days = [15_000, 15_001, 15_002]
      await store.insert(postingBatch(days.map((day, index) => eventRow(stream, index + 1, day))), `drop-${stream}`)
      await store.dropBefore(15_002)
      assert.deepEqual(await store.indexed(stream, 1 as Sequence, 9 as Sequence), [3])
      await store.dropBefore(15_002)
      assert.deepEqual(await store.indexed(stream, 1 as Sequence, 9 as Sequence), [3])
    })

    test('inserts and finds at the same time', async () => {
      stream++
      const inserts = Array.from({ length: 8 }, (_, batch) =>
        store.insert(
          postingBatch(Array.from({ length: 50 }, (_unused, index) => eventRow(stream, batch * 50 + index + 1))),
          `c-${stream}-${batch}`,
        ),
      )
      const query = { ...all, stream, attribute: everyEventAttribute, value: 0n }
      await Promise.all([...inserts, ...Array.from({ length: 12 }, () => store.find(query))])
      const newest = await store.find(query)
      assert.deepEqual(newest.map((posting) => posting.sequence), Array.from({ length: 50 }, (_, index) => 400 - index)) // prettier-ignore
    })
  })
}

const resource = searchAttributes.indexOf('resource')

/** Events over three days and four weeks of event time, many of them in the same seconds. */
function searchedRows(streams: readonly number[]): PostingRow[] {
  return Array.from({ length: 180 }, (_, index) => ({
    day: 20_100 + (index % 3),
    stream: streams[index % 2 === 0 ? 0 : index % 3]!,
    attribute: everyEventAttribute,
    value: BigInt(index % 5),
    time: 20_100 * secondsPerDay - (index % 4) * 600_000 + (index % 7),
    sequence: index + 1,
    hashes: {
      0: [1 + (index % 4)],
      ...(index % 3 === 0 && { 1: [7] }),
      [resource]: [1, 2, 3, 4, 5].filter((number) => (index * 7) % (number + 2) === 0),
    },
  }))
}

const isAt = (row: PostingRow, place: Posting & { stream: number }) =>
  row.stream === place.stream && row.sequence === place.sequence && row.time === place.time
const placeText = ({ time, stream, sequence }: PostingRow) => `${time}/${stream}/${sequence}`

function queries(streams: readonly number[]): fc.Arbitrary<EventQuery> {
  const attribute = fc.constantFrom(0, 1, resource)
  const values = fc.array(fc.integer({ min: 1, max: 8 }).map(hashOf), { maxLength: 3 })
  const { predicate } = fc.letrec<{ predicate: EventPredicate }>((tie) => ({
    predicate: fc.oneof(
      { maxDepth: 3 },
      fc.record({ kind: fc.constant('has' as const), attribute, values }),
      fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), of: fc.array(tie('predicate'), { maxLength: 3 }) }), // prettier-ignore
      fc.record({ kind: fc.constant('not' as const), of: tie('predicate') }),
    ),
  }))
  const bound = fc.integer({ min: 0, max: 200 })
  const base = 20_100 * secondsPerDay
  return fc.record(
    {
      streams: fc
        .shuffledSubarray([...streams], { minLength: 1 })
        .chain((chosen) =>
          fc.tuple(...chosen.map((stream) => fc.tuple(fc.constant(stream), bound, fc.integer({ min: 100, max: 200 })))),
        )
        .map((chosen) =>
          chosen.map(([stream, min, max]) => ({
            stream,
            sequenceMin: Math.floor(min / 3) as Sequence,
            sequenceMax: max as Sequence,
          })),
        ),
      predicate,
      timeMin: fc.constantFrom(0, base - 1_200_000 + 3),
      timeMax: fc.constantFrom(2 ** 32 - 1, base + 2, base - 600_000 + 1),
    },
    { requiredKeys: ['streams', 'timeMin', 'timeMax'] },
  )
}

function naiveHolds(row: PostingRow, predicate: EventPredicate): boolean {
  switch (predicate.kind) {
    case 'and':
      return predicate.of.every((part) => naiveHolds(row, part))
    case 'or':
      return predicate.of.some((part) => naiveHolds(row, part))
    case 'not':
      return !naiveHolds(row, predicate.of)
    default: {
      const own = row.hashes![predicate.attribute] ?? []
      return predicate.values.some(({ low }) => own.includes(low))
    }
  }
}

function naiveMatches(rows: readonly PostingRow[], { streams, predicate, timeMin, timeMax }: EventQuery): PostingRow[] {
  const rank = (row: PostingRow) => streams.findIndex(({ stream }) => stream === row.stream)
  return rows
    .filter((row) => {
      const range = streams[rank(row)]
      const isWithin = range && row.sequence >= range.sequenceMin && row.sequence <= range.sequenceMax
      return isWithin && row.time >= timeMin && row.time <= timeMax && (!predicate || naiveHolds(row, predicate))
    })
    .sort((a, b) => b.time - a.time || rank(a) - rank(b) || b.sequence - a.sequence)
}

function naiveHistogram(rows: readonly PostingRow[], seconds: number) {
  const starts = rows.map(({ time }) => Math.floor(time / seconds) * seconds).sort((a, b) => a - b)
  return [...new Set(starts)].map((start) => ({ start, count: starts.filter((each) => each === start).length }))
}

/** `rows` are in order, so the first of each value is its newest. */
function naiveGroups(rows: readonly PostingRow[], attribute: number) {
  const groups = new Map<number, { value: Hash64; count: number; newest: Posting & { stream: number } }>()
  for (const { time, stream, sequence, hashes } of rows)
    for (const number of hashes![attribute] ?? []) {
      const newest = { time, stream, sequence: sequence as Sequence }
      const known = groups.get(number) ?? { value: hashOf(number), count: 0, newest }
      groups.set(number, { ...known, count: known.count + 1 })
    }
  const place = ({ newest }: { newest: Posting & { stream: number } }) =>
    rows.findIndex((row) => row.stream === newest.stream && row.sequence === newest.sequence)
  return [...groups.values()].sort((a, b) => b.count - a.count || place(a) - place(b) || a.value.high - b.value.high)
}
