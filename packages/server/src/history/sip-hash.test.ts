import assert from 'node:assert/strict'
import { assert as check, property, uint8Array } from 'fast-check'
import { test } from 'vitest'
import { sipHash } from './sip-hash.ts'

const key = Buffer.from(Array.from({ length: 16 }, (_, i) => i))
const counting = (length: number) => Buffer.from(Array.from({ length }, (_, i) => i))
const hash = (bytes: Buffer, k = key) => {
  const { low, high } = sipHash(k, bytes, bytes.length)
  return (BigInt(high) << 32n) | BigInt(low)
}

test('the published vectors of SipHash-2-4', () => {
  assert.equal(hash(counting(0)), 0x726fdb47dd0e0e31n)
  assert.equal(hash(counting(1)), 0x74f839c593dc67fdn)
  assert.equal(hash(counting(8)), 0x93f5f5799a932462n)
  assert.equal(hash(counting(15)), 0xa129ca6149be45e5n)
})

const bytes = (minLength: number, maxLength: number) => uint8Array({ minLength, maxLength })

test('any key and any bytes hash as the definition in 64-bit arithmetic says', () => {
  check(
    property(bytes(16, 16), bytes(0, 300), (k, data) => {
      assert.equal(hash(Buffer.from(data), Buffer.from(k)), defined(Buffer.from(k), Buffer.from(data)))
    }),
    { numRuns: 300 },
  )
})

function defined(k: Buffer, data: Buffer): bigint {
  const mask = (1n << 64n) - 1n
  const rotate = (value: bigint, by: bigint) => ((value << by) | (value >> (64n - by))) & mask
  const k0 = k.readBigUInt64LE(0)
  const k1 = k.readBigUInt64LE(8)
  let a = k0 ^ 0x736f6d6570736575n
  let b = k1 ^ 0x646f72616e646f6dn
  let c = k0 ^ 0x6c7967656e657261n
  let d = k1 ^ 0x7465646279746573n
  const rounds = (count: number) => {
    for (let i = 0; i < count; i++) {
      a = (a + b) & mask
      b = rotate(b, 13n) ^ a
      a = rotate(a, 32n)
      c = (c + d) & mask
      d = rotate(d, 16n) ^ c
      a = (a + d) & mask
      d = rotate(d, 21n) ^ a
      c = (c + b) & mask
      b = rotate(b, 17n) ^ c
      c = rotate(c, 32n)
    }
  }
  const padded = Buffer.alloc((Math.floor(data.length / 8) + 1) * 8)
  data.copy(padded)
  padded[padded.length - 1] = data.length & 0xff
  for (let at = 0; at < padded.length; at += 8) {
    const word = padded.readBigUInt64LE(at)
    d ^= word
    rounds(2)
    a ^= word
  }
  c ^= 0xffn
  rounds(4)
  return a ^ b ^ c ^ d
}
