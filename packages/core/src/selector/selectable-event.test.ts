import assert from 'node:assert/strict'
import { test } from 'vitest'
import { selectableEvent } from './index.ts'
import { eventOf, routingOf } from './selector.testing.ts'

const detailsOf = (record: Readonly<Record<string, unknown>>) => eventOf({ record }).details()

test('the details are those of the record', () => {
  assert.deepEqual(
    detailsOf({
      eventType: 'AwsApiCall',
      userIdentity: { arn: 'arn:aws:iam::111122223333:user/kim', invokedBy: 'cloudtrail.amazonaws.com' },
      vpcEndpointId: 'vpce-1',
      errorCode: 'AccessDenied',
      sessionCredentialFromConsole: 'true',
      resources: [
        { type: 'AWS::S3::Object', ARNPrefix: 'arn:aws:s3:::b/' },
        { accountId: '111122223333', type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::b' },
        { ARN: 'arn:aws:s3:::c' },
        {},
      ],
    }),
    {
      eventType: 'AwsApiCall',
      userIdentityArn: 'arn:aws:iam::111122223333:user/kim',
      invokedBy: 'cloudtrail.amazonaws.com',
      vpcEndpointId: 'vpce-1',
      errorCode: 'AccessDenied',
      sessionCredentialFromConsole: true,
      resources: [
        { type: 'AWS::S3::Object', arn: 'arn:aws:s3:::b/' },
        { type: 'AWS::S3::Bucket', arn: 'arn:aws:s3:::b' },
        { arn: 'arn:aws:s3:::c' },
        {},
      ],
    },
  )
})

test('members that are missing or of another type are absent', () => {
  const empty = { resources: [] }
  assert.deepEqual(detailsOf({}), empty)
  const odd = [null, 1, [], {}, true]
  for (const value of odd)
    assert.deepEqual(
      detailsOf({ eventType: value, userIdentity: value, vpcEndpointId: value, errorCode: value, resources: value }),
      empty,
    )
  for (const value of ['false', false, 'TRUE', 1, null])
    assert.deepEqual(detailsOf({ sessionCredentialFromConsole: value }), empty)
  assert.equal(detailsOf({ sessionCredentialFromConsole: true }).sessionCredentialFromConsole, true)
  assert.deepEqual(detailsOf({ resources: [null, 'x', [], { type: 1, ARN: 2, ARNPrefix: 'p' }] }).resources, [
    { arn: 'p' },
  ])
})

test('a record that cannot be parsed has no details, and its envelope still counts', () => {
  for (const text of ['', '{', 'null', '[]', '"x"', '{"a":"\u{FFFD}']) {
    const event = selectableEvent(routingOf({ eventName: 'GetObject' }), Buffer.from(text))
    assert.deepEqual(event.details(), { resources: [] })
    assert.equal(event.eventName, 'GetObject')
  }
})

test('the record is parsed once', () => {
  const bytes = Buffer.from('{"eventType":"AwsApiCall"}')
  const event = selectableEvent(routingOf({}), bytes)
  const details = event.details()
  bytes.fill(0)
  assert.equal(event.details(), details)
  assert.equal(details.eventType, 'AwsApiCall')
})
