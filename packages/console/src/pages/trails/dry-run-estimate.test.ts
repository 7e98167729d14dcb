import assert from 'node:assert/strict'
import { test } from 'vitest'
import { bytesText } from './bytes-text.ts'
import { dryRunEstimate, dryRunRequest } from './dry-run-estimate.ts'

test('a sample stands for all of it, and says so', () => {
  const answer = { events: 100, selected: 50, selectedBytes: 5_000, byEventSource: [] }
  assert.deepEqual(dryRunEstimate(answer, 5), { eventsText: '50 of 100', bytes: 5_000, perDay: 10, bytesPerDay: 1_000 })
  const sampled = dryRunEstimate({ ...answer, sampleOf: 1_000 }, 5)
  assert.deepEqual([sampled.eventsText, sampled.bytes, sampled.perDay], ['about 500 of 1,000', 50_000, 100])
  assert.match(sampled.sampleText ?? '', /100 of 1,000/)
  assert.equal(dryRunEstimate({ ...answer, events: 0, selected: 0, sampleOf: 0 }, 5).eventsText, '0 of 0')
})

test('one kind of selectors is sent', () => {
  assert.deepEqual(Object.keys(dryRunRequest({ EventSelectors: [{}] }, 7, ['eu-west-1'])), [
    'eventSelectors',
    'days',
    'regions',
  ])
  assert.deepEqual(Object.keys(dryRunRequest({ AdvancedEventSelectors: [] }, 7, undefined)), [
    'advancedEventSelectors',
    'days',
  ])
})

test('bytes are told in the unit that is read best', () => {
  assert.deepEqual([0, 999, 1_000, 15_400, 2_340_000, 3e15].map(bytesText), [
    '0 bytes',
    '999 bytes',
    '1.0 KB',
    '15 KB',
    '2.3 MB',
    '3000 TB',
  ])
})
