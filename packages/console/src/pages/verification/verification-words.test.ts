import assert from 'node:assert/strict'
import type { ApiVerification, ApiVerifiedTrail } from '@opentrail/core/api'
import { describe, test } from 'vitest'
import { findingRows, ratioText, statusOf, trailName, unknowns } from './verification-words.ts'

const found = { kind: 'gap', severity: 'gap', object: 'logs/AWSLogs/', sentence: 'There is a gap.' } as const
const trail: ApiVerifiedTrail = {
  arn: 'arn:aws:cloudtrail:eu-west-1:210000000001:trail/audit',
  account: '210000000001',
  region: 'eu-west-1',
  outcome: 'valid',
  digests: { valid: 3, invalid: 0, unsigned: 0 },
  logFiles: { valid: 1, invalid: 0, unsigned: 0 },
  findings: [found],
  findingsLeftOut: 2,
}
const done: ApiVerification = {
  state: 'done',
  outcome: 'valid',
  checked: { digests: 3, logFiles: 1 },
  trails: [trail],
  unproven: [],
  notKnown: ['Whether the newest digests were deleted.'],
}
const unsigned = { ...trail, digests: { valid: 2, invalid: 0, unsigned: 1 } }

describe('the status of a verification', () => {
  test.for<[string, Partial<ApiVerification>, string, RegExp]>([
    ['running', { state: 'running' }, 'in-progress', /3 digests and 1 log file so far/],
    ['failed', { state: 'failed' }, 'error', /could not be finished, after 3 digests/],
    ['valid', {}, 'success', /^3 digests and 1 log file are as they were delivered/],
    ['invalid', { outcome: 'invalid', trails: [{ ...trail, outcome: 'invalid' }, trail] }, 'error', /in 1 of 2 chains/],
    ['incomplete', { outcome: 'incomplete' }, 'warning', /more that could not be verified/],
    ['valid, without some signatures', { trails: [unsigned] }, 'warning', /more that could not be verified/],
  ])('%s', ([, changes, type, text]) => {
    const status = statusOf({ ...done, ...changes })
    assert.equal(status.type, type)
    assert.match(status.text, text)
  })
})

test('numbers of a trail say what was left out', () => {
  assert.equal(trailName(trail), 'audit')
  assert.equal(ratioText(trail.digests), '3 of 3 valid')
  assert.equal(ratioText(unsigned.digests), '2 of 2 valid, 1 without a signature')
})

test('findings of all trails have ids of their own; those that are not named are counted', () => {
  const { rows, leftOut } = findingRows([trail, trail])
  assert.deepEqual([new Set(rows.map(({ id }) => id)).size, leftOut], [2, 4])
})

test('log files without digests are among what is not known', () => {
  const [first, second] = unknowns({ ...done, unproven: [{ account: '210000000002', region: 'us-east-1' }] })
  assert.match(first ?? '', /account 210000000002, Region us-east-1/)
  assert.equal(second, done.notKnown[0])
})
