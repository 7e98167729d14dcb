import assert from 'node:assert/strict'
import { test } from 'vitest'
import { sipHash } from './sip-hash.ts'
import { createValueHasher } from './value-hasher.ts'

const key = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
const direct = (value: string) => sipHash(key, Buffer.from(value), Buffer.byteLength(value))

test('a value hashes as its UTF-8 bytes, remembered or not, through many generations of the cache', () => {
  const hasher = createValueHasher(key)
  const values = ['', 'a', '\u00e9\u{1f600}', 'x'.repeat(256), 'x'.repeat(257), '\u20ac'.repeat(5_000)]
  for (let round = 0; round < 3; round++) {
    for (const value of values)
      for (const repeats of [true, false]) assert.deepEqual(hasher.hash(value, repeats), direct(value))
    for (let i = 0; i < 12_000; i++) hasher.hash(`value ${round} ${i}`, true)
  }
})

test('the same value again and again, and one after another, as it is', () => {
  const hasher = createValueHasher(key)
  for (const value of ['a', 'a', '', '', 'b', 'a']) assert.deepEqual(hasher.hash(value, false), direct(value))
})

test('another key gives other hashes', () => {
  assert.notDeepEqual(createValueHasher(Buffer.alloc(16, 1)).hash('a', true), direct('a'))
})
