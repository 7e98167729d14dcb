import assert from 'node:assert/strict'
import { test } from 'vitest'
import { uniquePart, uniquePartBytes } from './index.ts'

test('every letter and digit comes from equally many bytes, and bytes that would tip the balance are skipped', () => {
  const times = new Map<string, number>()
  for (let byte = 0; byte < 256; byte++) {
    const bytes = [byte, ...Array.from({ length: 16 }, () => 0)]
    const [first] = uniquePart(Uint8Array.from(bytes))
    times.set(first!, (times.get(first!) ?? 0) + 1)
  }
  // 'A' is what the zeros behind a skipped byte give: eight more.
  assert.equal(times.size, 62)
  for (const [letter, count] of times) assert.equal(count, letter === 'A' ? 12 : 4, letter)
})

test('it has 16 of [A-Za-z0-9], or there is none', () => {
  const bytes = Uint8Array.from({ length: uniquePartBytes }, (_, index) => index * 5)
  assert.match(uniquePart(bytes), /^[A-Za-z0-9]{16}$/)
  assert.throws(() => uniquePart(new Uint8Array(15)), RangeError)
  assert.throws(() => uniquePart(new Uint8Array(64).fill(255)), RangeError)
})
