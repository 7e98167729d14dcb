import assert from 'node:assert/strict'
import { test } from 'vitest'
import { s3Failure } from './buckets.ts'

test.for([
  [403, 'AccessDenied', 'denied'],
  [403, 'InvalidAccessKeyId', 'signed-out'],
  [403, 'ExpiredToken', 'signed-out'],
  [404, 'NoSuchBucket', 'missing'],
  [409, 'BucketAlreadyExists', 'invalid'],
  [503, 'SlowDown', 'throttled'],
  [500, 'InternalError', 'unavailable'],
] as const)('%s %s is %s', ([status, code, kind]) => {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>&lt;b&gt; &amp;quot; no</Message></Error>`
  const failure = s3Failure(status, body, 'R1')
  assert.deepEqual(
    [failure.kind, failure.code, failure.message, failure.requestId],
    [kind, code, '<b> &quot; no', 'R1'],
  )
})

test('what a proxy says in S3’s place is a failure, too', () => {
  const failure = s3Failure(502, '<html>Bad gateway</html>', undefined)
  assert.deepEqual([failure.kind, failure.code], ['unavailable', ''])
})
