/**
 * Every kind of damage that manifests are there to show, on buckets in memory: an end-to-end test reads real buckets into
 * an `Objects` map, lets `tamperManifests` damage a copy, and writes back what differs.
 */
import type { Objects } from '../digest/objects.testing.ts'
import type { ExpectedFinding, ManifestDamage, ManifestTarget } from './damage-tools.testing.ts'
import { insiderManifestDamages } from './insider-manifest-damage.testing.ts'
import { outsiderManifestDamages } from './outsider-manifest-damage.testing.ts'
import type { Kept } from './verify-complete.testing.ts'

export { type ExpectedFinding, type ManifestDamage, type ManifestTarget } from './damage-tools.testing.ts'
export { insiderManifestDamages, outsiderManifestDamages }

export interface TamperedManifests {
  readonly objects: Objects
  readonly expected: readonly ExpectedFinding[]
  readonly kept: Kept
}

/** A damaged copy of the buckets. Undefined: the damage cannot be done to them. */
export async function tamperManifests(
  damage: ManifestDamage,
  target: ManifestTarget,
): Promise<TamperedManifests | undefined> {
  const objects = new Map(target.objects)
  const kept = damage.kept?.(target) ?? {}
  const expected = await damage.apply({ ...target, objects })
  return expected && { objects, expected, kept }
}
