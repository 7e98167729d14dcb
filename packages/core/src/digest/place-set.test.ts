import assert from 'node:assert/strict'
import { test } from 'vitest'
import { PlaceSet } from './place-set.ts'

test('a place is known once it was added, and only then, however many there are', () => {
  const places = new PlaceSet()
  const count = 5000
  const place = (index: number) => ({ bucket: `b${index % 3}`, key: `k${index}` })
  for (let index = 0; index < count; index++) {
    assert.equal(places.has(place(index)), false)
    assert.equal(places.add(place(index)), true)
  }
  for (let index = 0; index < count; index++) {
    assert.equal(places.has(place(index)), true)
    assert.equal(places.add(place(index)), false)
    assert.equal(places.has(place(index + count)), false)
  }
})
