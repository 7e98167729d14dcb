import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { logFileBody } from '../delivery/index.ts'
import { createRecordHasher, type HashedRecords } from './index.ts'

const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer')

/** Given in pieces of that many bytes, each written over afterwards. */
function hashed(text: string | Uint8Array, pieceBytes = Infinity, recordsMax?: number): HashedRecords {
  const hasher = createRecordHasher(recordsMax === undefined ? {} : { recordsMax })
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = Uint8Array.from(bytes.subarray(at, at + pieceBytes))
    hasher.add(piece)
    piece.fill(0x5b)
  }
  return hasher.end()
}

const isRefused = (text: string): boolean => [1, 3, Infinity].every((size) => !hashed(text, size).ok)

const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 })
const records = fc.array(
  object.map((value) => JSON.stringify(value)),
  { maxLength: 8 },
)

describe('hashing the records of a log file', () => {
  test('each record has the hash of its bytes, wherever the chunks end', () => {
    fc.assert(
      fc.property(records, fc.integer({ min: 1, max: 50 }), (given, pieceBytes) => {
        const read = hashed(logFileBody(given.map((text) => Buffer.from(text))), pieceBytes)
        assert.ok(read.ok)
        assert.equal(read.count, given.length)
        assert.deepEqual(Buffer.from(read.hashes), Buffer.concat(given.map(sha256)))
      }),
    )
  })

  test('white space between records, and around the list, is nobody’s', () => {
    const text = ' \r\n{ "Records"\t: [ {"a": 1}\n,\t{"b":[ ]} ] \n}\n'
    for (const size of [1, 2, 5, Infinity]) {
      const read = hashed(text, size)
      assert.ok(read.ok)
      assert.deepEqual(Buffer.from(read.hashes), Buffer.concat([sha256('{"a": 1}'), sha256('{"b":[ ]}')]))
    }
    assert.deepEqual(hashed('{"Records":[]}'), { ok: true, hashes: new Uint8Array(), count: 0 })
  })

  test.each([
    '',
    '{}',
    '[]',
    '[{"a":1}]',
    '{"a":1}\n{"a":2}',
    '{"records":[]}',
    '{"Records":{}}',
    '\uFEFF{"Records":[]}',
    '{"Records":[{"a":1}',
    '{"Records":[{"a":1}]',
    '{"Records":[{"a":1},]}',
    '{"Records":[,{"a":1}]}',
    '{"Records":[{"a":1},,{"a":2}]}',
    '{"Records":[{"a":1}}]}',
    '{"Records":[{"a":"]}',
    '{"Records":[]}}',
    '{"Records":[]}{"Records":[]}',
    '{"Records":[],"Records":[{"a":1}]}',
    '{"Records":[],"more":1}',
    '{"first":1,"Records":[]}',
  ])('%j is no log file', (text) => {
    assert.ok(isRefused(text))
  })

  test('records, their size and what stands before them are bounded', () => {
    assert.ok(hashed('{"Records":[1,2]}', 1, 2).ok)
    assert.ok(!hashed('{"Records":[1,2,3]}', 1, 2).ok)
    assert.ok(!hashed(`{"Records":["${'x'.repeat(1 << 20)}"]}`, 1 << 16).ok)
    assert.ok(!hashed(`${' '.repeat(5000)}{"Records":[]}`, 1 << 16).ok)
    assert.ok(hashed(`{"Records":[${'['.repeat(100_000)}${']'.repeat(100_000)}]}`, 1 << 16).ok)
  })

  test('each record is shown as it goes by', () => {
    const seen: string[] = []
    const hasher = createRecordHasher({ onRecord: (record) => seen.push(Buffer.from(record).toString()) })
    for (const piece of ['{"Rec', 'ords":[{"a":', '1},{"b":2}', ']}']) hasher.add(Buffer.from(piece))
    assert.ok(hasher.end().ok)
    assert.deepEqual(seen, ['{"a":1}', '{"b":2}'])
  })

  test('nothing throws, whatever the bytes', () => {
    const pieces = fc.array(fc.constantFrom('{"Records":[', ']', '}', '{', '"', '\\', ',', ' ', '1'), { maxLength: 20 })
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 5 }), (given, size) => {
        const text = given.join('')
        const read = hashed(text, size)
        assert.equal(read.ok, hashed(text).ok)
        if (read.ok) assert.ok(text.trimStart().startsWith('{"Records":['))
      }),
    )
  })
})
