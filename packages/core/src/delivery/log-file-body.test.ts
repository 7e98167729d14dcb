import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { joinRecords, logFileBody } from './index.ts'

test('a body is its records byte for byte between commas, however they were joined before', () => {
  const record = fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(JSON.stringify({ text, number: 2 })))
  fc.assert(
    fc.property(fc.array(fc.array(record, { minLength: 1 })), (runs) => {
      const body = Buffer.from(logFileBody(runs.map(joinRecords))).toString()
      assert.equal(body, `{"Records":[${runs.flat().join(',')}]}`)
    }),
  )
})
