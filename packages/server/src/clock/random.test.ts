import assert from 'node:assert/strict'
import { test } from 'vitest'
import { systemRandom } from './random.ts'

test('no byte is handed out twice, and what was handed out stays as it is', () => {
  const taken = Array.from({ length: 2_000 }, () => systemRandom.bytes(16))
  const texts = taken.map((bytes) => Buffer.from(bytes).toString('hex'))
  systemRandom.bytes(4_096)
  assert.equal(new Set(texts).size, taken.length)
  assert.deepEqual(
    taken.map((bytes) => Buffer.from(bytes).toString('hex')),
    texts,
  )
})

test('any number of bytes is given, also more than are asked for at a time', () => {
  for (const length of [0, 1, 4_095, 4_096, 4_097, 100_000]) {
    const bytes = systemRandom.bytes(length)
    assert.equal(bytes.length, length)
    if (length >= 32) assert.ok(bytes.subarray(-32).some((byte) => byte !== 0))
  }
})
