import type { Sequence } from '@opentrail/core/event'
import assert from 'node:assert/strict'
import { afterAll, beforeAll, describe, test } from 'vitest'
import {
  everyEventAttribute,
  type Posting,
  type PostingQuery,
  type PostingRows,
  type PostingsStore,
} from './postings-store.ts'

export interface PostingRow {
  readonly day: number
  readonly stream: number
  readonly attribute: number
  readonly value: bigint
  readonly time: number
  readonly sequence: number
}

export function postingRows(rows: readonly PostingRow[]): PostingRows {
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
      await store.insert(postingRows([]), `empty-${stream}`)
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
      await store.insert(postingRows(rows), `exact-${stream}`)
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
      await store.insert(postingRows(rows.slice(0, 170)), `pages-a-${stream}`)
      await store.insert(postingRows(rows.slice(170)), `pages-b-${stream}`)
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
      await store.insert(postingRows(rows), `late-${stream}`)
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
      await store.insert(postingRows(rows), `bounds-${stream}`)
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
      const rows = postingRows([eventRow(stream, 1), eventRow(stream, 2, 20_001)])
      await store.insert(rows, `once-${stream}`)
      await store.insert(rows, `once-${stream}`)
      assert.deepEqual(await store.indexed(stream, 1 as Sequence, 9 as Sequence), [1, 2])
      // A refill under another token: the same events again, in part.
      await store.insert(postingRows([eventRow(stream, 2, 20_001), eventRow(stream, 3, 20_001)]), `refill-${stream}`)
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

    test('the same rows under another token of another batch are both kept where they differ', async () => {
      stream++
      for (let batch = 0; batch < 5; batch++)
        await store.insert(
          postingRows([eventRow(stream, batch * 2 + 1), eventRow(stream, batch * 2 + 2)]),
          `b-${stream}-${batch}`,
        )
      assert.deepEqual(await store.indexed(stream, 3 as Sequence, 8 as Sequence), [3, 4, 5, 6, 7, 8])
    })

    test('drops whole days before a day, and only those', async () => {
      stream++
      const days = [15_000, 15_001, 15_002]
      await store.insert(postingRows(days.map((day, index) => eventRow(stream, index + 1, day))), `drop-${stream}`)
      await store.dropBefore(15_002)
      assert.deepEqual(await store.indexed(stream, 1 as Sequence, 9 as Sequence), [3])
      await store.dropBefore(15_002)
      assert.deepEqual(await store.indexed(stream, 1 as Sequence, 9 as Sequence), [3])
    })

    test('inserts and finds at the same time', async () => {
      stream++
      const inserts = Array.from({ length: 8 }, (_, batch) =>
        store.insert(
          postingRows(Array.from({ length: 50 }, (_unused, index) => eventRow(stream, batch * 50 + index + 1))),
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
