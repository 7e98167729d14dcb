import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { test } from 'vitest'
import { mutationsOf, signerOf, withOneCharacterChanged } from './checkpoint.testing.ts'
import { checkpointExtensionsMax, formatCheckpoint, openCheckpoint, parseCheckpoint } from './checkpoint.ts'
import { parseVerifierKey } from './note-key.ts'
import { signNote } from './signed-note.ts'

const origin = 'audit.example/210000000001/eu-west-1'
const root = createHash('sha256').update('root').digest()
const text = formatCheckpoint({ origin, size: 20_852_163, root })
const log = signerOf(origin)

// Heads of Go's checksum database at two times, as its servers signed them.
const goKey = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8'
const goHeads = [
  {
    size: 6_476_701,
    root: 'mb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=',
    signature: 'Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=',
  },
  {
    size: 65_209_736,
    root: '5+uGFjx6xBZG8ip1+wi77v+grwbhhukIrxEUS8PXvRo=',
    signature: 'Az3grnbssgK7ubgFX36gVETtNv0U23qxyAhAMai2QUfeGa3nB/akvkMdlUErfcZz7l/R3cVtYspg3dxXABkGZZKdsQ8=',
  },
]

test.each(goHeads)('the head of a public log with $size entries is opened', ({ size, root, signature }) => {
  const key = parseVerifierKey(goKey)
  assert.ok(key.ok)
  const trusted = { origin: 'go.sum database tree', verifiers: [key.key] }
  const head = formatCheckpoint({ origin: trusted.origin, size, root: Buffer.from(root, 'base64') })
  const opened = openCheckpoint(`${head}\n\u2014 sum.golang.org ${signature}\n`, trusted)
  assert.ok(opened.ok)
  assert.equal(opened.checkpoint.size, size)
  assert.equal(Buffer.from(opened.checkpoint.root).toString('base64'), root)
  const forged = formatCheckpoint({ origin: trusted.origin, size: size + 1, root: Buffer.from(root, 'base64') })
  assert.equal(openCheckpoint(`${forged}\n\u2014 sum.golang.org ${signature}\n`, trusted).ok, false)
})

test('a checkpoint is its origin, its size and its root, a line each', () => {
  assert.equal(text, `${origin}\n20852163\n${root.toString('base64')}\n`)
  assert.deepEqual(parseCheckpoint(text), {
    ok: true,
    checkpoint: { origin, size: 20_852_163, root: Uint8Array.from(root) },
  })
})

test('any checkpoint is read as it was written', () => {
  const line = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const further = fc.array(line, { minLength: 1, maxLength: 4 })
  const property = fc.property(line, fc.maxSafeNat(), bytes, further, (origin, size, root, extensions) => {
    const checkpoint = { origin, size, root, extensions }
    assert.deepEqual(parseCheckpoint(formatCheckpoint(checkpoint)), { ok: true, checkpoint })
  })
  fc.assert(property, { numRuns: 200, interruptAfterTimeLimit: 3_000 })
})

const lines = (...parts: string[]) => parts.map((part) => `${part}\n`).join('')
const root64 = root.toString('base64')
test.each([
  ['two lines', lines(origin, '1')],
  ['no last newline', text.slice(0, -1)],
  ['an empty origin', lines('', '1', root64)],
  ['an empty extension', lines(origin, '1', root64, '')],
  ['an empty line before an extension', lines(origin, '1', root64, '', 'x')],
  ['a leading zero', lines(origin, '01', root64)],
  ['a sign', lines(origin, '+1', root64)],
  ['a negative size', lines(origin, '-1', root64)],
  ['a size with a fraction', lines(origin, '1.0', root64)],
  ['a size with an exponent', lines(origin, '1e3', root64)],
  ['a size in hex', lines(origin, '0x1', root64)],
  ['other digits', lines(origin, '\u0661', root64)],
  ['a size that is not exact', lines(origin, '9007199254740992', root64)],
  ['a size of 64 bits', lines(origin, '18446744073709551615', root64)],
  ['a space', lines(origin, '1 ', root64)],
  ['a root too short', lines(origin, '1', root.subarray(1).toString('base64'))],
  ['a root too long', lines(origin, '1', Buffer.alloc(33).toString('base64'))],
  ['a root without padding', lines(origin, '1', root64.slice(0, -1))],
  ['a root in hex', lines(origin, '1', root.toString('hex'))],
  ['a carriage return', text.replaceAll('\n', '\r\n')],
  ['too many extensions', lines(origin, '1', root64, ...Array<string>(checkpointExtensionsMax + 1).fill('x'))],
])('%s: no checkpoint', (_, written) => {
  assert.equal(parseCheckpoint(written).ok, false)
})

test('what could not be read back is not written', () => {
  const checkpoint = { origin, size: 1, root }
  for (const bad of [
    { origin: '' },
    { origin: 'a\nb' },
    { origin: 'a\u0000' },
    { size: -1 },
    { size: 0.5 },
    { size: 2 ** 53 },
    { size: NaN },
    { root: root.subarray(1) },
    { extensions: [''] },
    { extensions: ['a\nb'] },
    { extensions: Array<string>(checkpointExtensionsMax + 1).fill('x') },
  ])
    assert.throws(() => formatCheckpoint({ ...checkpoint, ...bad }), RangeError, JSON.stringify(bad))
})

test('a signed checkpoint opens for its origin and key alone', () => {
  const signed = signNote(text, [log])
  const trusted = { origin, verifiers: [log.key] }
  const kindOf = (note: string, given = trusted) => {
    const opened = openCheckpoint(note, given)
    return opened.ok ? 'opened' : opened.kind
  }
  assert.equal(kindOf(signed), 'opened')
  assert.equal(kindOf(signed, { ...trusted, origin: `${origin}2` }), 'foreign-origin')
  assert.equal(kindOf(signed, { ...trusted, verifiers: [signerOf('other.example').key] }), 'unverified')
  assert.equal(kindOf(signNote('signed, but no checkpoint\n', [log])), 'malformed')
  for (const changed of withOneCharacterChanged(signed)) assert.notEqual(kindOf(changed), 'opened', changed)
})

test('what is read of a mutated checkpoint is written the same, and nothing throws', () => {
  const property = fc.property(mutationsOf(lines(origin, '20852163', root64, 'extension')), (mutated) => {
    const reading = parseCheckpoint(mutated)
    assert.ok(!reading.ok || formatCheckpoint(reading.checkpoint) === mutated)
  })
  fc.assert(property, { numRuns: 1_000, interruptAfterTimeLimit: 3_000 })
})
