import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { cleanBucket } from './clean-bucket.testing.ts'
import { verifyObjects } from './verify-objects.testing.ts'

describe('clean buckets', () => {
  test('nothing is found but the stop of a trail', () => {
    const { objects, chains, keys } = cleanBucket()
    const findings = verifyObjects(objects, chains, keys)
    assert.deepEqual(
      findings.map(({ kind, data }) => [kind, data['from'], data['to']]),
      [['gap', '2026-03-05T02:11:12Z', '2026-03-05T05:35:12Z']],
    )
  })
})
