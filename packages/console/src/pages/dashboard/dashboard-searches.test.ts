import assert from 'node:assert/strict'
import { parseSearch } from '@opentrail/core/search'
import { test } from 'vitest'
import {
  askedSearch,
  bucketSeconds,
  denied,
  failures,
  having,
  restName,
  searchText,
  stackedSeries,
} from './dashboard-searches.ts'

test('every number leads to the search that it was counted by', () => {
  assert.equal(searchText(), undefined)
  for (const parts of [[failures], [denied, having('username', 'a" or b')]])
    assert.deepEqual(
      parseSearch(searchText(...parts) ?? ''),
      parts.length === 1 ? parts[0] : { kind: 'and', of: parts },
    )
  const where = searchText(failures)
  assert.equal(askedSearch(where, false), where)
  assert.match(askedSearch(where, true) ?? '', /errorCode exists.*SearchEvents/)
})

test('a picture has bars enough to see something, and few enough to read them', () => {
  for (const hours of [1, 3, 12, 24, 168, 720, 2_160]) {
    const bars = (hours * 3_600) / bucketSeconds(hours * 3_600_000)
    assert.ok(bars <= 32 && bars >= 9, `${hours} hours: ${bars}`)
  }
})

const start = Date.UTC(2026, 10, 21, 10)
const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString()
const counts = (...buckets: [minutes: number, count: number][]) => ({
  total: 0,
  bucketSeconds: 600,
  buckets: buckets.map(([minutes, count]) => ({ start: at(minutes), count })),
})

test('parts and the rest are the whole, in every bar, also where nothing was', () => {
  const layers = [
    { name: 's3', counts: counts([0, 3]) },
    { name: 'ec2', counts: counts([0, 1], [20, 4]) },
  ]
  const series = stackedSeries(counts([0, 9], [20, 4]), layers, start + 1_000, start + 1_500_000)
  assert.deepEqual(
    series.map(({ name, points }) => [name, points.map(({ y }) => y)]),
    [
      ['s3', [3, 0, 0]],
      ['ec2', [1, 0, 4]],
      [restName, [5, 0, 0]],
    ],
  )
  assert.deepEqual(
    series[0]?.points.map(({ x }) => x.getTime() - start),
    [0, 600_000, 1_200_000],
  )
})

test('there is no rest where there is none, and it is never less than nothing', () => {
  const layers = [{ name: 's3', counts: counts([0, 5]) }]
  assert.deepEqual(
    stackedSeries(counts([0, 3]), layers, start, start).map(({ name }) => name),
    ['s3'],
  )
})
