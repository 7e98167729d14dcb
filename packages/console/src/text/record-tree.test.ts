import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { contains, readRecord, type RecordNode } from './record-tree.ts'

/** What JSON.parse would have made of it. */
function plain(node: RecordNode): unknown {
  if (node.kind === 'string') return node.text
  if (node.kind === 'literal') return JSON.parse(node.text)
  if (node.kind === 'array') return node.elements.map(plain)
  return Object.fromEntries(node.members.map(([name, value]) => [name, plain(value)]))
}

test('a record is read as every JSON parser reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      assert.deepEqual(plain(readRecord(text)), JSON.parse(text))
    }),
  )
})

test('numbers stay as they were written, and names that come twice stay two', () => {
  assert.deepEqual(readRecord('{"a":2.0,"a":12345678901234567890}'), {
    kind: 'object',
    members: [
      ['a', { kind: 'literal', text: '2.0' }],
      ['a', { kind: 'literal', text: '12345678901234567890' }],
    ],
  })
})

test('what is no JSON is refused', () => {
  for (const text of ['', '{', '{"a"}', '[1,]', '[1 2]', '{"a":1,}', '1 2', '"\\x"', '['.repeat(300)])
    assert.throws(() => readRecord(text), SyntaxError, text.slice(0, 10))
})

test('what is looked for is found by name and by value, however deep', () => {
  const record = readRecord('{"userIdentity":{"arn":"arn:Root"},"list":[{"x":null}]}')
  for (const text of ['useridentity', 'arn:root', 'null']) assert.ok(contains('', record, text), text)
  assert.equal(contains('', record, 'alice'), false)
})
