import assert from 'node:assert/strict'
import { test } from 'vitest'
import { checkJoint } from './link-parts.ts'

const place = { bucket: 'logs', key: 'manifest' }
const head = (size: number) => ({ size, root: new Uint8Array(32).fill(size) })
const kinds = (...joint: Parameters<typeof checkJoint>): string[] => checkJoint(...joint).map(({ kind }) => kind)

test('manifests of a trail made again begin before those of the deleted one end, which is a gap; others may not', () => {
  assert.deepEqual(kinds(head(9), { place, head: head(7), isFirst: true }), ['manifests-restarted'])
  assert.deepEqual(kinds(head(9), { place, head: head(7), isFirst: false }), ['sequence-overlap'])
  const lost = { from: 7, to: 10 }
  assert.deepEqual(kinds(head(9), { place, head: head(10), isFirst: true, lost }), ['sequence-overlap'])
})
