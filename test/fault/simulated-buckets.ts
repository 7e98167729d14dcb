import type { AccountId, Region } from '@opentrail/core/event'
import { BucketError, type BucketStore, type NewObject } from '../../packages/server/src/buckets/index.ts'
import { createMemoryBucketStore } from '../../packages/server/src/buckets/memory-bucket-store.ts'

/** The last one takes no condition: there a put may be repeated, with the same content under the same key. */
export const bucketNames = ['logs-one', 'logs-two', 'logs-plain'] as const
const plainBucket: string = bucketNames[2]
const owner = '111111111111' as AccountId
const region = 'eu-west-1' as Region
/** A put whose answer never came has arrived by then, domain time; S3 itself refuses requests signed 15 minutes ago. */
export const latePutMsMax = 2 * 60_000

/** What a bucket does for a while: an S3 code that it answers everything with, or no sense at all. */
export type Outage = 'SlowDown' | 'AccessDenied' | 'InternalError' | 'RequestTimeout' | 'garbage'

export interface BucketObject {
  readonly bucket: string
  readonly key: string
  /** Of each put that took effect; the last one is what the bucket holds. */
  readonly bodies: Uint8Array[]
}

const outcomeUnknown: ReadonlySet<string> = new Set(['InternalError', 'RequestTimeout', 'NetworkingError'])
export const failure = (code: string): BucketError =>
  new BucketError(code, `injected: ${code}`, { isOutcomeUnknown: outcomeUnknown.has(code) })

/** Buckets of some other machine: they outlive our processes, and have time-outs, outages and puts that arrive late. */
export function createSimulatedBuckets(now: () => number) {
  const store = createMemoryBucketStore({ now })
  const objects = new Map<string, BucketObject>()
  const outages = new Map<string, Outage>()
  const existing = new Set<string>()
  let late: { readonly object: NewObject; readonly by: number }[] = []
  let garbled = 0

  async function putNow(object: NewObject): Promise<{ etag: string }> {
    const answer = await store.put(object)
    const name = `${object.bucket} ${object.key}`
    const known = objects.get(name) ?? { bucket: object.bucket, key: object.key, bodies: [] }
    objects.set(name, known)
    known.bodies.push(Uint8Array.from(object.body))
    return answer
  }

  const isOut = (bucket: string): void => {
    const outage = outages.get(bucket)
    if (outage && outage !== 'garbage') throw failure(outage)
  }
  const garble = (body: Uint8Array): Uint8Array =>
    ++garbled % 2 > 0 ? Buffer.from(`<html>${garbled}`) : body.subarray(0, 20 + (garbled % 30))

  const port: BucketStore = {
    ...store,
    supportsConditionalPut: (bucket) => bucket !== plainBucket,
    async put(object) {
      isOut(object.bucket)
      const answer = await putNow(object)
      if (outages.get(object.bucket) !== 'garbage') return answer
      throw new BucketError('InvalidResponse', 'injected: garbage', { isOutcomeUnknown: true })
    },
    async get(bucket, key, options) {
      isOut(bucket)
      const found = await store.get(bucket, key, options)
      return outages.get(bucket) === 'garbage' ? { ...found, body: garble(found.body) } : found
    },
  }

  return {
    port,
    garble,
    objects: (): Iterable<BucketObject> => objects.values(),
    object: (bucket: string, key: string) => objects.get(`${bucket} ${key}`),
    exists: (bucket: string) => existing.has(bucket),
    async create(bucket: string): Promise<void> {
      if (existing.has(bucket)) return
      await store.createBucket(bucket, { owner, region })
      existing.add(bucket)
    },
    /** Somebody deletes it, which only an empty one allows. */
    async remove(bucket: string): Promise<void> {
      if (!existing.has(bucket) || [...objects.values()].some((object) => object.bucket === bucket)) return
      await store.deleteBucket(bucket)
      existing.delete(bucket)
      late = late.filter(({ object }) => object.bucket !== bucket)
    },
    outages,
    /** The clock was set back by so much: what is on its way takes no longer for that. */
    setBack: (ms: number) => void (late = late.map(({ object, by }) => ({ object, by: by - ms }))),
    putLater: (object: NewObject) => void late.push({ object, by: now() + latePutMsMax }),
    /** The late puts for which `isChosen` says so arrive, and all whose time has come at `time`. */
    async arrive(time: number, isChosen: () => boolean): Promise<void> {
      const due = late.filter(({ by }) => by <= time || isChosen())
      late = late.filter((one) => !due.includes(one))
      for (const { object } of due) await putNow(object).catch(() => {})
    },
  }
}

export type SimulatedBuckets = ReturnType<typeof createSimulatedBuckets>
