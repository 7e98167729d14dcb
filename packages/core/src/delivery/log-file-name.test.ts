import assert from 'node:assert/strict'
import { test } from 'vitest'
import { parseLogFileName } from './log-file-name.ts'

const name = '210000000001_CloudTrail_eu-west-1_20260304T1015Z_0aZ9bY8cX7dW6eV5.json.gz'

test('a name tells account, Region, kind and time, packed or not, of all years', () => {
  const stamp = Date.UTC(2026, 2, 4, 10, 15)
  const parsed = { account: '210000000001', region: 'eu-west-1', kind: 'CloudTrail', stamp }
  assert.deepEqual(parseLogFileName(name), parsed)
  assert.deepEqual(parseLogFileName(name.replace('.gz', '')), parsed)
  assert.deepEqual(parseLogFileName(name.replace('Z_0a', 'Z0a')), parsed)
  const insight = name.replace('CloudTrail', 'CloudTrail-Insight')
  assert.deepEqual(parseLogFileName(insight), { ...parsed, kind: 'CloudTrail-Insight' })
})

test.each([
  name.replace('CloudTrail', 'CloudTrail-Digest'),
  name.replace('20260304', '20260231'),
  name.replace('T1015', 'T2515'),
  name.replace('eu-west-1', 'EU'),
  `a/${name}`,
  `${name}.tmp`,
  '1'.repeat(300),
])('%s is no name of a log file', (other) => {
  assert.equal(parseLogFileName(other), undefined)
})
