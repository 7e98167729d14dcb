import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import type { AccountId, Region } from '../event/index.ts'
import { digestFolder, digestKey, parseDigestKey } from './index.ts'

const name = {
  account: '210000000001' as AccountId,
  sourceRegion: 'us-east-1' as Region,
  trailName: 'main',
  homeRegion: 'eu-west-1' as Region,
  endTime: Date.UTC(2026, 2, 4, 10, 11, 12),
  isBackfill: false,
}
const key = digestKey(name)

describe('digest keys', () => {
  test('a key names account, both Regions, trail and end', () => {
    const folder = 'AWSLogs/210000000001/CloudTrail-Digest/us-east-1/'
    assert.equal(
      key,
      `${folder}2026/03/04/210000000001_CloudTrail-Digest_us-east-1_main_eu-west-1_20260304T101112Z.json.gz`,
    )
    assert.equal(digestFolder(name), folder)
  })

  test('prefix, organization and backfill have their places, and the AWS CLI finds the stamp by its offsets', () => {
    const full = digestKey({ ...name, keyPrefix: 'sec/audit', organizationId: 'o-ab12cd34ef', isBackfill: true })
    assert.match(full, /^sec\/audit\/AWSLogs\/o-ab12cd34ef\/210000000001\/CloudTrail-Digest\/us-east-1\/2026\/03\/04\//)
    assert.equal(key.slice(-24, -8), '20260304T101112Z')
    assert.equal(full.slice(-33, -17), '20260304T101112Z')
  })

  test('a digest ends at a whole second', () => {
    assert.throws(() => digestKey({ ...name, endTime: name.endTime + 1 }), RangeError)
  })

  test('what is written is read back, whatever the trail is called', () => {
    const part = fc.stringMatching(/^[A-Za-z0-9]{3,8}$/)
    const trailName = fc.oneof(
      fc.tuple(part, fc.constantFrom('_', '-', '.'), part).map((parts) => parts.join('')),
      fc.constantFrom('main_eu-west-1', 'a_CloudTrail-Digest_us-east-1_b', '20260304T101112Z_backfill'),
    )
    const prefix = fc.option(fc.stringMatching(/^[a-z]{1,8}(\/AWSLogs)?$/), { nil: undefined })
    const second = fc.integer({ min: Date.UTC(2013, 0) / 1000, max: Date.UTC(2099, 0) / 1000 })
    fc.assert(
      fc.property(trailName, prefix, second, fc.boolean(), (trailName, keyPrefix, seconds, isBackfill) => {
        const given = {
          ...name,
          ...(keyPrefix !== undefined && { keyPrefix }),
          trailName,
          endTime: seconds * 1000,
          isBackfill,
        }
        assert.deepEqual(parseDigestKey(digestKey(given)), given)
      }),
    )
  })

  test.each([
    key.replace('/04/', '/05/'),
    key.replace('/210000000001/', '/210000000002/'),
    key.replace('/us-east-1/', '/us-east-2/'),
    key.replace('T101112Z', 'T101172Z'),
    key.replaceAll('0304', '0231').replace('03/04', '02/31'),
    key.replace('_main_', '_m_'),
    key.replace('_main_', '_10.0.0.1_'),
    key.replace('.json.gz', '_refill.json.gz'),
    key.replaceAll('CloudTrail-Digest', 'CloudTrail'),
    `${'x/'.repeat(600)}${key}`,
    digestFolder(name),
    '',
  ])('%s is no digest', (text) => {
    assert.equal(parseDigestKey(text), undefined)
  })
})
