import { markerKey } from '@opentrail/core/delivery'
import type { AccountId } from '@opentrail/core/event'
import type { BucketRouter } from './bucket-router.ts'
import { BucketError } from './bucket-store.ts'
import { createLetsDeliver } from './delivery-permission.ts'
import type { CheckDestination, Destination, DestinationFault } from './destination.ts'

/** Codes by which a store says that a bucket is not there. */
const absentCodes = new Set(['NoSuchBucket', 'NotFound'])
const deniedCodes = new Set(['AccessDenied', 'Forbidden', 'AllAccessDisabled'])

/** See `CheckDestination`. Its marker stays when something else is wrong with the trail, as CloudTrail's does. */
export function createCheckDestination(buckets: BucketRouter): CheckDestination {
  const letsDeliver = createLetsDeliver()
  return async (destination) => {
    try {
      await buckets.headBucket(destination.bucket)
      if (buckets.checksPolicy(destination.bucket)) {
        const policy = await buckets.policy(destination.bucket)
        if (!letsDeliver(policy, destination)) return { kind: 'insufficient-policy' }
      }
      await putMarker(buckets, destination)
      return undefined
    } catch (error) {
      if (error instanceof BucketError) return faultOf(error)
      throw error
    }
  }
}

async function putMarker(buckets: BucketRouter, { bucket, keyPrefix, account, trailArn }: Destination): Promise<void> {
  const folder = { account: account as AccountId, kind: 'CloudTrail' as const }
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
