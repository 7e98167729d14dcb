import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { describe, test } from 'vitest'
import { compactJson, jsonDepthMax, JsonOutline } from './json-outline.ts'
import { NameTable } from './name-table.ts'

const many = (count: number) => Array.from({ length: count }, (_, k) => `"k${k}":${k}`).join()

const nested = (levels: number) => '{"a":'.repeat(levels - 1) + '{}' + '}'.repeat(levels - 1)

const outline = new JsonOutline(new NameTable(['watchme']))
const faultOf = (text: string) => outline.scan(Buffer.from(text))?.code

/** Rebuilds the value from the outline: proves keys, spans and the links between entries. */
function rebuild(entry = 0): unknown {
  const behind = outline.next[entry]!
  if (!outline.isObject(entry) && !outline.isArray(entry)) {
    assert.equal(behind, entry + 1)
    return outline.isString(entry) ? outline.string(entry) : JSON.parse(outline.valueText(entry))
  }
  const children: [string, unknown][] = []
  for (let child = entry + 1; child < behind; child = outline.next[child]!)
    children.push([outline.isObject(entry) ? outline.key(child) : '', rebuild(child)])
  return outline.isArray(entry) ? children.map(([, value]) => value) : Object.fromEntries(children)
}

test('an outline says what JSON.parse says, for any object, spaced or not', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()),
      fc.constantFrom(undefined, 1),
      (object, indent) => {
        const text = JSON.stringify(object, null, indent)
        assert.equal(faultOf(text), undefined, text)
        assert.deepEqual(JSON.stringify(rebuild()), JSON.stringify(JSON.parse(text)))
        assert.equal(compactJson(Buffer.from(text)).toString(), JSON.stringify(object))
      },
    ),
  )
})

test('what JSON.parse refuses is refused, and nothing else but what the outline adds', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '"b"',
    '1',
    '-',
    '0',
    '.5',
    'e3',
    'E+',
    'true',
    'nul',
    'null',
    ' ',
    '\n',
    '\\',
    '\\u',
    '00e9',
    '\u0001',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      const text = `{"k":${pieces.join('')}}`
      let isJson = true
      try {
        JSON.parse(text)
      } catch {
        isJson = false
      }
      const fault = faultOf(text)
      if (fault === 'DuplicateKey') return
      assert.equal(fault === undefined, isJson, text)
    }),
    { numRuns: 5000 },
  )
})

describe('beyond the grammar', () => {
  test('a key twice in one object, at any depth, however it is written', () => {
    assert.equal(faultOf('{"a":1,"b":2,"a":3}'), 'DuplicateKey')
    assert.equal(faultOf('{"x":[{"y":{"a":1,"\\u0061":2}}]}'), 'DuplicateKey')
    assert.equal(faultOf('{"x":[{"é":1,"\\u00e9":2}]}'), 'DuplicateKey')
    assert.equal(faultOf('{"a":{"a":1},"b":{"a":1}}'), undefined)
    assert.equal(faultOf('{"ab":1,"AB":2,"a-b":3,"a_b":4}'), undefined)
  })
  test('also among many keys, behind a nested object with many keys', () => {
    assert.equal(faultOf(`{${many(500)},"n":{${many(100)}},"k3":1}`), 'DuplicateKey')
    assert.equal(faultOf(`{${many(500)},"n":{${many(100)}},"k500":1}`), undefined)
    // A scan that failed has left nothing behind.
    assert.equal(faultOf(`{${many(100)},"k100":1}`), undefined)
    assert.equal(faultOf(`{${many(40)},"k\\u0033":1}`), 'DuplicateKey')
  })
  test('half a surrogate pair', () => {
    for (const lone of ['\\ud800', '\\udc00', '\\ud800x', '\\ud800\\ud800', '\\ud800\\n']) {
      assert.equal(faultOf(`{"a":"${lone}"}`), 'LoneSurrogate', lone)
      assert.equal(faultOf(`{"${lone}":1}`), 'LoneSurrogate', lone)
    }
    assert.equal(faultOf('{"a":"\\ud83d\\uDE00\\u0000"}'), undefined)
  })
  test('too many levels', () => {
    assert.equal(faultOf(nested(jsonDepthMax)), undefined)
    assert.equal(faultOf(nested(jsonDepthMax + 1)), 'TooDeep')
  })
  test('anything but one object', () => {
    for (const text of ['', ' ', '[]', '1', '"a"', 'null', '{}{}', '{} x', '\ufeff{}'])
      assert.equal(faultOf(text), 'InvalidJson', text)
  })
  test('watched names are seen in any spelling', () => {
    for (const name of ['WatchMe', 'watch-me', 'WATCH_ME', 'w\\u0061tchme']) {
      assert.equal(faultOf(`{"x":{"${name}":1}}`), undefined)
      assert.equal(outline.watched, true, name)
    }
    assert.equal(faultOf('{"watchmetoo":1}'), undefined)
    assert.equal(outline.watched, false)
  })
})
