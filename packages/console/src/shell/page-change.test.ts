import assert from 'node:assert/strict'
import { test } from 'vitest'
import { titleOf } from './page-change.ts'
import { readPlace } from './place.ts'

test('a page is called by what it is about, without characters that cannot be seen', () => {
  assert.equal(titleOf(readPlace('#/events')), 'Event history – OpenTrail')
  assert.equal(titleOf(readPlace('#/nowhere')), 'Event history – OpenTrail')
  assert.equal(titleOf(readPlace('#/ask?question=Who%20was%20it%3F')), 'Who was it? – Ask – OpenTrail')
  assert.equal(titleOf(readPlace('#/timelines?kind=identity&name=a%E2%80%AEb')), 'aU+202Eb – Timelines – OpenTrail')
})
