import { markerKey } from '@opentrail/core/delivery'
import type { AccountId } from '@opentrail/core/event'
import { pause, systemTimers, type Timers } from '../clock/index.ts'
import type { BucketRouter } from './bucket-router.ts'
import { BucketError } from './bucket-store.ts'
import { createLetsDeliver } from './delivery-permission.ts'
import type { CheckDestination, Destination, DestinationFault } from './destination.ts'

/** Codes by which a store says that a bucket is not there. */
const absentCodes = new Set(['NoSuchBucket', 'NotFound'])
const deniedCodes = new Set(['AccessDenied', 'Forbidden', 'AllAccessDisabled'])

/** For all three questions together: a caller waits meanwhile, whose patience is 60 s. */
const checkMs = 15_000

/**
 * See `CheckDestination`. Its marker stays when something else is wrong with the trail, as CloudTrail's does; it may also
 * come after a check that took too long, which does no harm. `timers`: real time.
 */
export function createCheckDestination(buckets: BucketRouter, timers: Timers = systemTimers): CheckDestination {
  const letsDeliver = createLetsDeliver()

  async function check(destination: Destination): Promise<DestinationFault | undefined> {
    try {
      await buckets.headBucket(destination.bucket)
      if (buckets.checksPolicy(destination.bucket)) {
        const policy = await buckets.policy(destination.bucket)
        if (!letsDeliver(policy, destination)) return { kind: 'insufficient-policy' }
      }
      await putMarker(buckets, destination, 'CloudTrail')
      if (destination.validatesLogFiles) await putMarker(buckets, destination, 'CloudTrail-Digest')
      return undefined
    } catch (error) {
      if (error instanceof BucketError) return faultOf(error)
      throw error
    }
  }

  return async (destination) => {
    const done = new AbortController()
    const tooLate = pause(timers, checkMs, done.signal).then((): DestinationFault => {
      const message = `${destination.bucket} was not checked within ${checkMs} ms`
      return { kind: 'unavailable', code: 'RequestTimeout', message }
    })
    // Ended by `done` in most cases, when nobody waits for it any more.
    tooLate.catch(() => {})
    const checked = check(destination)
    checked.catch(() => {})
    try {
      return await Promise.race([checked, tooLate])
    } finally {
      done.abort(new Error('checked'))
    }
  }
}

async function putMarker(
  buckets: BucketRouter,
  { bucket, keyPrefix, account, trailArn }: Destination,
  kind: 'CloudTrail' | 'CloudTrail-Digest',
): Promise<void> {
  const folder = { account: account as AccountId, kind }
  const key = markerKey({ ...folder, ...(keyPrefix !== undefined && { keyPrefix }) })
  const onlyIfAbsent = buckets.supportsConditionalPut(bucket)
  const caller = { kind: 'delivery' as const, trailArn, account }
  const attributes = { contentType: 'application/json', contentEncoding: 'gzip' }
  await buckets
    .put({ bucket, key, body: new Uint8Array(), caller, onlyIfAbsent, ...attributes })
    .catch((error: unknown) => {
      if (!(error instanceof BucketError) || error.code !== 'PreconditionFailed') throw error
    })
}

function faultOf({ code, message }: BucketError): DestinationFault {
  if (absentCodes.has(code)) return { kind: 'missing-bucket' }
  if (deniedCodes.has(code)) return { kind: 'insufficient-policy' }
  return { kind: 'unavailable', code, message }
}
