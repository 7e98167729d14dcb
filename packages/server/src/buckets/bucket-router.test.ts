import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { createBucketRouter } from './bucket-router.ts'
import type { BucketStore } from './bucket-store.ts'

/** A store that answers every call with its own name, and notes that it was closed. */
function named(
  name: string,
  closed: string[],
  options: { conditional?: boolean; failsToClose?: boolean } = {},
): BucketStore {
  const head = { key: 'k', size: 0, etag: name, lastModified: 0 }
  return {
    supportsConditionalPut: () => options.conditional ?? true,
    headBucket: async () => ({ region: name }),
    policy: async () => name,
    put: async () => ({ etag: name }),
    get: async () => ({ ...head, body: Buffer.alloc(0) }),
    head: async () => head,
    list: async () => ({ objects: [head], isTruncated: false }),
    async close() {
      closed.push(name)
      if (options.failsToClose) throw new Error(`${name} does not close`)
    },
  }
}

const fleet = () => {
  const closed: string[] = []
  const wide = named('wide', closed, { conditional: false, failsToClose: true })
  const router = createBucketRouter({
    embedded: named('embedded', closed),
    remote: [
      { bucket: 'logs', store: named('exact', closed), checkPolicy: true },
      { bucket: 'logs-*', store: wide, checkPolicy: false },
      { bucket: 'logs-a', store: named('never', closed), checkPolicy: true },
      { bucket: 'more-*', store: wide, checkPolicy: true },
    ],
  })
  return { router, closed }
}

describe('each bucket has one store', () => {
  test('the first route that names it, else the embedded one; every call goes there', async () => {
    const { router } = fleet()
    const caller = { kind: 'owner' } as const
    for (const [bucket, store] of Object.entries({
      logs: 'exact',
      'logs-a': 'wide',
      'logs-': 'wide',
      'more-1': 'wide',
      log: 'embedded',
      logsx: 'embedded',
      'my-logs': 'embedded',
    })) {
      assert.deepEqual(await router.headBucket(bucket), { region: store }, bucket)
      assert.equal(await router.policy(bucket), store)
      assert.deepEqual(await router.put({ bucket, key: 'k', body: Buffer.alloc(0), caller }), { etag: store })
      assert.equal((await router.get(bucket, 'k', { bytesMax: 1 })).etag, store)
      assert.equal((await router.head(bucket, 'k')).etag, store)
      assert.equal((await router.list(bucket, {})).objects[0]?.etag, store)
    }
  })

  test('what a store can do and whether its policy counts is told per bucket', () => {
    const { router } = fleet()
    assert.deepEqual(
      ['logs', 'logs-a', 'more-1', 'other'].map((bucket) => [
        router.supportsConditionalPut(bucket),
        router.checksPolicy(bucket),
      ]),
      [
        [true, true],
        [false, false],
        [false, true],
        [true, true],
      ],
    )
  })

  test('`*` takes every bucket away from the embedded store', async () => {
    const router = createBucketRouter({
      embedded: named('embedded', []),
      remote: [{ bucket: '*', store: named('all', []), checkPolicy: false }],
    })
    assert.deepEqual(await router.headBucket('anything'), { region: 'all' })
  })
})

test('closing closes each store once, even when one fails, and tells of it', async () => {
  const { router, closed } = fleet()
  await assert.rejects(router.close(), /could not be closed/)
  assert.deepEqual(closed.toSorted(), ['embedded', 'exact', 'never', 'wide'])
})
