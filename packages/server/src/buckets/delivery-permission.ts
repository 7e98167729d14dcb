import { mayDeliver, parsePolicy, type PolicyDocument, type PolicyReading } from '@opentrail/core/policy'
import { BucketError, type BucketStore, type NewObject } from './bucket-store.ts'
import type { Destination } from './destination.ts'

/** What is asked whether a bucket's policy (its JSON text) lets CloudTrail deliver; without a policy it does not. */
export type LetsDeliver = (policy: string | undefined, destination: Destination) => boolean

/** Policies kept read: each bucket's, and there are a few buckets. */
const policiesKeptMax = 64

/** Every put asks, so policies are read once: a text that was seen lately is known again. */
export function createLetsDeliver(): LetsDeliver {
  const kept = new Map<string, PolicyReading>()
  return (policy, destination) => {
    if (policy === undefined) return false
    const reading = kept.get(policy) ?? parsePolicy(policy, 'resource')
    if (!kept.has(policy) && kept.size >= policiesKeptMax) kept.delete(kept.keys().next().value!)
    kept.set(policy, reading)
    return reading.ok && letsDeliver(reading.policy, destination)
  }
}

function letsDeliver(policy: PolicyDocument, destination: Destination): boolean {
  const { bucket, keyPrefix, account, trailArn } = destination
  const delivery = { partition: trailArn.split(':', 2)[1] ?? 'aws', bucket, account, trailArn }
  return mayDeliver([policy], { ...delivery, ...(keyPrefix !== undefined && { prefix: keyPrefix }) }).ok
}

/** The destination that a delivery's key belongs to; undefined for a key that is no delivery's, or of nobody's delivery. */
export function destinationOf({
  bucket,
  key,
  caller,
}: Pick<NewObject, 'bucket' | 'key' | 'caller'>): Destination | undefined {
  if (caller.kind !== 'delivery') return undefined
  const { account, trailArn } = caller
  const folder = `AWSLogs/${account}/`
  if (key.startsWith(folder)) return { bucket, account, trailArn }
  const at = key.indexOf(`/${folder}`)
  return at < 0 ? undefined : { bucket, keyPrefix: key.slice(0, at), account, trailArn }
}

/** A permission that was found is believed this long; one that is missing is asked for at each put. Domain time. */
const believedMs = 60_000

/**
 * A remote store whose own credentials would let us put anything: what CloudTrail would be refused, because the bucket's
 * policy no longer lets it in, is refused here.
 */
export function guardDeliveries(store: BucketStore, now: () => number): BucketStore {
  const letsPut = createLetsDeliver()
  const allowedAt = new Map<string, number>()
  return {
    ...store,
    async put(object) {
      const { bucket, key, caller } = object
      if (caller.kind === 'delivery') {
        const destination = destinationOf(object)
        const name = JSON.stringify(destination)
        const age = now() - (allowedAt.get(name) ?? -Infinity)
        if (!(age >= 0 && age < believedMs)) {
          if (!destination || !letsPut(await store.policy(bucket), destination))
            throw new BucketError('AccessDenied', `the policy of ${bucket} does not let CloudTrail put ${key}`)
          allowedAt.set(name, now())
        }
      }
      return store.put(object)
    },
  }
}

/** What S3 answers to a policy that cannot be put; undefined: it can. */
export function bucketPolicyFault({ policy }: { readonly policy: string }): string | undefined {
  const reading = parsePolicy(policy, 'resource')
  return reading.ok ? undefined : reading.message
}
