import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { wireTrailStatus } from './wire-trail-status.ts'
import { wireSelectors, wireSettings, wireTag, wireTrail } from './wire-trail.ts'
import { trail } from './trail.testing.ts'

test('a trail is shown with every computed flag, and without what is not set', () => {
  const settings = {
    Name: 'audit',
    S3BucketName: 'audit-logs',
    IncludeGlobalServiceEvents: true,
    IsMultiRegionTrail: false,
    TrailARN: 'arn:aws:cloudtrail:us-east-1:111122223333:trail/audit',
    LogFileValidationEnabled: false,
    IsOrganizationTrail: false,
    RecursiveLogging: true,
  }
  assert.deepEqual(wireSettings(trail()), settings)
  assert.deepEqual(wireTrail(trail()), {
    ...settings,
    HomeRegion: 'us-east-1',
    HasCustomEventSelectors: false,
    HasInsightSelectors: false,
  })
  assert.equal(wireSettings(trail({ settings: { keyPrefix: 'p' } })).S3KeyPrefix, 'p')
  assert.equal(wireSettings(trail({ settings: { keyPrefix: 'p', sentKeyPrefix: '/p' } })).S3KeyPrefix, '/p')
  assert.equal(wireTrail(trail({ hasCustomSelectors: true })).HasCustomEventSelectors, true)
})

test('only the kind of selectors in use is shown', () => {
  const TrailARN = 'arn:aws:cloudtrail:us-east-1:111122223333:trail/audit'
  assert.deepEqual(wireSelectors(trail()), {
    TrailARN,
    EventSelectors: [
      { ReadWriteType: 'All', IncludeManagementEvents: true, DataResources: [], ExcludeManagementEventSources: [] },
    ],
  })
  const selectors = [{ FieldSelectors: [{ Field: 'eventCategory', Equals: ['Management'] }] }]
  assert.deepEqual(wireSelectors(trail({ selectors: { kind: 'advanced', selectors } })), {
    TrailARN,
    AdvancedEventSelectors: selectors,
  })
})

test('a tag without a value has none on the wire', () => {
  assert.deepEqual([wireTag({ key: 'k' }), wireTag({ key: 'k', value: '' })], [{ Key: 'k' }, { Key: 'k', Value: '' }])
})

describe('the status of a trail', () => {
  const never = {
    LatestDeliveryAttemptTime: '',
    LatestNotificationAttemptTime: '',
    LatestNotificationAttemptSucceeded: '',
    LatestDeliveryAttemptSucceeded: '',
    TimeLoggingStarted: '',
    TimeLoggingStopped: '',
  }

  test('that never logged has no times but empty texts', () => {
    assert.deepEqual(wireTrailStatus(trail(), {}), { IsLogging: false, ...never })
  })

  test('has seconds with a fraction in modern members and texts in the others; the error only while there is one', () => {
    const at = Date.parse('2026-11-21T12:00:00.250Z')
    const logging = { isLogging: true, startedAt: at, stoppedAt: at - 60_000 }
    const delivery = { latestDeliveryAt: at + 1_000, latestAttemptAt: at + 2_000 }
    const status = {
      IsLogging: true,
      LatestDeliveryTime: 1795262401.25,
      StartLoggingTime: 1795262400.25,
      StopLoggingTime: 1795262340.25,
      LatestDeliveryAttemptTime: '2026-11-21T12:00:02Z',
      LatestNotificationAttemptTime: '',
      LatestNotificationAttemptSucceeded: '',
      LatestDeliveryAttemptSucceeded: '2026-11-21T12:00:01Z',
      TimeLoggingStarted: '2026-11-21T12:00:00Z',
      TimeLoggingStopped: '2026-11-21T11:59:00Z',
    }
    assert.deepEqual(wireTrailStatus(logging, delivery), status)
    assert.deepEqual(wireTrailStatus(logging, { ...delivery, latestError: 'NoSuchBucket' }), {
      ...status,
      LatestDeliveryError: 'NoSuchBucket',
    })
  })
})
