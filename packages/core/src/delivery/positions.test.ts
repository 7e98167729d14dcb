import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { allPositions, createPositionsWriter, readPositions, type PositionRun } from './index.ts'

/** Offsets with neighbours and gaps, some of them large. */
const offsets = fc
  .array(fc.oneof(fc.constant(0), fc.nat(3), fc.nat(1e6), fc.nat({ max: 2 ** 40 })), { maxLength: 60 })
  .map((gaps) => {
    let next = 0
    return gaps.map((gap) => {
      const offset = next + gap
      next = offset + 1
      return offset
    })
  })

function written(given: readonly number[]): Uint8Array {
  const writer = createPositionsWriter()
  for (const offset of given) writer.add(offset)
  return writer.finish()
}

function runsIn(bytes: Uint8Array, entries: number): PositionRun[] {
  const read = readPositions(bytes, { entries })
  return read.ok ? [...read.positions.runs()] : assert.fail(read.message)
}

const isRead = (bytes: readonly number[], entries = 1e6): boolean =>
  readPositions(Uint8Array.from(bytes), { entries }).ok

describe('positions', () => {
  test('what was written is read', () => {
    fc.assert(
      fc.property(offsets, (given) => {
        const entries = (given.at(-1) ?? 0) + 1
        const read = readPositions(written(given), { entries })
        assert.ok(read.ok)
        const runs = [...read.positions.runs()]
        assert.equal(read.positions.count, given.length)
        assert.equal(read.positions.runCount, runs.length)
        assert.deepEqual(
          runs.flatMap(({ first, count }) => Array.from({ length: count }, (_, at) => first + at)),
          given,
        )
      }),
    )
  })

  test('lengths stand in turn, what is not in the file first', () => {
    assert.deepEqual([...written([0, 1, 2, 5, 306])], [0, 3, 2, 1, 0xac, 2, 1])
    assert.deepEqual(runsIn(written([7]), 8), [{ first: 7, count: 1 }])
  })

  test('a run may be added at once, and goes on where it ended', () => {
    const writer = createPositionsWriter()
    writer.add(0, 10)
    writer.add(10)
    writer.add(20, 2 ** 50)
    assert.deepEqual(runsIn(writer.finish(), 2 ** 51), [
      { first: 0, count: 11 },
      { first: 20, count: 2 ** 50 },
    ])
  })

  test('all of a range is one run, none of it nothing', () => {
    assert.deepEqual(runsIn(allPositions(500_000), 500_000), [{ first: 0, count: 500_000 }])
    assert.equal(allPositions(0).length, 0)
    assert.deepEqual(runsIn(new Uint8Array(), 0), [])
  })

  test.each([
    [3, 1],
    [2.5, 1],
    [-1, 1],
    [9, 0],
    [Number.MAX_SAFE_INTEGER, 1],
  ])('what is not beyond the one before is refused: %d, %d', (offset, count) => {
    const writer = createPositionsWriter()
    writer.add(3)
    assert.throws(() => writer.add(offset, count), RangeError)
  })

  test('one set has one text: other ways to write it are refused', () => {
    assert.ok(isRead([1, 1, 1, 1]))
    assert.ok(!isRead([1, 1, 0, 1]), 'a run goes on')
    assert.ok(!isRead([1, 0]), 'an empty run')
    assert.ok(!isRead([0x81, 0x00, 1]), 'a number with zeros in front')
    assert.ok(!isRead([1]), 'half a pair')
    assert.ok(!isRead([1, 1, 5]), 'what follows the last record')
    assert.ok(!isRead([1, 0x81]), 'half a number')
    assert.ok(!isRead([1, ...Array.from({ length: 8 }, () => 0xff), 0x7f], 2 ** 53 - 1), 'a number beyond all')
  })

  test('nothing lies beyond the range', () => {
    assert.ok(isRead([2, 3], 5))
    assert.ok(!isRead([2, 3], 4))
    assert.ok(!isRead([5, 1], 5))
  })

  test('nothing throws, whatever the bytes, and what is read is within the range', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(1000), (bytes, entries) => {
        const read = readPositions(bytes, { entries })
        if (!read.ok) return
        const runs = [...read.positions.runs()]
        for (const { first, count } of runs) assert.ok(count > 0 && first >= 0 && first + count <= entries)
        const writer = createPositionsWriter()
        for (const { first, count } of runs) writer.add(first, count)
        assert.deepEqual([...writer.finish()], [...bytes])
      }),
      { numRuns: 1000 },
    )
  })
})
