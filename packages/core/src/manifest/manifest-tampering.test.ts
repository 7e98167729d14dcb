import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { foreignKey } from '../digest/tampering.testing.ts'
import { placeName, type Objects } from '../digest/objects.testing.ts'
import { cleanTrails } from './clean-trails.testing.ts'
import {
  insiderManifestDamages,
  outsiderManifestDamages,
  tamperManifests,
  type ManifestTarget,
} from './manifest-tampering.testing.ts'
import { verifyComplete, type Kept } from './verify-complete.testing.ts'

const { objects, trails, keys, signing } = await cleanTrails()
const [digests, ...others] = trails.map(({ written }) => written.map(({ place }) => place))
const target: ManifestTarget = {
  objects,
  digests: digests!,
  others,
  insider: { signing, stream: trails[0].stream },
  foreignKey: foreignKey(),
}

const foundIn = (buckets: Objects, kept: Kept = {}): string[] =>
  verifyComplete(buckets, trails, keys, kept)
    .map(({ kind, subject }) => `${kind} ${placeName(subject)}`)
    .toSorted()

describe('tampering with what manifests account for', () => {
  test('nothing is found in the clean buckets', () => {
    assert.deepEqual(foundIn(objects), [])
  })

  test.each([...outsiderManifestDamages, ...insiderManifestDamages].map((damage) => [damage.name, damage] as const))(
    'all of it is found, and nothing else: %s',
    async (_, damage) => {
      const tampered = (await tamperManifests(damage, target)) ?? assert.fail('the clean buckets lack what it takes')
      const expected = tampered.expected.map(({ kind, place }) => `${kind} ${placeName(place)}`)
      assert.deepEqual(foundIn(tampered.objects, tampered.kept), expected.toSorted())
    },
  )

  test('what is damaged is a copy', () => {
    assert.deepEqual(foundIn(objects), [])
  })
})
