import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'vitest'
import { ApiError } from '../operations/index.ts'
import { checkAttributes, checkText, md5OfAttributes, messageBytes } from './message-content.ts'
import { createReceiptHandles } from './receipt-handle.ts'
import type { MessageAttribute } from './queue-sink.ts'

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')
const text = (stringValue: string, dataType = 'String'): MessageAttribute => ({ dataType, stringValue })

describe('message attributes', () => {
  test('the digest that AWS documents for two attributes', () => {
    // By hand: lengths in four bytes, big-endian, before name, type and value; 1 for text, 2 for bytes.
    const attributes = { b: { dataType: 'Binary', binaryValue: Uint8Array.of(1, 2) }, a: text('x') }
    const digested = Buffer.from(
      '0000000161' +
        '00000006537472696e67' +
        '01' +
        '0000000178' +
        '0000000162' +
        '0000000642696e617279' +
        '02' +
        '000000020102',
      'hex',
    )
    assert.equal(md5OfAttributes(attributes), md5(digested))
    assert.equal(md5OfAttributes({}), undefined)
    assert.equal(messageBytes('é', attributes), 2 + (1 + 6 + 2) + (1 + 6 + 1))
  })

  test('names, types and values that are not taken', () => {
    checkAttributes({ 'a.b-c_1': text('1e3', 'Number.float'), ok: text('x', 'String.custom type'.replace(' ', '_')) })
    const refused: Record<string, MessageAttribute>[] = [
      { 'AWS.x': text('x') },
      { 'amazon.x': text('x') },
      { '.a': text('x') },
      { 'a..b': text('x') },
      { 'a b': text('x') },
      { ['a'.repeat(257)]: text('x') },
      { a: text('x', 'Text') },
      { a: text('') },
      { a: text('one', 'Number') },
      { a: text('x', 'Binary') },
      { a: { dataType: 'String', stringValue: 'x', binaryValue: Uint8Array.of(1) } },
      Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`a${at}`, text('x')])),
    ]
    for (const attributes of refused)
      assert.throws(() => checkAttributes(attributes), ApiError, JSON.stringify(attributes))
  })

  test('what XML cannot carry is no message', () => {
    for (const body of ['\u0000', '\u001f', '\ufffe', '\ud800']) assert.throws(() => checkText(body), ApiError)
    checkText('\t\n\r \u0085 \u2028 😀 \ufffd')
  })
})

test('a receipt handle opens to what it was made for, and to nothing else', () => {
  const handles = createReceiptHandles(Buffer.alloc(32, 1))
  const receipt = { queueId: 'id-1', sequence: 12, receives: 3 }
  const handle = handles.seal(receipt)
  assert.deepEqual(handles.open(handle), receipt)
  assert.equal(createReceiptHandles(Buffer.alloc(32, 2)).open(handle), undefined)
  const bytes = Buffer.from(handle, 'base64')
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at]! ^= 1
    assert.equal(handles.open(changed.toString('base64')), undefined, `byte ${at}`)
  }
  for (const other of ['', 'x', `${handle}=`, handle.slice(1), ' '.repeat(2_000)])
    assert.equal(handles.open(other), undefined)
})
