import assert from 'node:assert/strict'
import { test } from 'vitest'
import type { ApiEvent } from '@opentrail/core/api'
import { eventSentence } from './event-sentence.ts'

const event = { eventName: 'DeleteBucket', eventSource: 's3.amazonaws.com', resources: [] } as unknown as ApiEvent

test('an event is one sentence, with as much as it tells', () => {
  assert.equal(eventSentence(event), 'Somebody called DeleteBucket of s3.')
  assert.equal(
    eventSentence({
      ...event,
      username: 'alice',
      sourceIPAddress: '192.0.2.1',
      resources: [{ name: 'logs' }, { name: 'more' }],
    }),
    'alice called DeleteBucket of s3 on logs and 1 more, from 192.0.2.1.',
  )
  assert.equal(
    eventSentence({ ...event, accessKeyId: 'AKIA1', errorCode: 'AccessDenied' }),
    'The holder of AKIA1 tried to call DeleteBucket of s3: AccessDenied.',
  )
})
