import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'vitest'
import type { DirectoryBucketStore } from './directory-bucket-store.ts'
import type { LifecycleSummary } from './directory-lifecycle.ts'
import { createLifecycleJob } from './lifecycle-job.ts'
import type { LifecycleRule, LifecycleRules } from './lifecycle-rules.ts'
import { openMemoryObjectStore } from './memory-object-store.ts'
import { createTestKeys } from './object-keys.testing.ts'
import type { BucketSettings } from './object-store.ts'

const owner = '111122223333'
const user = { kind: 'account', account: owner, arn: 'arn:aws:iam::111122223333:user/tester' } as const
const day = 86_400_000
const start = Date.UTC(2026, 10, 21)

describe('lifecycle', () => {
  let now: number
  let store: DirectoryBucketStore
  let failures: unknown[]
  let done: [string, LifecycleSummary][]
  let job: ReturnType<typeof createLifecycleJob>
  beforeEach(async () => {
    now = start
    failures = []
    done = []
    store = await openMemoryObjectStore({ now: () => now, keys: createTestKeys(), partBytesMin: 1 })
    await store.createBucket('logs', { owner, region: 'eu-central-1' })
    job = createLifecycleJob({
      store,
      rulesOf: (document) => JSON.parse(document) as LifecycleRules,
      now: () => now,
      done: (bucket, summary) => done.push([bucket, summary]),
      failed: (error) => failures.push(error),
    })
  })
  afterEach(async () => {
    await job.close()
    await store.close()
  })
  const change = (settings: Partial<BucketSettings>, bucket = 'logs') =>
    store.objects.changeSettings(bucket, (before) => ({ ...before, ...settings }))
  const rules = (...list: Partial<LifecycleRule>[]) =>
    change({
      documents: {
        lifecycle: JSON.stringify({ rules: list.map((rule) => ({ isEnabled: true, filter: {}, ...rule })) }),
      },
    })
  const put = (key: string, rest: object = {}) =>
    store.objects.putObject(
      { bucket: 'logs', key, user, ...rest },
      (async function* () {
        yield Buffer.from(key)
      })(),
    )
  const run = async (): Promise<void> => {
    await job.run(now)
    await job.settled()
    assert.deepEqual(failures, [])
  }
  const keys = async (): Promise<string[]> =>
    (await store.objects.listVersions('logs', { limit: 1_000 })).versions.map(
      ({ key, isDeleteMarker, isLatest }) => `${key}${isDeleteMarker ? ' marker' : ''}${isLatest ? '' : ' old'}`,
    )
  const expire = { expiration: { kind: 'days', days: 1 } as const }

  test('without versions what is too old is gone, across pages, and the rest stays', async () => {
    await rules({ ...expire, filter: { prefix: 'old/' } })
    for (let n = 0; n < 450; n++) await put(`old/${String(n).padStart(4, '0')}`)
    await put('kept')
    await run()
    assert.equal((await keys()).length, 451)
    now += day
    await put('old/new')
    await run()
    assert.deepEqual(await keys(), ['kept', 'old/new'])
    assert.deepEqual(done, [['logs', { expired: 450, removed: 0, kept: 0, abortedUploads: 0 }]])
  })

  test('with versions a marker comes first, then the noncurrent ones go, then the marker', async () => {
    await change({ versioning: 'Enabled' })
    await rules(expire, { noncurrentExpiration: { days: 1 } }, { expiration: { kind: 'expired-markers' } })
    await put('k')
    now += 10
    await put('k')
    now += day * 2
    await run()
    assert.deepEqual(await keys(), ['k marker', 'k old'])
    now += day * 2
    await run()
    // Whether the marker is alone was looked at before its last version went.
    await run()
    assert.deepEqual(await keys(), [])
  })

  test('so many noncurrent versions stay as are to be kept', async () => {
    await change({ versioning: 'Enabled' })
    await rules({ noncurrentExpiration: { days: 1, newestKept: 2 } })
    for (let n = 0; n < 300; n++) {
      now += 1
      await put('k')
    }
    now += 3 * day
    await run()
    assert.deepEqual(await keys(), ['k', 'k old', 'k old'])
  })

  test('what is locked stays, however old, and goes when it no longer is', async () => {
    await change({ versioning: 'Enabled', objectLock: {} })
    await rules(expire, { noncurrentExpiration: { days: 1 } })
    await put('governed', { retention: { mode: 'GOVERNANCE', until: start + 10 * day } })
    await put('compliant', { retention: { mode: 'COMPLIANCE', until: start + 10 * day } })
    await put('held', { isLegallyHeld: true })
    now += 3 * day
    await run()
    now += 3 * day
    await run()
    assert.deepEqual(await keys(), [
      'compliant marker',
      'compliant old',
      'governed marker',
      'governed old',
      'held marker',
      'held old',
    ])
    assert.equal(done.at(-1)![1].kept, 3)
    now += 10 * day
    await run()
    assert.deepEqual(
      (await keys()).filter((key) => key.endsWith(' old')),
      ['held old'],
    )
  })

  test('uploads that nobody completes are aborted', async () => {
    await rules({ abortUploadsAfterDays: 2 })
    const { uploadId } = await store.objects.createUpload({ bucket: 'logs', key: 'k', user })
    now += day
    await store.objects.createUpload({ bucket: 'logs', key: 'later', user })
    now += day
    await run()
    const { uploads } = await store.objects.listUploads('logs', { limit: 10 })
    assert.deepEqual(
      uploads.map(({ key }) => key),
      ['later'],
    )
    await assert.rejects(store.objects.abortUpload({ bucket: 'logs', key: 'k', uploadId }), /does not exist/)
  })

  test('a bucket whose rules cannot be read holds up no other', async () => {
    await store.createBucket('before', { owner, region: 'eu-central-1' })
    await change({ documents: { lifecycle: 'none' } }, 'before')
    await rules(expire)
    await put('k')
    now += 2 * day
    await job.run(now)
    await job.settled()
    assert.equal(failures.length, 1)
    assert.deepEqual(await keys(), [])
  })

  test('it is due once an hour, and not while it runs', async () => {
    assert.equal(job.dueAt(), start + 3_600_000)
    now += 3_600_000
    const running = job.run(now)
    assert.equal(job.dueAt(), undefined)
    await running
    await job.settled()
    assert.equal(job.dueAt(), now + 3_600_000)
  })
})
