import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import type { Sequence } from '@opentrail/core/event'
import { entry, stream } from './entries.testing.ts'
import { encodeEntries, entryOffsets } from './entry-run.ts'
import { decodeIds, encodeIds, idsBetween, idsOf } from './id-column.ts'

const time = fc.oneof(fc.integer({ min: -(2 ** 45), max: 2 ** 45 }), fc.double())

test('a column of several parts gives back each id, and a time that is never earlier', () => {
  fc.assert(
    fc.property(fc.array(fc.array(time, { maxLength: 20 }), { maxLength: 5 }), (parts) => {
      const entries = parts.map((times, part) =>
        times.map((admittedAt, index) => ({ ...entry(`${part}-${index}`), admittedAt })),
      )
      const all = entries.flat()
      const columns = entries.map((part) => {
        const { bytes } = encodeEntries(part, stream(1), 1 as Sequence)
        return encodeIds(idsOf({ bytes, offsets: entryOffsets(bytes, part.length) }, 1 as Sequence))
      })
      let at = 0
      for (const { first, idKeys, admittedAt } of decodeIds(Buffer.concat(columns), 100 as Sequence, all.length)) {
        assert.equal(first, 100 + at)
        for (let index = 0; index < admittedAt.length; index++, at++) {
          assert.deepEqual(idKeys.subarray(index * 16, index * 16 + 16), all[at]!.idKey)
          const exact = all[at]!.admittedAt
          if (Math.abs(exact) < 2 ** 50) assert.equal(admittedAt[index], Math.ceil(exact) + 0)
          else assert.ok(Number.isNaN(exact) || admittedAt[index]! >= Math.min(exact, 2 ** 50), `${exact}`)
        }
      }
      assert.equal(at, all.length)
      assert.throws(() => decodeIds(Buffer.concat(columns), 1 as Sequence, all.length + 1), RangeError)
    }),
  )
})

test('a part of the ids', () => {
  const ids = { first: 10 as Sequence, idKeys: Buffer.alloc(48, 1), admittedAt: Float64Array.of(1, 2, 3) }
  assert.equal(idsBetween(ids, 1, 9), undefined)
  assert.equal(idsBetween(ids, 13, 20), undefined)
  assert.deepEqual(idsBetween(ids, 1, 20), ids)
  assert.deepEqual(idsBetween(ids, 11, 11), {
    first: 11,
    idKeys: ids.idKeys.subarray(16, 32),
    admittedAt: Float64Array.of(2),
  })
})
