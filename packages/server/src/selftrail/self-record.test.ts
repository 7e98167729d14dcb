import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import type { ApiCall } from './api-call.ts'
import { selfRecord } from './self-record.ts'
import { account, exampleCall, noon } from './selftrail.testing.ts'

const id = '8a0e2f5c-6d0b-4f57-9c0e-2c8b5b9f1d11'
const textOf = (call: Partial<ApiCall>) =>
  Buffer.from(selfRecord({ ...exampleCall, ...call }, id, noon + 999)).toString()
const json = (call: Partial<ApiCall>) => JSON.parse(textOf(call)) as Record<string, unknown>

describe('record of an own call', () => {
  test('a read, byte for byte', () => {
    const parameters = {
      LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'RunInstances' }],
      StartTime: 1_688_990_400,
      MaxResults: 50,
    }
    const tls = {
      tlsVersion: 'TLSv1.3',
      cipherSuite: 'TLS_AES_128_GCM_SHA256',
      clientProvidedHostHeader: 'trail.example',
    }
    assert.equal(
      textOf({ requestParameters: parameters, tls }),
      '{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","principalId":"AIDAXMPLUSER00000001",' +
        '"arn":"arn:aws:iam::111122223333:user/kim","accountId":"111122223333","accessKeyId":"AKIAXMPLKEY000000001",' +
        '"userName":"kim"},"eventTime":"2026-03-04T12:00:00Z","eventSource":"cloudtrail.amazonaws.com",' +
        '"eventName":"LookupEvents","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.7","userAgent":"aws-cli/2.27.1",' +
        '"requestParameters":{"lookupAttributes":[{"attributeKey":"EventName","attributeValue":"RunInstances"}],' +
        '"startTime":"Jul 10, 2023, 12:00:00 PM","maxResults":50},"responseElements":null,' +
        '"requestID":"7f3e9b1c-0000-4000-8000-000000000001","eventID":"8a0e2f5c-6d0b-4f57-9c0e-2c8b5b9f1d11",' +
        '"readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333",' +
        '"eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256",' +
        '"clientProvidedHostHeader":"trail.example"}}',
    )
  })

  test('parameters that have names of their own keep them', () => {
    const requestParameters = { Host: 'localhost', 'X-Amz-Date': '20260304T120000Z', bucketName: 'logs' }
    const resources = [{ type: 'AWS::S3::Object', ARNPrefix: 'arn:aws:s3:::logs/a' }]
    const record = json({ requestParameters, keepsParameterNames: true, resources })
    assert.deepEqual(record['requestParameters'], requestParameters)
    assert.deepEqual(record['resources'], resources)
  })

  test('a write that failed, and a data event with its resource: every member in its place', () => {
    const call = {
      readOnly: false,
      category: 'Data',
      errorCode: 'ServiceUnavailable',
      errorMessage: 'later',
      additionalEventData: { stored: 3 },
      resources: [{ accountId: account, type: 'AWS::CloudTrail::Channel', ARN: 'arn:x' }],
      tls: {},
    } as const
    assert.deepEqual(Object.keys(json(call)), [
      'eventVersion',
      'userIdentity',
      'eventTime',
      'eventSource',
      'eventName',
      'awsRegion',
      'sourceIPAddress',
      'userAgent',
      'errorCode',
      'errorMessage',
      'requestParameters',
      'responseElements',
      'additionalEventData',
      'requestID',
      'eventID',
      'readOnly',
      'resources',
      'eventType',
      'managementEvent',
      'recipientAccountId',
      'eventCategory',
      'tlsDetails',
    ])
    assert.deepEqual([json(call)['managementEvent'], json(call)['eventCategory']], [false, 'Data'])
  })

  test('who called', () => {
    const identityOf = (identity: ApiCall['identity']) => {
      const { userIdentity, recipientAccountId, eventType } = json({ identity })
      assert.equal(recipientAccountId, account)
      return [userIdentity, eventType]
    }
    assert.deepEqual(identityOf({ kind: 'unknown-key', accessKeyId: 'AKIANOBODY', account }), [
      { type: 'Unknown', accountId: account, accessKeyId: 'AKIANOBODY' },
      'AwsApiCall',
    ])
    const root = { type: 'Root', principalId: account, arn: `arn:aws:iam::${account}:root`, accountId: account }
    assert.deepEqual(identityOf({ kind: 'machine-owner', account }), [{ ...root, accessKeyId: '' }, 'AwsApiCall'])
    assert.deepEqual(identityOf({ kind: 'service', account, invokedBy: 'cloudtrail.amazonaws.com' }), [
      { type: 'AWSService', invokedBy: 'cloudtrail.amazonaws.com' },
      'AwsServiceEvent',
    ])
  })

  test('names in lower camel case all the way down, times as text, the rest as sent', () => {
    const { requestParameters } = json({
      requestParameters: {
        S3BucketName: 'B',
        TagsList: [{ Key: 'K', Value: null }],
        StartTime: 0,
        EndTime: 1e300,
        already: { Deep: [[{ Er: true }]] },
        Time: 'text',
      },
    })
    assert.deepEqual(requestParameters, {
      s3BucketName: 'B',
      tagsList: [{ key: 'K', value: null }],
      startTime: 'Jan 1, 1970, 12:00:00 AM',
      endTime: 1e300,
      already: { deep: [[{ er: true }]] },
      time: 'text',
    })
  })

  test('text that is no Unicode is made Unicode', () => {
    const text = textOf({ userAgent: 'a\ud800', errorMessage: '\udfff', requestParameters: { A: ['\ud800x'] } })
    assert.doesNotMatch(text, /\\ud[89a-f]/i)
    assert.match(text, /\ufffd/)
  })
})
