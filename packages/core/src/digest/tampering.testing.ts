/**
 * Every kind of damage that digests are there to show, on buckets in memory: an end-to-end test reads real buckets into an
 * `Objects` map, lets `tamper` damage a copy, and writes back what differs.
 */
import { generateKeyPairSync } from 'node:crypto'
import type { Damage, DamageTarget, Expected } from './damage-target.testing.ts'
import { digestDamages } from './digest-damage.testing.ts'
import { insiderDamages } from './insider-damage.testing.ts'
import { logFileDamages } from './log-file-damage.testing.ts'
import type { Objects } from './objects.testing.ts'
import { publicKeyFingerprint } from './digest-signature.ts'
import type { SigningKey } from './clean-bucket.testing.ts'

export { cleanBucket, signingKey, type CleanBucket, type SigningKey } from './clean-bucket.testing.ts'
export { type Damage, type DamageTarget, type Expected } from './damage-target.testing.ts'
export { placeName, placeOf, type Objects, type StoredObject } from './objects.testing.ts'
export { verifyObjects, type KnownChain } from './verify-objects.testing.ts'

export { digestDamages, insiderDamages, logFileDamages }

/** All that whoever may write to the buckets can do; `insiderDamages` take the service's key. */
export const outsiderDamages: readonly Damage[] = [...logFileDamages, ...digestDamages]

/** A key that no service knows. */
export function foreignKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const der = publicKey.export({ type: 'pkcs1', format: 'der' })
  return { privateKey, source: { der, validityStart: 0, validityEnd: 0 }, fingerprint: publicKeyFingerprint(der) }
}

export interface Tampered {
  readonly objects: Objects
  readonly expected: readonly Expected[]
}

/** A damaged copy of the buckets. Undefined: the damage cannot be done to them. */
export function tamper(damage: Damage, target: DamageTarget): Tampered | undefined {
  const objects = new Map(target.objects)
  const expected = damage.apply({ ...target, objects })
  return expected && { objects, expected }
}
