import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { readTrailName } from '../../../../core/src/trail/index.ts'
import { bucketNameFault, keyPrefixFault } from '../../../../core/src/trail/bucket-rules.ts'
import {
  bucketFault,
  createInput,
  nameFault,
  newTrailForm,
  prefixFault,
  trailFaults,
  trailFormOf,
  updateInput,
} from './trail-form.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'Z', '0', '.', '_', '-', '/', ' ', '*', 'é'), maxLength: 12 })
const long = fc.tuple(text, fc.constantFrom(0, 60, 125, 198)).map(([own, more]) => own + 'a'.repeat(more))

test('the page says no where the server would, and only there', () => {
  fc.assert(
    fc.property(fc.oneof(long, fc.ipV4()), (own) => {
      assert.equal(nameFault(own) === undefined, readTrailName(own).ok, `name ${own}`)
      assert.equal(bucketFault(own) === undefined, bucketNameFault(own) === undefined, `bucket ${own}`)
      assert.equal(prefixFault(own) === undefined, keyPrefixFault(own) === undefined, `prefix ${own}`)
    }),
    { numRuns: 1_000 },
  )
})

const form = { ...newTrailForm('111122223333', 'ab12'), name: 'audit' }

test('a new trail has AWS’s proposals, and is sent without what was not chosen', () => {
  assert.deepEqual(trailFaults(form), {})
  assert.deepEqual(createInput({ ...form, kmsKeyId: 'alias/x', topic: 'y' }), {
    Name: 'audit',
    S3BucketName: 'aws-cloudtrail-logs-111122223333-ab12',
    IsMultiRegionTrail: true,
    IncludeGlobalServiceEvents: true,
    EnableLogFileValidation: true,
  })
})

test('what is switched on has to be named', () => {
  assert.deepEqual(Object.keys(trailFaults({ ...form, encrypts: true, announces: true })), ['kmsKeyId', 'topic'])
})

test('a change sends what differs, and takes away by an empty text', () => {
  const before = trailFormOf({
    Name: 'audit',
    TrailARN: 'arn',
    HomeRegion: 'eu-west-1',
    S3BucketName: 'logs',
    S3KeyPrefix: 'team',
    SnsTopicARN: 'arn:aws:sns:eu-west-1:111122223333:files',
    KmsKeyId: 'arn:aws:kms:eu-west-1:111122223333:key/1',
    IncludeGlobalServiceEvents: true,
    IsMultiRegionTrail: false,
    LogFileValidationEnabled: true,
  })
  assert.equal(updateInput('arn', before, { ...before, prefix: '/team/' }), undefined)
  assert.deepEqual(
    updateInput('arn', before, { ...before, prefix: '', encrypts: false, announces: false, isMultiRegion: true }),
    {
      Name: 'arn',
      S3KeyPrefix: '',
      IsMultiRegionTrail: true,
      IncludeGlobalServiceEvents: true,
      KmsKeyId: '',
      SnsTopicName: '',
    },
  )
})
