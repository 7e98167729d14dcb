import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { hrefOf, readPlace } from './place.ts'

test('a place is found again by its address', () => {
  const parameters = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ unit: 'grapheme', minLength: 1 }))
  fc.assert(
    fc.property(parameters, (given) => {
      const { __proto__: _, ...own } = given
      assert.deepEqual(readPlace(hrefOf('/events', own)), { path: '/events', parameters: { ...own } })
    }),
  )
})

test('an address that is none leads to the event history', () => {
  for (const hash of ['', '#', '#x', '#sign-in=abc']) assert.equal(readPlace(hash).path, '/events')
})
