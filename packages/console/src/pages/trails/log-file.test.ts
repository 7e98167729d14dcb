import assert from 'node:assert/strict'
import fc from 'fast-check'
import { gunzipSync, gzipSync } from 'node:zlib'
import { test } from 'vitest'
import { briefOf, readLogFile, splitRecords } from './log-file.ts'

const streamOf = (bytes: Uint8Array) => new Blob([Uint8Array.from(bytes)]).stream()

test('records come out as they were written, whatever is in them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 5 }), async (records) => {
      const texts = records.map((record) => JSON.stringify(record, undefined, 1))
      const file = gzipSync(`{"Records":[${texts.join(',')}]}`)
      const read = await readLogFile(streamOf(file))
      assert.deepEqual([read.records, read.isCut], [texts, false])
      const decoded = await readLogFile(streamOf(gunzipSync(file)))
      assert.deepEqual(decoded.records, texts)
    }),
    { numRuns: 100 },
  )
})

test('numbers that a parser would change do not change', () => {
  const record = '{"n":12345678901234567890,"m":1.0}'
  assert.deepEqual(splitRecords(`{"Records": [${record}]}`, false), [record])
})

test('of a file that is too large the beginning is read, and said to be it', async () => {
  const record = JSON.stringify({ eventName: 'x'.repeat(1_000) })
  const file = gzipSync(`{"Records":[${Array<string>(500).fill(record).join(',')}]}`)
  const read = await readLogFile(streamOf(file), 100_000)
  assert.ok(read.isCut && read.records.length >= 90 && read.records.length < 500)
  assert.ok(read.records.every((own) => own === record))
})

test('what is no log file is refused', async () => {
  await assert.rejects(readLogFile(streamOf(gzipSync('{"Records":[]}').subarray(0, 15))))
  await assert.rejects(readLogFile(streamOf(Buffer.from(''))), SyntaxError)
  await assert.rejects(readLogFile(streamOf(gzipSync('<html>'))), SyntaxError)
  await assert.rejects(readLogFile(streamOf(gzipSync('{"Records":[{}'))), SyntaxError)
})

test('a record of any form has a line', () => {
  assert.equal(briefOf('{"eventName":{"a":1},"userIdentity":null}').eventName, '')
  assert.equal(briefOf('[').user, '')
  assert.equal(briefOf('{"userIdentity":{"arn":"arn:x"}}').user, 'arn:x')
})
