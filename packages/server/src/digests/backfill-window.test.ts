import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { alignmentOf, holesIn, rangesOf, windowEnd } from './backfill-window.ts'

const hour = 3_600_000
const minute = 60_000
const at = (text: string): number => Date.parse(`2026-03-04T${text}Z`)

describe('what no chain covers', () => {
  test.each([
    [[], 0, []],
    [[], 3, [[0, 3]]],
    [[[0, 3]], 3, []],
    [
      [
        [8, 9],
        [2, 5],
      ],
      12,
      [
        [0, 2],
        [5, 8],
        [9, 12],
      ],
    ],
    // What is beyond the end is not asked for, and ranges may touch or hold one another.
    [
      [
        [0, 4],
        [2, 3],
        [4, 6],
        [20, 30],
      ],
      10,
      [[6, 10]],
    ],
    [[[7, 9]], 5, [[0, 5]]],
  ])('%j up to %i leaves %j', (covered, to, holes) => {
    const ranges = (covered as [number, number][]).map(([after, to]) => ({ after, to }))
    assert.deepEqual(
      holesIn(ranges, to).map((hole) => [hole.after, hole.to]),
      holes,
    )
  })

  test('the numbers of files are as few ranges as can be', () => {
    const files = [3, 4, 5, 9, 11, 12].map((ordinal) => ({ ordinal }))
    assert.deepEqual(rangesOf(files), [
      { after: 2, to: 5 },
      { after: 8, to: 9 },
      { after: 10, to: 12 },
    ])
  })
})

describe('the hours of backfill digests', () => {
  test('begin at the minute and second of the latest chain, else at whole hours', () => {
    const alignment = alignmentOf([{ startedAt: at('01:02:03') }, { startedAt: at('12:30:11') }])
    assert.equal(windowEnd(at('15:30:10.999'), alignment), at('15:30:11'))
    assert.equal(windowEnd(at('15:30:11'), alignment), at('16:30:11'))
    assert.equal(windowEnd(at('15:30:11'), alignmentOf([])), at('16:00:00'))
  })

  test('never overlap, also where a later chain begins at another minute', () => {
    const lastEnd = at('15:00:00')
    assert.equal(windowEnd(at('15:10:00'), 30 * minute, lastEnd), lastEnd + hour)
    assert.equal(windowEnd(at('15:40:00'), 30 * minute, lastEnd), at('16:30:00'))
  })
})
