import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { manifestBytes, manifestRangesMax, readManifest, type Manifest } from './index.ts'
import { createRecordJudge } from './record-judge.ts'
import { fileOf, manifestOf, rangeOf } from './manifest.testing.ts'

type Json = Record<string, unknown>

const jsonOf = (manifest: Manifest = manifestOf()): Json =>
  JSON.parse(Buffer.from(manifestBytes(manifest)).toString()) as Json
const faultOf = (json: unknown): string => {
  const read = readManifest(typeof json === 'string' ? Buffer.from(json) : Buffer.from(JSON.stringify(json)))
  return read.ok ? 'none' : read.field
}
describe('reading manifests', () => {
  test.each([
    ['a plain one', manifestOf()],
    ['an empty first one', manifestOf({ isFirst: true, start: { size: 0, nodes: [] }, ranges: [] })],
    ['after a loss', manifestOf({ lost: { from: 0, to: 2 } })],
    [
      'with a range that was given up',
      manifestOf({ ranges: [rangeOf(2, 12, { abandoned: { reason: 'expired', count: 4 } })] }),
    ],
    [
      'with advanced selectors',
      manifestOf({
        versions: [
          {
            ...manifestOf().versions[0]!,
            selectors: {
              kind: 'advanced',
              selectors: [{ FieldSelectors: [{ Field: 'eventCategory', Equals: ['Management'] }] }],
            },
          },
        ],
      }),
    ],
  ])('what was written is read, the same bytes each time: %s', (_, manifest) => {
    const bytes = manifestBytes(manifest)
    const read = readManifest(bytes)
    assert.ok(read.ok, JSON.stringify(read))
    assert.deepEqual(manifestBytes(read.manifest), bytes)
  })

  test('members that are not known are passed by', () => {
    assert.equal(faultOf({ ...jsonOf(), later: { deep: [1, [2]] } }), 'none')
  })

  test.each([
    ['manifestVersion', 2],
    ['awsAccountId', 12],
    ['region', 'EU'],
    ['trailArn', 'a\nb'],
    ['digestS3Bucket', ''],
    ['digestS3Object', undefined],
    ['digestHashValue', 'AB'],
    ['publicKeyFingerprint', 'x'],
    ['part', 0],
    ['part', 10_000],
    ['isLast', 'true'],
    ['isFirst', undefined],
    ['start', null],
    ['end', []],
    ['versions', {}],
    ['ranges', null],
  ])('the member %s is not %j', (name, value) => {
    assert.equal(faultOf({ ...jsonOf(), [name]: value }), name)
  })

  test.each([
    ['start.nodes', { start: { sequence: 3, nodes: 'AAAA' } }],
    ['start.nodes', { start: { sequence: 3, nodes: Buffer.alloc(32).toString('base64') } }],
    ['start.sequence', { start: { sequence: 2 ** 60, nodes: '' } }],
    ['end.root', { end: { ...(jsonOf()['end'] as Json), root: '' } }],
    ['end.checkpoint', { end: { ...(jsonOf()['end'] as Json), checkpoint: 1 } }],
    ['lost.to', { lost: { from: 3, to: 3 } }],
    ['versions[0].since', { versions: [{ isLogging: true, eventSelectors: [{}] }] }],
    ['versions[0].eventSelectors', { versions: [{ since: 1 }] }],
  ])('below a member: %s', (field, changes) => {
    assert.equal(faultOf({ ...jsonOf(), ...changes }), field)
  })

  test('selectors that are not known stand for all events: a newer program may have written them', () => {
    const [version] = jsonOf()['versions'] as Json[]
    const advancedEventSelectors = [{ FieldSelectors: [{ Field: 'eventMood', Equals: ['good'] }] }]
    const { eventSelectors: _, ...rest } = version!
    const read = readManifest(
      Buffer.from(JSON.stringify({ ...jsonOf(), versions: [{ ...rest, advancedEventSelectors }] })),
    )
    assert.ok(read.ok)
    const judge = createRecordJudge({ versions: read.manifest.versions, region: read.manifest.region })
    for (const eventCategory of ['Management', 'Data', 'NetworkActivity'])
      assert.ok(judge(Buffer.from(JSON.stringify({ eventCategory, readOnly: true }))), eventCategory)
  })

  test.each([
    ['to', rangeOf(4, 4)],
    ['hidden', rangeOf(2, 4, { hidden: new Uint8Array(31) })],
    ['abandoned', rangeOf(2, 4, { files: [fileOf('one', 1)], abandoned: { reason: 'expired', count: 1 } })],
    ['files[0].positions', rangeOf(2, 4, { files: [fileOf('one', 2)] })],
    ['files[0].hashValue', rangeOf(2, 4, { files: [{ ...fileOf('one', 1), hashValue: 'AB' }] })],
    ['files[0].count', rangeOf(2, 4, { files: [{ ...fileOf('one', 1), count: 0 }] })],
    ['files', rangeOf(2, 100, { files: Array.from({ length: 17 }, (_, at) => fileOf('one', at)) })],
  ])('a range whose %s is wrong', (field, range) => {
    assert.equal(faultOf(jsonOf(manifestOf({ ranges: [range] }))), `ranges[0].${field}`)
  })

  test('Base64 that is written another way is refused', () => {
    const ranges = [{ from: 2, to: 4, files: [], hidden: 'AAAA\nAAAA' }]
    assert.equal(faultOf({ ...jsonOf(), ranges }), 'ranges[0].hidden')
  })

  test('depth, values and ranges are bounded', () => {
    assert.equal(faultOf(`{"x":${'['.repeat(1000)}${']'.repeat(1000)}}`), '')
    assert.equal(faultOf(`{"x":[${'[],'.repeat(2_500_000)}[]]}`), '')
    const ranges = Array.from({ length: manifestRangesMax + 1 }, () => 0)
    assert.equal(faultOf({ ...jsonOf(), ranges }), 'ranges')
  })

  test('nothing throws, whatever the bytes, and none is taken for a manifest', () => {
    const json = fc.json().map((value) => Buffer.from(value))
    fc.assert(fc.property(fc.oneof(fc.uint8Array(), json), (given) => assert.equal(readManifest(given).ok, false)))
  })

  test('nothing throws, whatever one member is', () => {
    const names = Object.keys(jsonOf())
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.jsonValue(), (name, value) => {
        assert.equal(typeof faultOf({ ...jsonOf(), [name]: value }), 'string')
      }),
    )
  })
})
