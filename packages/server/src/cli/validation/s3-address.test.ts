import assert from 'node:assert/strict'
import { test } from 'vitest'
import { s3Address } from './s3-address.ts'

test.each<[string | undefined, string, string, string, string]>([
  ['http://127.0.0.1:9000', 'eu-west-1', 'logs', 'http://127.0.0.1:9000', '/logs'],
  ['https://store.example.org/s3/', 'eu-west-1', 'my.logs', 'https://store.example.org', '/s3/my.logs'],
  [undefined, 'eu-west-1', 'logs', 'https://logs.s3.eu-west-1.amazonaws.com', ''],
  // A certificate for one level of names does not fit it.
  [undefined, 'us-east-1', 'my.logs', 'https://s3.us-east-1.amazonaws.com', '/my.logs'],
  [undefined, 'cn-north-1', 'logs', 'https://logs.s3.cn-north-1.amazonaws.com.cn', ''],
  [undefined, 'us-gov-west-1', 'logs', 'https://logs.s3.us-gov-west-1.amazonaws.com', ''],
  // Names come from digests, too, and are untrusted.
  [undefined, 'eu-west-1', 'evil.example/', 'https://s3.eu-west-1.amazonaws.com', '/evil.example%2F'],
])('%s, %s: the bucket %s is at %s%s', (endpoint, region, bucket, origin, path) => {
  assert.deepEqual(s3Address(endpoint, region, bucket), { origin, path })
})
