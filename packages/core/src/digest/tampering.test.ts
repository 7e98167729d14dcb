import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { cleanBucket } from './clean-bucket.testing.ts'
import { placeName, type Objects } from './objects.testing.ts'
import { foreignKey, insiderDamages, outsiderDamages, tamper, type DamageTarget } from './tampering.testing.ts'
import { verifyObjects } from './verify-objects.testing.ts'

const { objects, chains, keys, written, signingKeys } = cleanBucket()
const places = written.map((chain) => chain.map(({ place }) => place))
const [expired, current] = signingKeys.get(chains[0]!.expected.sourceRegion)!
const target: DamageTarget = {
  objects,
  chain: places[0]!,
  others: places.slice(1),
  insider: { current: current!, expired: expired! },
  foreignKey: foreignKey(),
}

const foundIn = (buckets: Objects): string[] =>
  verifyObjects(buckets, chains, keys)
    .filter(({ kind }) => kind !== 'gap')
    .map(({ kind, subject }) => `${kind} ${placeName(subject)}`)
    .toSorted()

describe('tampering', () => {
  test('nothing is found in the clean buckets', () => {
    assert.deepEqual(foundIn(objects), [])
  })

  test.each([...outsiderDamages, ...insiderDamages].map((damage) => [damage.name, damage] as const))(
    'all of it is found, and nothing else: %s',
    (_, damage) => {
      const tampered = tamper(damage, target) ?? assert.fail('the clean buckets lack what it takes')
      const expected = tampered.expected.map(({ kind, place }) => `${kind} ${placeName(place)}`)
      assert.deepEqual(foundIn(tampered.objects), expected.toSorted())
    },
  )

  test('what is damaged is a copy', () => {
    assert.deepEqual(foundIn(objects), [])
  })
})
