import assert from 'node:assert/strict'
import { test } from 'vitest'
import { ApiFailure } from '../../api/failure.ts'
import { bucketAdvice, logsAdvice, topicAdvice } from './delivery-advice.ts'
import { refusalAdvice } from './refusal-advice.ts'
import { ago, trailHealth, worstHealth } from './trail-health.ts'

const now = Date.UTC(2026, 10, 21, 12)
const hoursAgo = (hours: number) => now / 1_000 - hours * 3_600
const logging = { IsLogging: true, StartLoggingTime: hoursAgo(50), LatestDeliveryTime: hoursAgo(0.1) }

test('a trail that delivers has nothing to be done about it', () => {
  assert.deepEqual(trailHealth(logging, now), {
    state: 'delivering',
    sentence: 'Log files are delivered. The last one came 6 minutes ago.',
  })
})

test('one that has delivered nothing waits', () => {
  const { state, sentence } = trailHealth({ IsLogging: true, StartLoggingTime: hoursAgo(2) }, now)
  assert.equal(state, 'waiting')
  assert.match(sentence, /logs, started 2 hours ago;/)
})

test('stopped and never started are told apart', () => {
  const ended = trailHealth({ ...logging, IsLogging: false, StopLoggingTime: hoursAgo(30) }, now)
  assert.deepEqual([ended.state, /stopped 1 day ago/.test(ended.sentence)], ['stopped', true])
  assert.match(trailHealth({ IsLogging: false }, now).sentence, /never/)
})

test('a bucket that refuses is told of even after the trail was stopped: its last files still wait', () => {
  const failing = trailHealth({ ...logging, IsLogging: false, LatestDeliveryError: 'AccessDenied' }, now)
  assert.equal(failing.state, 'failing')
  assert.match(failing.sentence, /AccessDenied.*6 minutes ago.*30 days/)
  assert.match(failing.whatToDo ?? '', /policy/)
})

test('what fails beside the log files does not hide that they arrive', () => {
  for (const [member, pattern] of [
    ['LatestDigestDeliveryError', /digests are not/],
    ['LatestNotificationError', /nobody is told/],
    ['LatestCloudWatchLogsDeliveryError', /log group/],
  ] as const) {
    const { state, sentence, whatToDo } = trailHealth({ ...logging, [member]: 'AccessDenied' }, now)
    assert.equal(state, 'impaired', member)
    assert.match(sentence, pattern)
    assert.ok(whatToDo)
  }
})

test('digests that stay away are noticed, but not in the hours after a start', () => {
  const late = { ...logging, LatestDigestDeliveryTime: hoursAgo(3) }
  assert.equal(trailHealth(late, now).state, 'impaired')
  assert.equal(trailHealth({ ...late, LatestDigestDeliveryTime: hoursAgo(1) }, now).state, 'delivering')
  assert.equal(trailHealth({ ...late, StartLoggingTime: hoursAgo(1) }, now).state, 'delivering')
})

/** Codes of S3, of stores that speak its protocol, and of the server's own client for it. */
const bucketCodes = (
  'NoSuchBucket AccessDenied PermanentRedirect AuthorizationHeaderMalformed InvalidAccessKeyId ' +
  'SignatureDoesNotMatch ExpiredToken RequestTimeTooSkewed SlowDown ServiceUnavailable InternalError ' +
  'RequestTimeout NetworkingError InvalidResponse NotImplemented EntityTooLarge PreconditionFailed ' +
  'InvalidRequest InvalidBucketName XMinioStorageFull'
).split(' ')
const topicCodes = 'AuthorizationError NotFound InvalidParameter InternalError KMSDisabled Throttled'.split(' ')

test('every known code of a bucket and a topic has its own advice; every other one has some', () => {
  for (const code of bucketCodes) assert.doesNotMatch(bucketAdvice(code), /look for/, code)
  for (const code of topicCodes) assert.doesNotMatch(topicAdvice(code), /look for/, code)
  assert.match(bucketAdvice('KMS.DisabledException'), /key/)
  assert.match(bucketAdvice('Made.Up'), /look for Made\.Up/)
  assert.match(bucketAdvice('constructor'), /look for constructor/)
  assert.match(topicAdvice('Made.Up'), /look for Made\.Up/)
  assert.match(logsAdvice('AccessDenied'), /logs:PutLogEvents/)
})

/** What trail operations and selectors can be refused with. */
const refusals = (
  'InvalidTrailName TrailNotFound CloudTrailARNInvalid InvalidHomeRegion InvalidS3BucketName ' +
  'S3BucketDoesNotExist InsufficientS3BucketPolicy InvalidS3Prefix InvalidKmsKeyId KmsKeyNotFound ' +
  'InsufficientEncryptionPolicy Kms KmsKeyDisabled InvalidCloudWatchLogsRoleArn ' +
  'InvalidCloudWatchLogsLogGroupArn NotOrganizationMasterAccount OrganizationsNotInUse ' +
  'OrganizationNotInAllFeaturesMode CloudTrailAccessNotEnabled NoManagementAccountSLRExists ' +
  'InsufficientDependencyServiceAccessPermission InvalidTagParameter EventDataStoreARNInvalid ' +
  'ChannelARNInvalid ResourceTypeNotSupported ResourceNotFound InvalidSnsTopicName ' +
  'InsufficientSnsTopicPolicy Conflict InvalidEventSelectors InvalidParameterCombination ' +
  'MaximumNumberOfTrailsExceeded TrailAlreadyExists TagsLimitExceeded OperationNotPermitted ' +
  'UnsupportedOperation AccessDenied Throttling CloudWatchLogsDeliveryUnavailable'
).split(' ')

test('every refusal of a trail operation says what to do, and where', () => {
  for (const name of refusals) {
    const advice = refusalAdvice(new ApiFailure('invalid', 'no', { code: `${name}Exception` }))
    assert.ok(advice && advice.whatToDo.length > 10, name)
  }
  assert.equal(
    refusalAdvice(new ApiFailure('invalid', 'no', { code: 'InvalidEventSelectorsException' }))?.step,
    'events',
  )
  assert.equal(refusalAdvice(new ApiFailure('unavailable', 'no')), undefined)
  assert.equal(refusalAdvice(new ApiFailure('invalid', 'no', { code: 'toString' })), undefined)
  assert.equal(refusalAdvice(new Error('no')), undefined)
})

test('the worst Region stands for a trail; a Region without events is no worse than one with', () => {
  const regions = (['waiting', 'delivering', 'failing', 'impaired', 'stopped'] as const).map((state) => ({
    health: { state, sentence: '' },
  }))
  assert.equal(worstHealth(regions)?.health.state, 'failing')
  assert.equal(worstHealth(regions.slice(0, 2))?.health.state, 'delivering')
  assert.equal(worstHealth(regions.slice(0, 1))?.health.state, 'waiting')
  assert.equal(worstHealth([]), undefined)
})

test('times are told in the largest unit that has passed', () => {
  assert.deepEqual(
    [0, 0.5, 1, 23.9, 24, 72].map((hours) => ago(hoursAgo(hours), now)),
    ['just now', '30 minutes ago', '1 hour ago', '23 hours ago', '1 day ago', '3 days ago'],
  )
})
