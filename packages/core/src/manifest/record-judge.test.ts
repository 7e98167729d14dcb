import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { leadingRegion, ownPut, region, versionOf, type TestEntry } from '../delivery/delivery.testing.ts'
import type { SelectingVersion } from '../delivery/index.ts'
import type { TrailSelectors } from '../selector/index.ts'
import { createRecordJudge } from './index.ts'

const dataOnly: TrailSelectors = {
  kind: 'advanced',
  selectors: [
    {
      FieldSelectors: [
        { Field: 'eventCategory', Equals: ['Data'] },
        { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
      ],
    },
  ],
}
const writesOnly: TrailSelectors = {
  kind: 'advanced',
  selectors: [
    {
      FieldSelectors: [
        { Field: 'eventCategory', Equals: ['Management'] },
        { Field: 'readOnly', Equals: ['false'] },
      ],
    },
  ],
}

const recordOf = (members: Readonly<Record<string, unknown>> = {}): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      eventSource: 'ec2.amazonaws.com',
      eventName: 'RunInstances',
      readOnly: false,
      eventCategory: 'Management',
      ...members,
    }),
  )
const isFine = (record: Uint8Array, changes: Partial<SelectingVersion> = {}, place = region): boolean =>
  createRecordJudge({ versions: [versionOf(changes)], region: place })(record)

describe('judging delivered records', () => {
  test('what the selectors take is fine, what they do not is not', () => {
    assert.ok(isFine(recordOf()))
    assert.ok(!isFine(recordOf({ eventCategory: 'Data' })))
    assert.ok(!isFine(recordOf(), { selectors: dataOnly }))
    assert.ok(
      isFine(recordOf({ eventCategory: 'Data', resources: [{ type: 'AWS::S3::Object' }] }), { selectors: dataOnly }),
    )
    assert.ok(isFine(recordOf(), { selectors: writesOnly }))
    assert.ok(!isFine(recordOf({ readOnly: true }), { selectors: writesOnly }))
  })

  test('one version that takes it is enough', () => {
    const versions = [versionOf({ isLogging: false }), versionOf({ since: 2 })]
    assert.ok(createRecordJudge({ versions, region })(recordOf()))
    assert.ok(!createRecordJudge({ versions: versions.slice(0, 1), region })(recordOf()))
    assert.ok(!createRecordJudge({ versions: [], region })(recordOf()))
  })

  test('a trail of another Region takes nothing here', () => {
    assert.ok(!isFine(recordOf(), { isMultiRegion: false }, leadingRegion))
    assert.ok(isFine(recordOf(), { isMultiRegion: false }))
  })

  test('categories of which there are no log files are not fine', () => {
    assert.ok(!isFine(recordOf({ eventCategory: 'ActivityAuditLog' })))
  })

  test('events of global services are judged where the leading Region is known', () => {
    const versions = [versionOf({ includesGlobalServiceEvents: false })]
    const record = recordOf({ eventSource: 'iam.amazonaws.com', eventName: 'CreateUser' })
    assert.ok(!createRecordJudge({ versions, region: leadingRegion, leadingRegion })(record))
    assert.ok(createRecordJudge({ versions, region: leadingRegion })(record))
  })

  test('own deliveries are judged by what the trail says of them', () => {
    const { record, eventSource, eventName }: TestEntry = ownPut()
    const own = recordOf({ eventSource, eventName, ...record })
    assert.ok(isFine(own))
    assert.ok(!isFine(own, { isRecursive: false }))
  })

  test('what cannot be told is on the record’s side', () => {
    assert.ok(isFine(recordOf({ eventCategory: undefined }), { isLogging: false }))
    assert.ok(isFine(recordOf({ readOnly: undefined }), { selectors: writesOnly }))
    for (const text of ['', '{', '[]', '"x"', 'null']) assert.ok(isFine(Buffer.from(text), { isLogging: false }))
  })
})
