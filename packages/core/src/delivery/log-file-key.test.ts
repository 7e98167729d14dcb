import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import type { AccountId, Region } from '../event/index.ts'
import { logFileKey, logFileKind, logFileKinds, markerKey, parseLogFileKey } from './index.ts'

const account = '210000000001' as AccountId
const region = 'eu-west-1' as Region
const unique = 'q7RtZ0aLmN3bVcX9'
const keyAt = (time: string, more: Partial<Parameters<typeof logFileKey>[0]> = {}): string =>
  logFileKey({ account, region, kind: 'CloudTrail', unique, plannedAt: Date.parse(time), ...more })

describe('log file keys', () => {
  test.each([
    ['2026-03-04T10:12:31Z', '2026/03/04', '20260304T1015Z'],
    ['2026-03-04T10:15:00.000Z', '2026/03/04', '20260304T1015Z'],
    ['2026-03-04T10:15:00.001Z', '2026/03/04', '20260304T1020Z'],
    ['2026-03-04T10:59:59.999Z', '2026/03/04', '20260304T1100Z'],
    ['2026-12-31T23:55:00.001Z', '2027/01/01', '20270101T0000Z'],
    ['2028-02-28T23:57:00Z', '2028/02/29', '20280229T0000Z'],
  ])('the stamp of %s is rounded up to five minutes, and the date folders follow it', (time, folder, stamp) => {
    const name = `${account}_CloudTrail_eu-west-1_${stamp}_${unique}.json.gz`
    assert.equal(keyAt(time), `AWSLogs/${account}/CloudTrail/eu-west-1/${folder}/${name}`)
  })

  test('prefix and organization stand in front, and every kind has its folder and name', () => {
    const folders = { keyPrefix: 'sec/audit', organizationId: 'o-ab12cd34ef' }
    for (const kind of logFileKinds)
      assert.equal(
        keyAt('2026-03-04T10:15:00Z', { kind, ...folders }),
        `sec/audit/AWSLogs/o-ab12cd34ef/${account}/${kind}/eu-west-1/2026/03/04/` +
          `${account}_${kind}_eu-west-1_20260304T1015Z_${unique}.json.gz`,
      )
    assert.equal(
      markerKey({ account, keyPrefix: 'sec', kind: 'CloudTrail-Digest' }),
      `sec/AWSLogs/${account}/CloudTrail-Digest/`,
    )
    assert.equal(markerKey({ account, kind: 'CloudTrail' }), `AWSLogs/${account}/CloudTrail/`)
  })

  test('Insights files carry the minute', () => {
    assert.match(keyAt('2026-03-04T05:15:20Z', { kind: 'CloudTrail-Insight' }), /_20260304T0516Z_/)
  })

  test('the patterns that consumers search for match', () => {
    const key = keyAt('2026-03-04T10:12:31Z', { keyPrefix: 'p' })
    assert.match(key, /\d+_CloudTrail_[\w-]+_\d{4}\d{2}\d{2}T\d{2}\d{2}Z_.{16}\.json\.gz$/)
    assert.match(key, /.+_CloudTrail_[\w-]+_\d{8}T\d{4}Z_[\w]+\.json\.gz/)
  })

  test('what is written is read back', () => {
    const folder = fc.option(fc.stringMatching(/^[a-z0-9]{1,8}(\/AWSLogs|\/[a-z]{1,4})?$/), { nil: undefined })
    const organization = fc.option(fc.stringMatching(/^o-[a-z0-9]{10,12}$/), { nil: undefined })
    const time = fc.integer({ min: Date.UTC(2013, 0), max: Date.UTC(2099, 0) })
    const given = fc.tuple(folder, organization, fc.constantFrom(...logFileKinds), time)
    fc.assert(
      fc.property(given, ([keyPrefix, organizationId, kind, plannedAt]) => {
        const parts = {
          ...(keyPrefix !== undefined && { keyPrefix }),
          ...(organizationId !== undefined && { organizationId }),
          account,
          region,
          kind,
          unique,
        }
        const { stamp, ...rest } = parseLogFileKey(logFileKey({ ...parts, plannedAt })) ?? assert.fail()
        assert.deepEqual(rest, parts)
        assert.ok(stamp >= plannedAt && stamp < plannedAt + 300_000)
      }),
    )
  })

  test('a file of 2013 without the underscore is read', () => {
    const key = keyAt('2013-11-21T08:00:00Z').replace(`Z_${unique}`, `Z${unique}`)
    assert.equal(parseLogFileKey(key)?.unique, unique)
  })

  test.each([
    markerKey({ account, kind: 'CloudTrail' }),
    keyAt('2026-03-04T10:12:31Z').replaceAll('CloudTrail', 'CloudTrail-Digest'),
    keyAt('2026-03-04T10:12:31Z').replace('AWSLogs/', 'AWSLogs/9'),
    keyAt('2026-03-04T10:12:31Z').replace(`/${account}/`, '/210000000002/'),
    keyAt('2026-03-04T10:12:31Z').replace('/eu-west-1/', '/eu-west-2/'),
    keyAt('2026-03-04T10:12:31Z').replace('/2026/03/04/', '/2026/03/05/'),
    keyAt('2026-03-04T10:12:31Z').replaceAll('0304', '0231').replace('/03/04/', '/02/31/'),
    keyAt('2026-03-04T10:12:31Z').replace('T1015', 'T2515'),
    keyAt('2026-03-04T10:12:31Z').replace(unique, unique.slice(1)),
    `${keyAt('2026-03-04T10:12:31Z')}.tmp`,
    `${'x/'.repeat(600)}${keyAt('2026-03-04T10:12:31Z')}`,
  ])('%s is no log file', (key) => {
    assert.equal(parseLogFileKey(key), undefined)
  })

  test('categories go to their kind of file; those of event data stores to none', () => {
    const kinds = ['Management', 'Data', 'NetworkActivity', 'Insight', 'Aggregated', 'ActivityAuditLog', 'Evidence', '']
    const files = [
      'CloudTrail',
      'CloudTrail',
      'CloudTrail-NetworkActivity',
      'CloudTrail-Insight',
      'CloudTrail-Aggregated',
    ]
    assert.deepEqual(kinds.map(logFileKind), [...files, undefined, undefined, undefined])
  })
})
