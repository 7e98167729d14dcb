import assert from 'node:assert/strict'
import { parseSearch } from '@opentrail/core/search'
import { test } from 'vitest'
import { readPlace } from '../../shell/place.ts'
import { failed, guessKind, searchHref, subjectOf, timelineHref, timelinesOf } from './timeline-places.ts'

const hostile = 'a" or eventName = "b\\ \u202e&name=c#/x'

test('a name of any form is what is looked for, and nothing more', () => {
  for (const kind of ['resource', 'identity'] as const) {
    const { parameters } = readPlace(searchHref(kind, hostile, '-7d', failed))
    assert.deepEqual(parseSearch(parameters['where'] ?? ''), { kind: 'and', of: [subjectOf(kind, hostile), failed] })
    assert.equal(parameters['from'], '-7d')
    assert.deepEqual(readPlace(timelineHref(kind, hostile)).parameters, { kind, name: hostile })
  }
})

test('an event leads to who did it and to what it was done to, each once', () => {
  const resources = [{ name: 'logs' }, { name: 'logs' }, { name: '' }, { name: 'other' }]
  assert.deepEqual(
    timelinesOf({ username: 'alice', accessKeyId: 'AKIA1', resources }).map(({ text }) => text),
    ['alice', 'logs', 'other'],
  )
  assert.deepEqual(
    timelinesOf({ accessKeyId: 'AKIA1', resources: [] }).map(({ text }) => text),
    ['AKIA1'],
  )
  assert.equal(
    timelinesOf({ resources: Array.from({ length: 100 }, (_, index) => ({ name: `r${index}` })) }).length,
    10,
  )
})

test('whose timeline it is, is guessed from the form of the name', () => {
  const identities = [
    'arn:aws:iam::111122223333:user/alice',
    'arn:aws:sts::111122223333:assumed-role/a/b',
    'AKIAXMPLYN4TR2WJCEVG',
  ]
  assert.deepEqual(identities.map(guessKind), ['identity', 'identity', 'identity'])
  assert.deepEqual(['logs-2026', 'arn:aws:s3:::logs'].map(guessKind), ['resource', 'resource'])
})
