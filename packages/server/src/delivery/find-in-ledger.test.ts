import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { streamId, type AccountId, type Region, type Sequence } from '@opentrail/core/event'
import { createMemoryControlStore } from '../control/index.ts'
import { findInLedger } from './find-in-ledger.ts'
import { ledgerKey, type LedgerEntry } from './lane-document.ts'

const stream = streamId('111122223333' as AccountId, 'eu-west-1' as Region)
const trailId = 'trail'

test('finds every range that has the entry, wherever it stands, and none where there is none', async () => {
  const shape = fc.record({
    lengths: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 60 }),
    swapped: fc.array(fc.nat({ max: 58 }), { maxLength: 10 }),
    removed: fc.nat({ max: 20 }),
    gaps: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(shape, async ({ lengths, swapped, removed, gaps }) => {
      const control = createMemoryControlStore()
      let end = 0
      const ranges = lengths.map((length, at) => {
        const from = end + (gaps && at % 3 === 0 ? 2 : 0)
        end = from + length
        return { from, to: end }
      })
      // What was given up early stands before older ranges.
      for (const at of swapped) if (ranges[at + 1]) ranges.splice(at, 2, ranges[at + 1]!, ranges[at]!)
      const entries = ranges.map(
        (range, at) => ({ ...range, ordinal: at + 1, abandonedAt: 0, reason: 'backlog', count: 1 }) as LedgerEntry,
      )
      const kept = entries.slice(removed)
      await control.transact(kept.map((value) => ({ key: ledgerKey(trailId, stream, value.ordinal), value })))
      for (let sequence = 1; sequence <= end + 1; sequence++) {
        const found = await findInLedger(control, { trailId, stream, ordinal: entries.length }, sequence as Sequence)
        assert.deepEqual(
          found,
          kept.filter(({ from, to }) => from < sequence && sequence <= to),
        )
      }
    }),
    { numRuns: 60 },
  )
})

test('reads a bounded part of a long ledger', async () => {
  const control = createMemoryControlStore()
  const count = 20_000
  const writes = Array.from({ length: count }, (_, at) => ({
    key: ledgerKey(trailId, stream, at + 1),
    value: { ordinal: at + 1, from: at * 10, to: at * 10 + 10, abandonedAt: 0, reason: 'expired', count: 1 },
  }))
  for (let at = 0; at < count; at += 1_000) await control.transact(writes.slice(at, at + 1_000))
  let read = 0
  const counting: Pick<typeof control, 'list'> = {
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as the store's own
    async list<T>(...options: Parameters<typeof control.list>) {
      const found = await control.list<T>(...options)
      read += found.length
      return found
    },
  }
  const [found] = await findInLedger(counting, { trailId, stream, ordinal: count }, 123_456 as Sequence)
  assert.equal(found?.ordinal, 12_346)
  assert.ok(read < 1_100, String(read))
})
