import assert from 'node:assert/strict'
import { test } from 'vitest'
import { formatSearch, parseSearch } from '@opentrail/core/search'
import { expressionOf, queryOf } from './property-filter-query.ts'

test('what the filter can say becomes tokens and the same search again', () => {
  for (const text of [
    '',
    'eventName = DeleteTrail',
    'eventName != DeleteTrail',
    'eventName in (DeleteTrail, StopLogging)',
    'username = alice and not denied and errorCode = AccessDenied',
    'username = alice or username = bob',
    'sourceIPAddress = 203.0.113.*',
    'requestParameters.bucketName ~ logs and readOnly = false',
    '"two words"',
  ]) {
    const query = queryOf(parseSearch(text))
    assert.ok(query, text)
    const again = expressionOf(query)
    assert.equal(again ? formatSearch(again) : '', text)
  }
})

test('what it cannot say stays text', () => {
  for (const text of [
    'username = alice and (errorCode = a or errorCode = b)',
    'requestParameters.items[*].id = 1',
    'requestParameters.size > 5',
    'errorCode exists',
    'eventName = *Trail',
    'not (a and b)',
  ])
    assert.equal(queryOf(parseSearch(text)), undefined, text)
})
