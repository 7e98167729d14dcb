import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import type { Region } from '../event/index.ts'
import { defaultSelectors, type TrailSelectors } from '../selector/index.ts'
import { createSelection, explainSelection, selectionKey, type Place, type SelectingVersion } from './index.ts'
import {
  entryOf,
  leadingPlace,
  leadingRegion,
  ownPut,
  place,
  region,
  tokenCall,
  versionOf,
  type TestEntry,
} from './delivery.testing.ts'

const objects: TrailSelectors = {
  kind: 'basic',
  selectors: [
    {
      ReadWriteType: 'All',
      IncludeManagementEvents: true,
      DataResources: [{ Type: 'AWS::S3::Object', Values: ['arn:aws:s3'] }],
      ExcludeManagementEventSources: [],
    },
  ],
}
const network: TrailSelectors = {
  kind: 'advanced',
  selectors: [
    {
      FieldSelectors: [
        { Field: 'eventCategory', Equals: ['NetworkActivity'] },
        { Field: 'eventSource', Equals: ['kms.amazonaws.com'] },
      ],
    },
  ],
}

const takes = (versions: readonly SelectingVersion[], entry: TestEntry, where: Place = place): boolean =>
  createSelection(versions, where)(entryOf(entry)).kind !== undefined
const why = (versions: readonly SelectingVersion[], entry: TestEntry, where: Place = place): string =>
  explainSelection(versions, where, entryOf(entry))
    .verdicts.map(({ refusal }) => refusal ?? 'taken')
    .join(' ')

describe('selection', () => {
  test.each<[string, TestEntry, Partial<SelectingVersion>, Place, string]>([
    ['a management event', {}, {}, place, 'taken'],
    ['a data event without a selector for it', { category: 'Data' }, {}, place, 'selectors'],
    ['an import', { origin: 'import' }, {}, place, 'import'],
    ['an event derived from others', { origin: 'derived' }, {}, place, 'taken'],
    ['an external event', { category: 'ActivityAuditLog' }, {}, place, 'category'],
    ['before the trail was made', {}, { since: 2 }, place, 'no-version'],
    ['a stopped trail', {}, { isLogging: false }, place, 'not-logging'],
    ['a trail of another Region', {}, { isMultiRegion: false, homeRegion: leadingRegion }, place, 'region'],
    ['its own Region', {}, { isMultiRegion: false }, place, 'taken'],
    ['IAM', { eventSource: 'iam.amazonaws.com' }, {}, leadingPlace, 'taken'],
    ['IAM', { eventSource: 'iam.amazonaws.com' }, { includesGlobalServiceEvents: false }, leadingPlace, 'global'],
    ['CloudFront', { eventSource: 'cloudfront.amazonaws.com' }, noGlobal(), leadingPlace, 'global'],
    ['IAM that a producer put elsewhere', { eventSource: 'iam.amazonaws.com' }, noGlobal(), place, 'taken'],
    ['the global STS', tokenCall('sts.amazonaws.com'), noGlobal(), leadingPlace, 'global'],
    ['the global STS with a port', tokenCall('STS.amazonaws.com:443'), noGlobal(), leadingPlace, 'global'],
    ['the global STS', tokenCall('sts.amazonaws.com'), {}, leadingPlace, 'taken'],
    ['a Regional STS', tokenCall('sts.us-east-1.amazonaws.com'), noGlobal(), leadingPlace, 'taken'],
    ['an STS call without its host', tokenCall(undefined), noGlobal(), leadingPlace, 'taken'],
    ['EC2 without global services', {}, noGlobal(), leadingPlace, 'taken'],
    ['own delivery', ownPut(), {}, place, 'taken'],
    ['own delivery', ownPut(), { isRecursive: false }, place, 'recursive'],
    ['own log events', ownLog(), { isRecursive: false }, place, 'recursive'],
    ['own key use', ownPut({ eventName: 'GenerateDataKey' }), { isRecursive: false }, place, 'taken'],
    ['own put, elsewhere', ownPut({ eventSource: 's3.example.com' }), { isRecursive: false }, place, 'taken'],
    ['another put', { ...ownPut(), record: {} }, { isRecursive: false }, place, 'taken'],
  ])('%s (%o, %o)', (_, entry, version, where, expected) => {
    const versions = [versionOf(version)]
    assert.equal(why(versions, entry, where), expected)
    assert.equal(takes(versions, entry, where), expected === 'taken')
  })

  test('the version in force at the entry decides, and nothing before the first', () => {
    const versions = [
      versionOf({ since: 3 }),
      versionOf({ since: 5, isLogging: false }),
      versionOf({ since: 9, selectors: network }),
    ]
    const kms = { category: 'NetworkActivity', eventSource: 'kms.amazonaws.com' }
    const judged = [1, 2, 3, 4, 5, 8, 9, 100].map((configVersion) => [
      takes(versions, { configVersion }),
      createSelection(versions, place)(entryOf({ ...kms, configVersion })).kind,
    ])
    const net = 'CloudTrail-NetworkActivity'
    assert.deepEqual(judged, [
      ...[1, 2].map(() => [false, undefined]),
      ...[3, 4].map(() => [true, undefined]),
      ...[5, 8].map(() => [false, undefined]),
      ...[9, 100].map(() => [false, net]),
    ])
  })

  test('the event of a change is in the log that it ends and in the one that it begins', () => {
    const versions = [versionOf({ since: 3 }), versionOf({ since: 5, isLogging: false }), versionOf({ since: 8 })]
    const change = (changesConfig: number) => ({ configVersion: 20, changesConfig })
    assert.equal(takes(versions, change(3)), true, 'StartLogging')
    assert.equal(takes(versions, change(5)), true, 'StopLogging')
    assert.equal(takes(versions, change(6)), false, 'a change of something else while stopped')
    assert.equal(takes(versions, change(8)), true, 'StartLogging again')
    assert.equal(takes(versions, change(2)), false, 'before the trail')
    assert.equal(why(versions, change(5)), 'not-logging taken')
  })

  test('an explanation names the version and carries what the selectors say', () => {
    const [verdict] = explainSelection([versionOf()], place, entryOf({ category: 'Data' })).verdicts
    assert.equal(verdict?.version?.since, 1)
    assert.equal(verdict?.selectors?.selected, false)
    assert.equal(verdict?.selectors?.selectors.length, 1)
  })

  const anyEntry = fc
    .record({
      configVersion: fc.integer({ min: 0, max: 6 }),
      changesConfig: fc.option(fc.integer({ min: 1, max: 6 }), { nil: -1 }),
      origin: fc.constantFrom('self', 'producer', 'import'),
      category: fc.constantFrom('Management', 'Data', 'NetworkActivity', 'Insight', 'Other'),
      eventSource: fc.constantFrom('iam.amazonaws.com', 'sts.amazonaws.com', 's3.amazonaws.com', 'kms.amazonaws.com'),
      eventName: fc.constantFrom('PutObject', 'Decrypt'),
      host: fc.constantFrom('sts.amazonaws.com', 'sts.us-east-1.amazonaws.com'),
      invokedBy: fc.constantFrom('cloudtrail.amazonaws.com', 'athena.amazonaws.com'),
    })
    .map(({ host, invokedBy, changesConfig, ...rest }): TestEntry => {
      const resources = [{ type: 'AWS::S3::Object', ARN: 'arn:aws:s3:::b/k' }]
      const record = { tlsDetails: { clientProvidedHostHeader: host }, userIdentity: { invokedBy }, resources }
      return { ...rest, ...(changesConfig > 0 && { changesConfig }), record }
    })
  const anyVersions = fc
    .uniqueArray(
      fc.record({
        since: fc.integer({ min: 0, max: 6 }),
        isLogging: fc.boolean(),
        homeRegion: fc.constantFrom(region, leadingRegion),
        isMultiRegion: fc.boolean(),
        includesGlobalServiceEvents: fc.boolean(),
        isRecursive: fc.boolean(),
        selectors: fc.constantFrom(defaultSelectors, objects, network),
      }),
      { selector: ({ since }) => since, maxLength: 4 },
    )
    .map((versions) => versions.map(versionOf).sort((a, b) => a.since - b.since))
  const anyPlace = fc.constantFrom(place, leadingPlace, { region: 'ap-south-1' as Region, leadingRegion })

  test('the explanation always agrees with the selection', () => {
    fc.assert(
      fc.property(anyVersions, anyPlace, anyEntry, (versions, where, entry) => {
        assert.equal(explainSelection(versions, where, entryOf(entry)).isSelected, takes(versions, entry, where))
      }),
      { numRuns: 1000 },
    )
  })

  test('trails with the same key select the same from every entry of the span', () => {
    const span = fc.tuple(
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
    )
    let shared = 0
    fc.assert(
      fc.property(anyVersions, anyVersions, anyPlace, span, anyEntry, (one, other, where, [a, b, change], entry) => {
        const looked = { least: Math.min(a, b), most: Math.max(a, b), changes: [change] }
        if (selectionKey(one, where, looked) !== selectionKey(other, where, looked)) return
        shared++
        const { changesConfig, ...rest } = entry
        const configVersion = Math.min(looked.most, Math.max(looked.least, entry.configVersion ?? 0))
        const inSpan = { ...rest, configVersion, ...(changesConfig !== undefined && { changesConfig: change }) }
        assert.equal(takes(one, inSpan, where), takes(other, inSpan, where))
      }),
      { numRuns: 3000 },
    )
    assert.ok(shared > 100, `${shared}`)
  })

  test('a key does not tell trails apart that began at different times, as long as they select the same there', () => {
    const span = { least: 10, most: 12, changes: [11] }
    const young = [versionOf({ since: 9 })]
    const old = [
      versionOf({ since: 2, isLogging: false }),
      versionOf({ since: 4 }),
      versionOf({ since: 13, ...noGlobal() }),
    ]
    assert.equal(selectionKey(young, place, span), selectionKey(old, place, span))
    assert.notEqual(selectionKey(young, place, span), selectionKey(old, place, { ...span, most: 13 }))
    assert.notEqual(selectionKey(young, place, span), selectionKey(old, place, { ...span, changes: [4] }))
  })
})

function noGlobal(): Partial<SelectingVersion> {
  return { includesGlobalServiceEvents: false }
}
function ownLog(): TestEntry {
  return ownPut({ eventSource: 'logs.amazonaws.com', eventName: 'PutLogEvents' })
}
