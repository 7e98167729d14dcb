import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'vitest'
import { attributeValues, forEachSearchValue } from './attribute-values.ts'
import { matchesSearch } from './compile-search.ts'
import { searchAttributes } from './expression.ts'
import { eventOf, randomEvents } from './search.testing.ts'
import { searchedEvent, type SearchedEvent } from './searched-event.ts'

const identity = {
  type: 'AssumedRole',
  principalId: 'AROAEXAMPLE:kim',
  arn: 'arn:aws:sts::210000000001:assumed-role/Admin/kim',
  accessKeyId: 'ASIAEXAMPLE',
  sessionContext: { sessionIssuer: { arn: 'arn:aws:iam::210000000001:role/Admin' } },
}
const details = {
  userIdentity: identity,
  eventSource: 's3.amazonaws.com',
  eventName: 'DeleteBucket',
  sourceIPAddress: '203.0.113.7',
  userAgent: 'aws-cli/2',
  errorCode: 'AccessDenied',
}
const all = (record: object): Record<string, readonly string[]> => {
  const event = eventOf(record)
  return Object.fromEntries(searchAttributes.map((attribute) => [attribute, attributeValues(event, attribute)]))
}

test('each attribute is read where the record has it', () => {
  const resources = [
    { ARN: 'arn:aws:s3:::logs', type: 'AWS::S3::Bucket' },
    { ARN: 'arn:aws:s3:::logs2', type: 'AWS::S3::Bucket' },
  ]
  assert.deepEqual(
    all({ ...details, readOnly: false, eventType: 'AwsApiCall', eventCategory: 'Management', resources }),
    {
      eventName: ['DeleteBucket'],
      eventSource: ['s3.amazonaws.com'],
      username: ['kim'],
      'userIdentity.arn': [identity.arn],
      'userIdentity.principalId': [identity.principalId],
      'userIdentity.accessKeyId': ['ASIAEXAMPLE'],
      'userIdentity.sessionContext.sessionIssuer.arn': ['arn:aws:iam::210000000001:role/Admin'],
      sourceIPAddress: ['203.0.113.7'],
      userAgent: ['aws-cli/2'],
      errorCode: ['AccessDenied'],
      eventType: ['AwsApiCall'],
      eventID: ['e-1'],
      eventCategory: ['Management'],
      readOnly: ['false'],
      resource: ['arn:aws:s3:::logs', 'arn:aws:s3:::logs2'],
      resourceType: ['AWS::S3::Bucket'],
    },
  )
})

test('insights are known by what they are about', () => {
  const values = all({ eventCategory: 'Insight', insightDetails: details })
  assert.deepEqual(values['eventName'], ['DeleteBucket'])
  assert.deepEqual(values['userIdentity.arn'], [identity.arn])
  assert.deepEqual(values['userIdentity.accessKeyId'], ['ASIAEXAMPLE'])
  assert.deepEqual(values['errorCode'], ['AccessDenied'])
})

test('missing, empty and other values than texts are none', () => {
  const values = all({ eventName: '', errorCode: '', sourceIPAddress: 5, userIdentity: { arn: ['x'] } })
  for (const [attribute, found] of Object.entries(values))
    assert.equal(found.length, attribute === 'eventID' || attribute === 'eventCategory' ? 1 : 0, attribute)
})

function indexedValues({ record, fields }: SearchedEvent): string[][] {
  const indexed: string[][] = searchAttributes.map(() => [])
  forEachSearchValue(record, fields, (place, value) => indexed[place]!.push(value))
  return indexed
}

test('the values for the index are the ones that searches compare, and each finds its event', () => {
  fc.assert(
    fc.property(randomEvents, (event) => {
      const indexed = indexedValues(event)
      for (const [place, attribute] of searchAttributes.entries()) {
        assert.deepEqual(indexed[place], attributeValues(event, attribute))
        for (const value of indexed[place] ?? []) {
          assert.ok(value.length > 0 && value.length <= 2_000)
          assert.ok(matchesSearch({ kind: 'attribute', attribute, values: [value] }, event))
        }
      }
    }),
  )
})

test('a value too long for the index is found by its whole and by its beginning, whole characters of it', () => {
  const userAgent = `${'x'.repeat(1_999)}😀y`
  const event = eventOf({ userAgent })
  assert.deepEqual(attributeValues(event, 'userAgent'), ['x'.repeat(1_999)])
  for (const value of [userAgent, 'x'.repeat(1_999)])
    assert.ok(matchesSearch({ kind: 'attribute', attribute: 'userAgent', values: [value] }, event))
  assert.ok(!matchesSearch({ kind: 'attribute', attribute: 'userAgent', values: ['x'.repeat(1_998)] }, event))
})

test('a record that is none has only what its envelope says', () => {
  const { fields } = eventOf(details)
  const event = searchedEvent(Buffer.from('{"userAgent":"x"'), fields)
  assert.deepEqual(attributeValues(event, 'userAgent'), [])
  assert.deepEqual(attributeValues(event, 'username'), ['kim'])
})
