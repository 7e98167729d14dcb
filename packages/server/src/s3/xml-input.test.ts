import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { asRecorded, childrenOf, numberOf, parseXml, textOf, wordOf } from './xml-input.ts'
import { element, escapeText, plainDocument } from './xml.ts'

const read = (text: string) => parseXml(Buffer.from(text))
const refused = { code: 'MalformedXML' }

describe('documents', () => {
  test('elements, attributes, prefixes, CDATA, comments and references are read', () => {
    const root = read(
      '\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<!-- a > b --><s3:Delete xmlns:s3="urn:x" a=\'<\'>'.replace(
        "'<'",
        "'&lt;'",
      ) + '<Key> a&amp;&#x62;&#99; </Key><Key><![CDATA[<d>&amp;]]></Key><Quiet/></s3:Delete>',
    )
    const { Key, Quiet } = childrenOf(root, ['Key', 'Quiet'])
    assert.deepEqual(
      Key.map(({ text }) => text),
      [' a&bc ', '<d>&amp;'],
    )
    assert.equal(textOf(Quiet), '')
    assert.deepEqual(asRecorded(root), { Key: [' a&bc ', '<d>&amp;'], Quiet: '' })
  })

  test('any text comes back as it was written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (text) => {
        fc.pre(text.isWellFormed() && !text.includes('\0'))
        const root = read(plainDocument(element('A', [element('K', text)])))
        assert.equal(textOf(childrenOf(root, ['K']).K), text)
      }),
    )
  })

  test.each([
    '',
    'text',
    '<a>',
    '<a></b>',
    '</a>',
    '<a/><b/>',
    '<a/>x',
    '<a>&nbsp;</a>',
    '<a>&#0;</a>',
    '<a>&#xd800;</a>',
    '<a>& b</a>',
    '<a>x<b/></a>'.replace('<b/>', '<b/>y'),
    '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    '<?php?><a/>',
    '<a b=c/>',
    '<a b="<"/>',
    '<a><!-- </a>',
    '<a><![CDATA[</a>',
    `${'<a>'.repeat(17)}${'</a>'.repeat(17)}`,
    `<a>${'<b/>'.repeat(100_000)}</a>`,
    `<${'n'.repeat(129)}/>`,
    '<a>\u0001</a>',
  ])('%.60s is refused', (text) => {
    assert.throws(() => read(text), refused)
  })

  test('what is no UTF-8 is refused', () => {
    assert.throws(() => parseXml(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e])), refused)
  })

  test('elements that S3 does not have, or has once, are refused', () => {
    const root = read('<A><B>1</B><B>2</B><C>x</C></A>')
    assert.throws(() => childrenOf(root, ['B']), refused)
    const { B, C } = childrenOf(root, ['B', 'C'])
    assert.throws(() => textOf(B), refused)
    assert.throws(() => numberOf(C), refused)
    assert.throws(() => wordOf(C, ['y']), refused)
    assert.equal(wordOf(C, ['x']), 'x')
  })
})

test('markup of a hostile text never grows elements', () => {
  assert.equal(escapeText('<a>&"\u0001'), '&lt;a&gt;&amp;&quot;&#x1;')
})
