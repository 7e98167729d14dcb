import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { describe, test } from 'vitest'
import { rawRecordBytesMax } from './admit.ts'
import { splitRecords, splitterStart, type SplitterState, type SplitRefusal } from './record-splitter.ts'

const chunked = (body: string): Uint8Array[] => {
  const bytes = Buffer.from(body)
  return Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, k) =>
    bytes.subarray(k * 65_536, (k + 1) * 65_536),
  )
}

interface Outcome {
  readonly records: string[]
  readonly indexes: number[]
  readonly refusals: SplitRefusal[]
}

/** Splits a body that arrives in the given pieces; the state crosses a thread boundary between any two of them. */
function splitPieces(pieces: readonly Uint8Array[]): Outcome {
  const outcome: Outcome = { records: [], indexes: [], refusals: [] }
  let state: SplitterState = splitterStart
  for (const [k, piece] of pieces.entries()) {
    const split = splitRecords(structuredClone(state), piece, k === pieces.length - 1)
    outcome.records.push(...split.records.map((record) => Buffer.from(record).toString()))
    outcome.indexes.push(...split.indexes)
    outcome.refusals.push(...split.refusals)
    state = split.state
  }
  return outcome
}
const split = (body: string): Outcome => splitPieces([Buffer.from(body)])
const recordsOf = (body: string): string[] => split(body).records
const codesOf = (body: string): [number, string][] => split(body).refusals.map(({ index, code }) => [index, code])

const a = '{"a":"x, ] } é \\" \\\\","n":[1,{"k":[]}]}'
const b = '{"b":"\\\\"}'
const pretty = JSON.stringify(JSON.parse(a), null, 2)
const bodies = {
  lines: `${a}\n${b}\n`,
  'lines without the last newline, with blank ones and CRLF': `\r\n${a}\r\n\r\n \n${b}`,
  'a list': `{"Records":[${a},${b}]}`,
  'a list with white space and other members behind it': `\ufeff \n{ "Records" :\t[ \n${a} , ${b} ] , "next": {"x":["]"]} }\n`,
  'a bare list': ` [${a},${b}] `,
  'an indented list': JSON.stringify({ Records: [JSON.parse(a), JSON.parse(b)] }, null, 2),
  'indented records': `${pretty}\n${JSON.stringify(JSON.parse(b), null, 2)}`,
  'indented records with tabs, CRLF and blank lines': `${JSON.stringify(JSON.parse(a), null, '\t').replaceAll('\n', '\r\n')}\r\n\r\n${pretty}\n`,
  'an indented record, then one on its line': `${pretty}\n${b}\n${b}`,
  'one record': a,
  'one record, over several lines': `\n${pretty}\n`,
}

describe('every form, with a chunk border at every byte', () => {
  for (const [what, body] of Object.entries(bodies))
    test(what, () => {
      const bytes = Buffer.from(body)
      const whole = splitPieces([bytes])
      assert.deepEqual(whole.refusals, [])
      assert.ok(whole.records.length >= 1)
      for (const record of whole.records) assert.ok([a, b].includes(JSON.stringify(JSON.parse(record))), record)
      assert.deepEqual(
        whole.indexes,
        whole.records.map((_, index) => index),
      )
      for (let border = 0; border <= bytes.length; border++)
        assert.deepEqual(splitPieces([bytes.subarray(0, border), bytes.subarray(border)]), whole, `border ${border}`)
      assert.deepEqual(splitPieces([...bytes].map((byte) => Uint8Array.of(byte))), whole)
    })
})

test('the same records wherever chunks end, for any bytes at all', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    '\\',
    ':',
    '1',
    ' ',
    '\n',
    '{"Records":[',
    a,
    b,
    'é',
    '"Records"',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), fc.array(fc.nat(200), { maxLength: 5 }), (pieces, borders) => {
      const bytes = Buffer.from(pieces.join(''))
      const cuts = [0, ...borders.filter((at) => at < bytes.length).sort((x, y) => x - y), bytes.length]
      const chunks = cuts.slice(1).map((end, k) => bytes.subarray(cuts[k], end))
      assert.deepEqual(splitPieces(chunks), splitPieces([bytes]))
    }),
    { numRuns: 3000 },
  )
})

describe('a bad record does not spoil its neighbours', () => {
  test('in lines: whatever it is', () => {
    assert.deepEqual(recordsOf(`${a}\n{"broken":"\n]]}\n${b}`), [a, '{"broken":"', ']]}', b])
  })
  test('in a list: as long as its brackets and quotes are balanced', () => {
    assert.deepEqual(recordsOf(`{"Records":[${a},{broken:[}},5,"x",${b}]}`), [a, '{broken:[}}', '5', '"x"', b])
  })
  test('in a list: otherwise the rest is refused, once', () => {
    assert.deepEqual(recordsOf(`{"Records":[${a},{"x":1,${b}]}`), [a])
    assert.deepEqual(codesOf(`{"Records":[${a},{"x":1,${b}]}`), [[1, 'InvalidBody']])
    assert.deepEqual(codesOf(`{"Records":[${a},}${b}]}`), [[1, 'InvalidBody']])
  })
  test('a comma too many', () => {
    assert.deepEqual(codesOf(`{"Records":[${a},,${b},]}`), [
      [1, 'InvalidJson'],
      [3, 'InvalidJson'],
    ])
    assert.deepEqual(recordsOf(`{"Records":[${a},,${b},]}`), [a, b])
  })
  test('between indented records: up to the next line that is not indented', () => {
    assert.deepEqual(recordsOf(`${pretty}\nnonsense\n${pretty}\n`), [pretty, 'nonsense', pretty])
    for (const broken of ['{', '{\n  "a": [{', '{\n  "a": "', '{\n}}}]'])
      assert.deepEqual(recordsOf(`${broken}\n${a}\n${pretty}\n${b}`).slice(-3), [a, pretty, b])
  })
  test('a first line that is cut off anywhere is one bad line', () => {
    for (let length = 1; length < a.length; length++) {
      const cut = a.slice(0, length).trim()
      const { records, refusals } = split(`${cut}\n${b}\n${a}\n`)
      assert.deepEqual([records, refusals], [[cut, b, a], []])
    }
    for (const cut of ['{"a":', '{"a":1,', '{"a":[', '{"a":{', '{"a":"x'])
      assert.deepEqual(recordsOf(`${cut}\n ${b}\n`), [cut, b])
  })
})

test('half a body is never taken for a whole', () => {
  for (const body of [
    `{"Records":[${a}`,
    `{"Records":[${a},`,
    `{"Records":[${a}]`,
    `[${a}`,
    `{"Records":[${a}],"Records":[${b}]}`,
    `{"Records":[${a}]}x`,
    `[${a}],1`,
    `[${a}],"x":1`,
  ])
    assert.deepEqual([recordsOf(body), codesOf(body)], [[a], [[1, 'InvalidBody']]], body)
  assert.throws(() => JSON.parse(recordsOf(pretty.slice(0, -1))[0]!) as unknown)
})

test('nothing is no record', () => {
  for (const body of ['', ' \n\r\n', '{"Records":[]}', '[]', ' { "Records" : [ ] } ', '\ufeff'])
    assert.deepEqual(split(body), { records: [], indexes: [], refusals: [] }, body)
})

describe('a record above the limit', () => {
  const large = `{"x":"${'y'.repeat(rawRecordBytesMax)}"}`
  const forms = {
    lines: `${a}\n${large}\n${b}`,
    list: `{"Records":[${a},${large},${b}]}`,
    blocks: `${pretty}\n${large}\n${pretty}`,
  }
  for (const [form, body] of Object.entries(forms))
    test(`${form}: refused in its place, in one chunk or many`, () => {
      for (const pieces of [[Buffer.from(body)], chunked(body)]) {
        const { records, indexes, refusals } = splitPieces(pieces)
        assert.equal(records.length, 2)
        assert.deepEqual(indexes, [0, 2])
        assert.deepEqual(
          refusals.map(({ index, code }) => [index, code]),
          [[1, 'EventTooLarge']],
        )
      }
    })
  test('is not kept while its end is awaited', () => {
    let state: SplitterState = splitterStart
    let heldMax = 0
    for (const piece of chunked(`{"Records":[{"x":"${'y'.repeat(4 * rawRecordBytesMax)}`)) {
      state = splitRecords(state, piece, false).state
      heldMax = Math.max(
        heldMax,
        state.held.reduce((sum, { length }) => sum + length, 0),
      )
    }
    assert.ok(heldMax <= rawRecordBytesMax)
    assert.ok(state.oversize)
  })
  test('white space without end is not kept either', () => {
    let state: SplitterState = splitterStart
    for (const piece of chunked(`{"Records":[{"x":1}]${' '.repeat(3 * rawRecordBytesMax)}`))
      state = splitRecords(state, piece, false).state
    assert.equal(state.mode, 'done')
  })
})
