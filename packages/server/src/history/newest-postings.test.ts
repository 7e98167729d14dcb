import assert from 'node:assert/strict'
import { array, assert as check, boolean, integer, property, tuple } from 'fast-check'
import { test } from 'vitest'
import type { Sequence } from '@opentrail/core/event'
import { compareNewestFirst, mergeNewest, NewestPostings } from './newest-postings.ts'
import type { Posting } from './postings-store.ts'

const posting = tuple(integer({ min: 0, max: 5 }), integer({ min: 1, max: 30 })).map(([time, sequence]): Posting => ({
  time,
  sequence: sequence as Sequence,
}))
const postings = array(posting, { maxLength: 40 })
const distinct = (list: readonly Posting[]): Posting[] =>
  [...new Map(list.map((one) => [`${one.time}/${one.sequence}`, one])).values()].sort(compareNewestFirst)
const repeated = (list: readonly Posting[]) => [...list].sort(compareNewestFirst)

test('of all postings shown the newest are kept, in order', () => {
  check(
    property(postings, integer({ min: 1, max: 10 }), (list, limit) => {
      const newest = new NewestPostings(limit)
      const all = distinct(list)
      for (const { time, sequence } of all.toReversed()) newest.consider(time, sequence)
      assert.deepEqual(newest.list(), all.slice(0, limit))
      const mixed = new NewestPostings(limit)
      for (const { time, sequence } of [...all].sort((a, b) => a.sequence - b.sequence)) mixed.consider(time, sequence)
      assert.deepEqual(mixed.list(), all.slice(0, limit))
    }),
  )
})

test('going on behind each merged list shows everything once, however short the sources answer', () => {
  const limits = integer({ min: 1, max: 6 })
  check(
    property(postings, postings, limits, limits, boolean(), (one, two, limitOne, limitTwo, overlap) => {
      const sources = [repeated(overlap ? [...one, ...two] : one), repeated(two)]
      const shown: Posting[] = []
      for (let pages = 0; ; pages++) {
        assert.ok(pages <= 100, 'no progress')
        const last = shown[shown.length - 1]
        const answers = sources.map((source, index) => {
          const limit = index === 0 ? limitOne : limitTwo
          const rest = source.filter((one) => !last || compareNewestFirst(one, last) > 0).slice(0, limit)
          return { postings: rest, full: rest.length === limit }
        })
        const merged = mergeNewest(answers)
        shown.push(...merged.postings)
        if (!merged.full) break
      }
      assert.deepEqual(shown, distinct([...one, ...two]))
    }),
  )
})
