import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import {
  expiresAt,
  isUploadExpired,
  lifecycleActionOn,
  type LifecycleRule,
  type VersionAge,
} from './lifecycle-rules.ts'

const day = 86_400_000
const createdAt = Date.UTC(2014, 0, 15, 10, 30)
const version = (rest: Partial<VersionAge> = {}): VersionAge => ({
  key: 'logs/a',
  size: 1_000,
  isDeleteMarker: false,
  createdAt,
  newerNoncurrent: 0,
  isOnly: true,
  ...rest,
})
const action = (rule: Partial<LifecycleRule>, of: VersionAge, now: number) =>
  lifecycleActionOn(of, { rules: [{ isEnabled: true, filter: {}, ...rule }] }, now)
const days = (count: number) => ({ expiration: { kind: 'days', days: count } as const })
const much = createdAt + 1_000 * day

describe('lifecycle rules', () => {
  test('ages end at the midnight that follows, as in the example of S3', () => {
    const expected = Date.UTC(2014, 0, 19)
    assert.equal(expiresAt(createdAt, 3), expected)
    assert.equal(action(days(3), version(), expected - 1), undefined)
    assert.equal(action(days(3), version(), expected), 'expire')
    assert.equal(expiresAt(Date.UTC(2014, 0, 15), 1), Date.UTC(2014, 0, 16))
  })

  test('a date counts for all that is older and for what comes later', () => {
    const rule = { expiration: { kind: 'date', date: createdAt + day } as const }
    assert.equal(action(rule, version(), createdAt + day - 1), undefined)
    assert.equal(action(rule, version(), createdAt + day), 'expire')
  })

  test('a rule that is off does nothing, and neither does one without actions', () => {
    assert.equal(action({ ...days(1), isEnabled: false }, version(), much), undefined)
    assert.equal(action({}, version(), much), undefined)
  })

  test('all of a filter has to hold', () => {
    const filter = { prefix: 'logs/', tags: { a: '1', b: '2' }, sizeAbove: 999, sizeBelow: 1_001 }
    const fits = version({ tags: { a: '1', b: '2', c: '3' } })
    assert.equal(action({ ...days(1), filter }, fits, much), 'expire')
    for (const other of [{ key: 'log' }, { tags: { a: '1' } }, { size: 999 }, { size: 1_001 }])
      assert.equal(action({ ...days(1), filter }, { ...fits, ...other }, much), undefined, JSON.stringify(other))
  })

  test('a delete marker goes once nothing is behind it', () => {
    const marker = version({ isDeleteMarker: true, size: 0 })
    const rule = { expiration: { kind: 'expired-markers' } as const }
    assert.equal(action(rule, marker, createdAt), 'remove')
    assert.equal(action(rule, { ...marker, isOnly: false }, much), undefined)
    assert.equal(action(rule, version(), much), undefined)
    assert.equal(action(days(3), marker, createdAt), undefined)
    assert.equal(action(days(3), marker, much), 'remove')
    assert.equal(action(days(3), { ...marker, isOnly: false }, much), undefined)
  })

  test('noncurrent versions are counted from when they were replaced, and so many of them stay', () => {
    const rule = { noncurrentExpiration: { days: 2, newestKept: 1 } }
    const old = version({ noncurrentSince: createdAt + 10 * day, newerNoncurrent: 1, isOnly: false })
    const at = expiresAt(createdAt + 10 * day, 2)
    assert.equal(action(rule, old, at - 1), undefined)
    assert.equal(action(rule, old, at), 'remove')
    assert.equal(action(rule, { ...old, newerNoncurrent: 0 }, much), undefined)
    assert.equal(action(days(1), old, much), undefined, 'expiration is for the current version')
    assert.equal(action(rule, version(), much), undefined)
  })

  test('uploads are aborted by their prefix and age', () => {
    const rules = { rules: [{ isEnabled: true, filter: { prefix: 'a/' }, abortUploadsAfterDays: 1 }] }
    const upload = { key: 'a/b', initiated: createdAt }
    assert.equal(isUploadExpired(upload, rules, expiresAt(createdAt, 1) - 1), false)
    assert.equal(isUploadExpired(upload, rules, expiresAt(createdAt, 1)), true)
    assert.equal(isUploadExpired({ ...upload, key: 'b' }, rules, much), false)
  })
})
