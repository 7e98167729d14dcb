import assert from 'node:assert/strict'
import { test } from 'vitest'
import { createBucketRouter } from './bucket-router.ts'
import { BucketError, type BucketStore } from './bucket-store.ts'
import { createCheckDestination } from './check-destination.ts'
import { createMemoryBucketStore } from './memory-bucket-store.ts'

const account = '111122223333'
const destination = { bucket: 'logs', account, trailArn: `arn:aws:cloudtrail:eu-west-1:${account}:trail/audit` }

/** A remote store without policies, of which `changes` replaces a part. */
async function checking(changes: Partial<BucketStore> = {}) {
  const embedded = createMemoryBucketStore({ now: () => 0 })
  const memory = createMemoryBucketStore({ now: () => 0 })
  await memory.createBucket('logs', { owner: account, region: 'eu-west-1' })
  const remote = [{ bucket: '*', store: { ...memory, ...changes }, checkPolicy: false }]
  const waiting = new Set<() => void>()
  const timers = {
    after(_ms: number, call: () => void) {
      waiting.add(call)
      return () => void waiting.delete(call)
    },
  }
  const check = createCheckDestination(createBucketRouter({ embedded, remote }), timers)
  return { check, waiting, memory }
}

test('a usable bucket gets its marker, and nothing goes on waiting', async () => {
  const { check, waiting, memory } = await checking()
  assert.equal(await check(destination), undefined)
  assert.equal(await check(destination), undefined)
  const { objects } = await memory.list('logs', {})
  assert.deepEqual(
    objects.map(({ key, size }) => [key, size]),
    [[`AWSLogs/${account}/CloudTrail/`, 0]],
  )
  assert.equal(waiting.size, 0)
})

test('what stands in the way has a name', async () => {
  const refusing = (code: string) => checking({ headBucket: () => Promise.reject(new BucketError(code, 'no')) })
  const faults = await Promise.all(
    ['NoSuchBucket', 'AccessDenied', 'SlowDown'].map(async (code) => (await refusing(code)).check(destination)),
  )
  assert.deepEqual(faults, [
    { kind: 'missing-bucket' },
    { kind: 'insufficient-policy' },
    { kind: 'unavailable', code: 'SlowDown', message: 'no' },
  ])
})

test('a bucket that does not answer is unavailable after a while', async () => {
  for (const call of ['headBucket', 'put'] as const) {
    const { check, waiting } = await checking({ [call]: () => new Promise(() => {}) })
    const checked = check(destination)
    for (const end of waiting) end()
    assert.deepEqual(await checked, {
      kind: 'unavailable',
      code: 'RequestTimeout',
      message: 'logs was not checked within 15000 ms',
    })
  }
})
