import { BucketError, createS3BucketStore, type BucketStore } from '../../buckets/index.ts'
import { bucketAdvice } from '../bucket-client.ts'
import type { Credentials } from '../connection.ts'
import { SourceError, type ObjectSource } from './object-source.ts'

export interface S3SourceOptions {
  /** Without it, AWS's own. */
  readonly endpoint?: string
  /** Where buckets are looked for first; a bucket that is elsewhere says so. */
  readonly region: string
  readonly credentials: Credentials
  readonly callsMax: number
}

/** For one object; log files have some megabytes. */
const callMsMax = 120_000

/** Buckets over S3's protocol, each asked in its own Region. */
export function createS3Source({ endpoint, region, credentials, callsMax }: S3SourceOptions): ObjectSource {
  const stores = new Map<string, BucketStore>()
  const located = new Map<string, Promise<BucketStore>>()

  function storeIn(region: string): BucketStore {
    const known = stores.get(region)
    if (known) return known
    const store = createS3BucketStore({
      ...(endpoint !== undefined && { endpoint }),
      region,
      credentials,
      pathStyle: endpoint !== undefined,
      timeoutMs: callMsMax,
      conditionalPut: 'off',
      callsMax,
    })
    stores.set(region, store)
    return store
  }

  /** Asks for one key: unlike an answer to HEAD, a refusal then has a body that tells the Region. */
  async function locate(bucket: string): Promise<BucketStore> {
    const store = storeIn(region)
    try {
      await store.list(bucket, { limit: 1 })
      return store
    } catch (error) {
      const elsewhere = error instanceof BucketError ? /the bucket is in Region ([a-z0-9-]+)/.exec(error.message) : null
      if (elsewhere?.[1] !== undefined) return storeIn(elsewhere[1])
      throw failure(error)
    }
  }

  function storeOf(bucket: string): Promise<BucketStore> {
    const known = located.get(bucket)
    if (known) return known
    const found = locate(bucket)
    located.set(bucket, found)
    return found
  }

  return {
    description: endpoint ?? 'S3 of AWS',
    async get({ bucket, key }, bytesMax) {
      const store = await storeOf(bucket)
      try {
        const { body, metadata = {} } = await store.get(bucket, key, { bytesMax })
        return { body, metadata }
      } catch (error) {
        if (error instanceof BucketError && error.code === 'NoSuchKey') return undefined
        throw failure(error)
      }
    },
    async *list(bucket, prefix, after) {
      const store = await storeOf(bucket)
      for (let last = after; ;) {
        const page = await store.list(bucket, { prefix, ...(last !== undefined && { after: last }) }).catch(rethrow)
        for (const { key } of page.objects) yield key
        last = page.objects.at(-1)?.key
        if (!page.isTruncated || last === undefined) return
      }
    },
    async close() {
      for (const store of stores.values()) await store.close()
    },
  }
}

const failure = (error: unknown): Error =>
  error instanceof BucketError
    ? new SourceError(`${error.message}${bucketAdvice(error.code)}`, { cause: error })
    : error instanceof Error
      ? error
      : new Error(String(error))

function rethrow(error: unknown): never {
  throw failure(error)
}
