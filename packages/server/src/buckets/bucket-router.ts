import type { BucketStore } from './bucket-store.ts'

/** A store for some of the buckets. */
export interface BucketRoute {
  /** A bucket's name, a beginning of names (`logs-*`), or `*` for all. */
  readonly bucket: string
  readonly store: BucketStore
  /** Whether the bucket's policy has to let CloudTrail in before a trail may use it; a store without policies has none to check. */
  readonly checkPolicy: boolean
}

export interface BucketRouter extends BucketStore {
  checksPolicy(bucket: string): boolean
}

/**
 * One store in front of several: each bucket is served by the first of `remote` that names it, every other by `embedded`, whose
 * policies are always checked. A bucket's name alone decides, so that a trail cannot be made to deliver elsewhere by creating a
 * bucket of the same name in another store. Closing it closes all of them.
 */
export function createBucketRouter({
  embedded,
  remote,
}: {
  readonly embedded: BucketStore
  readonly remote: readonly BucketRoute[]
}): BucketRouter {
  const routeOf = (bucket: string): BucketRoute | undefined => remote.find((route) => names(route.bucket, bucket))
  const storeOf = (bucket: string): BucketStore => routeOf(bucket)?.store ?? embedded
  return {
    checksPolicy: (bucket) => routeOf(bucket)?.checkPolicy ?? true,
    supportsConditionalPut: (bucket) => storeOf(bucket).supportsConditionalPut(bucket),
    headBucket: (bucket) => storeOf(bucket).headBucket(bucket),
    policy: (bucket) => storeOf(bucket).policy(bucket),
    put: (object) => storeOf(object.bucket).put(object),
    get: (bucket, key, options) => storeOf(bucket).get(bucket, key, options),
    head: (bucket, key) => storeOf(bucket).head(bucket, key),
    list: (bucket, options) => storeOf(bucket).list(bucket, options),
    async close() {
      // Two routes may share a store. All are closed, even where one fails.
      const stores = [...new Set([embedded, ...remote.map(({ store }) => store)])]
      const failures = (await Promise.allSettled(stores.map((store) => store.close())))
        .filter((outcome) => outcome.status === 'rejected')
        .map(({ reason }): unknown => reason)
      if (failures.length > 0) throw new AggregateError(failures, 'a store of buckets could not be closed')
    },
  }
}

const names = (pattern: string, bucket: string): boolean =>
  pattern.endsWith('*') ? bucket.startsWith(pattern.slice(0, -1)) : bucket === pattern
