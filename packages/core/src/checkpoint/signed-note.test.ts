import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { mutationsOf, signerOf, withOneCharacterChanged } from './checkpoint.testing.ts'
import { noteBytesMax } from './note-text.ts'
import { noteSignaturesMax, openNote, signNote } from './signed-note.ts'

const [log, witness, stranger] = [signerOf('log.example/a'), signerOf('witness.example'), signerOf('stranger.example')]
const text = 'first line\n\nthird line\n'
const note = signNote(text, [log, stranger])

const kindOf = (signed: string | Uint8Array, keys = [log.key]) => {
  const reading = openNote(signed, keys)
  return reading.ok ? 'opened' : reading.kind
}

test('a note opens with the key of any of its signers, and lists the others as unknown', () => {
  const opened = openNote(signNote(text, [stranger, log, witness]), [witness.key, log.key])
  assert.ok(opened.ok)
  assert.equal(opened.note.text, text)
  assert.deepEqual(
    opened.note.verified.map(({ name, id }) => ({ name, id })),
    [log, witness].map(({ key: { name, id } }) => ({ name, id })),
  )
  assert.deepEqual(
    opened.note.unknown.map(({ name }) => name),
    ['stranger.example'],
  )
  assert.deepEqual(openNote(Buffer.from(note), [log.key]), openNote(note, [log.key]))
})

test('a note without a signature of a key that is asked for is not opened', () => {
  assert.equal(kindOf(note, []), 'unverified')
  assert.equal(kindOf(note, [witness.key]), 'unverified')
  // The same name with another key, and the same id under another name, are other keys.
  assert.equal(kindOf(note, [{ ...witness.key, name: log.key.name }]), 'unverified')
  assert.equal(kindOf(note, [{ ...log.key, name: 'log.example/b' }]), 'unverified')
})

test('no character of a note can be changed', () => {
  const single = signNote(text, [log])
  for (const changed of withOneCharacterChanged(single)) assert.notEqual(kindOf(changed), 'opened', changed)
})

test('one wrong signature of a known key refuses the note, whatever else is right', () => {
  const other = signNote('another text\n', [log]).split('\n').at(-2)
  for (const signed of [`${note}${other}\n`, `${text}\n${other}\n${note.slice(text.length + 1)}`])
    assert.equal(kindOf(signed), 'invalid-signature')
  assert.equal(kindOf(`${note}${other}\n`, [stranger.key]), 'opened')
})

test('a signature that is there twice counts once', () => {
  const opened = openNote(`${note}${note.slice(text.length + 1)}`, [log.key])
  assert.ok(opened.ok)
  assert.equal(opened.note.verified.length, 1)
})

test('signatures of another algorithm and length are unknown', () => {
  const long = Buffer.alloc(5_000, 7).toString('base64')
  const opened = openNote(`${note}\u2014 pq.example ${long}\n`, [log.key])
  assert.ok(opened.ok)
  assert.equal(opened.note.unknown.at(-1)?.signature.length, 4_996)
})

test.each([
  ['no signatures', text],
  ['an empty line alone', `${text}\n`],
  ['no last newline', note.slice(0, -1)],
  ['a line that is no signature', `${note}unexpected\n`],
  ['a hyphen for the dash', note.replace('\u2014', '-')],
  ['a signature without a name', `${text}\n\u2014  ${'A'.repeat(92)}\n`],
  ['a name with a plus', note.replace('stranger', 'stran+ger')],
  ['a name with another space', note.replace('stranger', 'stran\u00a0ger')],
  ['a third part', note.replace('stranger.example ', 'stranger.example x ')],
  ['a key id without a signature', `${text}\n\u2014 a AAAAAA==\n`],
  ['Base64 with bits left over', `${text}\n\u2014 a AAAAAAF=\n`],
  ['Base64 of URLs', `${text}\n\u2014 a AAAAAA-_\n`],
  ['a carriage return', note.replace('\n', '\r\n')],
  ['a control character', `\u0001${note}`],
  ['a lone surrogate', `\ud800${note}`],
])('%s: malformed', (_, signed) => {
  assert.equal(kindOf(signed), 'malformed')
})

test('bytes that are no UTF-8 are malformed, and a byte order mark is part of the text', () => {
  assert.equal(kindOf(Buffer.concat([Uint8Array.of(0xff), Buffer.from(note)])), 'malformed')
  assert.equal(kindOf(Buffer.concat([Uint8Array.of(0xc0, 0x80), Buffer.from(note)])), 'malformed')
  assert.equal(kindOf(Buffer.concat([Uint8Array.of(0xef, 0xbb, 0xbf), Buffer.from(note)])), 'invalid-signature')
})

test('notes are bounded in bytes and signatures', () => {
  const line = note.split('\n').at(-2)!
  const signatures = (count: number) => `${signNote(text, [log])}${`${line}\n`.repeat(count - 1)}`
  assert.equal(kindOf(signatures(noteSignaturesMax)), 'opened')
  assert.equal(kindOf(signatures(noteSignaturesMax + 1)), 'malformed')
  // Two bytes a character: half as many characters as bytes are too many already.
  assert.equal(kindOf(`${'é'.repeat(noteBytesMax / 2)}\n\n${line}\n`), 'malformed')
  assert.throws(() => signNote(`${'é'.repeat(noteBytesMax / 2)}\n`, [log]), RangeError)
})

test('what no one could open is not signed', () => {
  for (const unsigned of ['', 'no newline', 'a\tb\n', 'a\r\n', '\ud800\n'])
    assert.throws(() => signNote(unsigned, [log]), RangeError)
  assert.throws(() => signNote(text, []), RangeError)
  assert.throws(() => signNote(text, Array(noteSignaturesMax + 1).fill(log)), RangeError)
})

test('any text that is signed is opened as it was', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 20 })
  const property = fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
    const original = `${lines.join('\n')}\n`
    const opened = openNote(signNote(original, [log, witness]), [log.key])
    assert.ok(opened.ok)
    assert.equal(opened.note.text, original)
  })
  fc.assert(property, { numRuns: 100, interruptAfterTimeLimit: 3_000 })
})

test('a mutated note has the text that was signed or is not opened, and nothing throws', () => {
  const property = fc.property(mutationsOf(note), (mutated) => {
    const opened = openNote(mutated, [log.key])
    if (opened.ok) assert.equal(opened.note.text, text)
    assert.deepEqual(
      openNote(Buffer.from(mutated.toWellFormed()), [log.key]).ok,
      openNote(mutated.toWellFormed(), [log.key]).ok,
    )
  })
  fc.assert(property, { numRuns: 500, interruptAfterTimeLimit: 3_000 })
})
