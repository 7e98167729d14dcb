import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'vitest'
import { RecordSkim } from './record-skim.ts'

const plan = { a: 0, b: { a: 1, c: { d: 2 } }, stops: 'stop' } as const
const skimmed = (text: string): (string | undefined)[] | undefined => {
  const skim = new RecordSkim(plan, 3)
  return skim.read(Buffer.from(text)) ? [...skim.texts] : undefined
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const names = fc.constantFrom('a', 'b', 'c', 'd', 'ab', '', 'é')
const plainTexts = fc.constantFrom('', 'x', '{', '}', ']', ',', ':', 'é😀', 'a:b,{c}')
const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    plainTexts,
    fc.constantFrom(0, -1.5e3, true, false, null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 4 }),
  ),
})).value
const records = fc.dictionary(names, values, { maxKeys: 5 })

test('what is wanted is found where it stands, and nowhere else', () => {
  fc.assert(
    fc.property(records, (record) => {
      const b = member(record, 'b')
      const wanted = [member(record, 'a'), member(b, 'a'), member(member(b, 'c'), 'd')]
      assert.deepEqual(skimmed(JSON.stringify(record)), wanted.map(textOf))
    }),
  )
})

test('what is not wanted may be written in any way', () => {
  const odd = JSON.stringify({ x: { a: '"}' }, y: '\\', list: ['\\"]', '{"a":"there"}'], a: 'here' })
  assert.deepEqual(skimmed(odd), ['here', undefined, undefined])
})

test('what it cannot tell is left to others', () => {
  const texts = [
    String.raw`{"a":"\u0061"}`,
    String.raw`{"\u0061":"x"}`,
    '{"stops":1}',
    '{ "a":"x"}',
    '{"a":"x"',
    '{"a":"x',
    '{"a',
    '{"x":[1',
    '{"x":"1',
    '{"x":1',
    '[]',
    '',
    '{"a":"x"}}',
  ]
  for (const text of texts) assert.equal(skimmed(text), undefined, text)
})
