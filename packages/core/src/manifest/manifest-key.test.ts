import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { digestKey } from '../digest/index.ts'
import type { AccountId, Region } from '../event/index.ts'
import { manifestKey, manifestKeyOf, parseManifestKey, type ManifestName } from './index.ts'

const name: ManifestName = {
  account: '210000000001' as AccountId,
  sourceRegion: 'eu-west-1' as Region,
  trailName: 'main',
  homeRegion: 'us-east-1' as Region,
  endTime: Date.UTC(2026, 2, 4, 10, 11, 12),
  part: 1,
}

const names: fc.Arbitrary<ManifestName> = fc
  .record({
    trailName: fc.constantFrom(
      'main',
      'a_OpenTrail-Manifest_b',
      'CloudTrail-Digest',
      'x_0001',
      'a_CloudTrail-Digest_b',
    ),
    keyPrefix: fc.option(fc.constantFrom('a/b', 'AWSLogs/1', 'x/OpenTrail-Manifest/y', 'CloudTrail-Digest')),
    organizationId: fc.option(fc.constant('o-abcdefghij')),
    endTime: fc.integer({ min: 0, max: 4e9 }).map((seconds) => seconds * 1000),
    part: fc.integer({ min: 1, max: 9999 }),
  })
  .map(({ keyPrefix, organizationId, ...rest }) => ({
    ...name,
    ...rest,
    ...(keyPrefix !== null && { keyPrefix }),
    ...(organizationId !== null && { organizationId }),
  }))

describe('keys of manifests', () => {
  test('they lie beside the digests', () => {
    assert.equal(
      manifestKey({ ...name, keyPrefix: 'sec', part: 12 }),
      'sec/AWSLogs/210000000001/OpenTrail-Manifest/eu-west-1/2026/03/04/' +
        '210000000001_OpenTrail-Manifest_eu-west-1_main_us-east-1_20260304T101112Z_0012.json.gz',
    )
  })

  test('what was written is read, and is found from the digest', () => {
    fc.assert(
      fc.property(names, (given) => {
        const key = manifestKey(given)
        assert.deepEqual(parseManifestKey(key), given)
        assert.equal(manifestKeyOf(digestKey({ ...given, isBackfill: false }), given.part), key)
      }),
    )
  })

  test('other keys are none', () => {
    const key = manifestKey(name)
    for (const other of [
      digestKey({ ...name, isBackfill: false }),
      key.replace('_0001', '_0000'),
      key.replace('_0001', ''),
      key.replace('_0001', '_backfill_0001'),
      key.replace('/03/04/', '/03/05/'),
      key.replace('/OpenTrail-Manifest/', '/CloudTrail-Digest/'),
      key.replace('1_OpenTrail-Manifest_', '1_CloudTrail-Digest_'),
      `${key}x`,
      '',
    ])
      assert.equal(parseManifestKey(other), undefined, other)
    assert.equal(manifestKeyOf(digestKey({ ...name, isBackfill: true }), 1), undefined)
    assert.equal(manifestKeyOf(key, 1), undefined)
  })

  test('times between seconds and parts beyond the digits are refused', () => {
    assert.throws(() => manifestKey({ ...name, endTime: 1 }), RangeError)
    assert.throws(() => manifestKey({ ...name, part: 10_000 }), RangeError)
  })
})
