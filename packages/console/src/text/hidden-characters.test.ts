import assert from 'node:assert/strict'
import { test } from 'vitest'
import { partsOf } from './hidden-characters.ts'

test('what cannot be seen is named', () => {
  const shown = partsOf('admin\u202egnp.exe\u200b\u0000\n\ud800')
  assert.equal(
    shown.map(({ kind, text }) => (kind === 'hidden' ? `<${text}>` : text)).join(''),
    'admin<U+202E>gnp.exe<U+200B><U+0000><U+000A><U+D800>',
  )
})

test('what can be seen stays as it is, in every script', () => {
  for (const text of ['arn:aws:iam::1:user/é', '日本語 🙂', 'שלום', ''])
    assert.deepEqual(partsOf(text), text === '' ? [] : [{ kind: 'text', text }])
})
