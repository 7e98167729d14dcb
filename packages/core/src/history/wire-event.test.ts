import assert from 'node:assert/strict'
import { test } from 'vitest'
import type { Envelope, RoutingFields, Sequence, StoredEntry, StreamId } from '../event/index.ts'
import { toWireEvent } from './index.ts'

const encode = (text: string) => new TextEncoder().encode(text)

function stored(event: Partial<RoutingFields>, record: string): StoredEntry {
  const envelope: Envelope = {
    version: 1,
    configVersion: 1,
    origin: 'producer',
    principal: 'arn:aws:iam::111122223333:user/ana',
    event: {
      eventId: 'b1f6c3a0-0000-4000-8000-000000000001',
      eventTime: 1_790_000_000_000,
      eventSource: 'iam.amazonaws.com',
      eventName: 'CreateUser',
      category: 'Management',
      resources: [],
      ...event,
    },
  }
  return {
    stream: '111122223333/us-east-1' as StreamId,
    sequence: 1 as Sequence,
    admittedAt: 1_790_000_001_000,
    idKey: new Uint8Array(16),
    recordHash: new Uint8Array(32),
    envelope: encode(JSON.stringify(envelope)),
    record: encode(record),
  }
}

test('every member comes from the envelope, the record text byte for byte', () => {
  const record = '{"eventVersion":"1.08","n":2.0,"big":12345678901234567890,"10":1,"2":"\u00e9\u{1f600}"}'
  const event = toWireEvent(
    stored(
      {
        readOnly: false,
        username: 'ana',
        accessKeyId: 'AKIAEXAMPLE',
        resources: [{ type: 'AWS::IAM::User', name: 'bob' }, { name: 'x' }],
      },
      record,
    ),
  )
  assert.deepEqual(event, {
    EventId: 'b1f6c3a0-0000-4000-8000-000000000001',
    EventName: 'CreateUser',
    ReadOnly: 'false',
    AccessKeyId: 'AKIAEXAMPLE',
    EventTime: 1_790_000_000,
    EventSource: 'iam.amazonaws.com',
    Username: 'ana',
    Resources: [{ ResourceType: 'AWS::IAM::User', ResourceName: 'bob' }, { ResourceName: 'x' }],
    CloudTrailEvent: record,
  })
})

test('what the record does not have is absent, resources are an empty list', () => {
  const event = toWireEvent(stored({}, '{}'))
  assert.deepEqual(Object.keys(event), [
    'EventId',
    'EventName',
    'EventTime',
    'EventSource',
    'Resources',
    'CloudTrailEvent',
  ])
  assert.deepEqual(event.Resources, [])
  assert.equal(toWireEvent(stored({ readOnly: true }, '{}')).ReadOnly, 'true')
})
