import assert from 'node:assert/strict'
import { gunzipSync } from 'node:zlib'
import { describe, test } from 'vitest'
import { readDigest, type Place } from '@opentrail/core/digest'
import type { BelievableDigest, ManifestFinding } from '@opentrail/core/manifest'
import { sha256Hex } from '../../../../core/src/digest/index.ts'
import { placeName, type Objects } from '../../../../core/src/digest/objects.testing.ts'
import { cleanTrails, type CleanTrails } from '../../../../core/src/manifest/clean-trails.testing.ts'
import { putManifest } from '../../../../core/src/manifest/clean-stream.testing.ts'
import { manifestAt, partsAt } from '../../../../core/src/manifest/damage-tools.testing.ts'
import { createCompleteness } from './complete.ts'
import { createRecordsExaminer } from './examine-records.ts'
import type { ObjectSource } from './object-source.ts'

const contentOf = (objects: Objects, place: Place): Uint8Array => gunzipSync(objects.get(placeName(place))!.body)

const sourceOf = (objects: Objects): ObjectSource => ({
  description: 'memory',
  get: async (place) => objects.get(placeName(place)),
  async *list() {},
  close: async () => {},
})

/** Judges one digest by its manifest. */
async function judge(
  { objects, keys }: CleanTrails,
  place: Place,
  source = sourceOf(objects),
): Promise<readonly ManifestFinding[]> {
  const bytes = contentOf(objects, place)
  const read = readDigest(bytes)
  assert.ok(read.ok)
  const digest: BelievableDigest = { place, digest: read.digest, sha256: sha256Hex(bytes) }
  const records = createCompleteness({ source, keys, kept: [] }).open(digest)
  for (const entry of read.digest.logFiles) {
    const task = await records.task(entry)
    const examiner = task && createRecordsExaminer(task)
    examiner?.add(contentOf(objects, { bucket: entry.s3Bucket, key: entry.s3Object }))
    records.give(entry, examiner?.end())
  }
  await records.fetched
  return records.judge()
}

describe('completeness of one digest', () => {
  test('parts behind one that nothing vouches for are not fetched', async () => {
    const clean = await cleanTrails()
    const { objects, trails } = clean
    const { place } = trails[0].written.find(({ place }) => partsAt(objects, place).length > 1)!
    const [first, second] = partsAt(objects, place)
    objects.set(placeName(first!), { ...objects.get(placeName(first!))!, metadata: {} })
    const asked: string[] = []
    const source = sourceOf(objects)
    const listening: ObjectSource = { ...source, get: (of, options) => (asked.push(of.key), source.get(of, options)) }
    const kinds = (await judge(clean, place, listening)).map(({ kind }) => kind)
    assert.ok(kinds.includes('signature-missing'), kinds.join(' '))
    assert.deepEqual([asked.includes(first!.key), asked.includes(second!.key)], [true, false])
  })

  test('a file that two ranges name is a finding, and stops nothing', async () => {
    const clean = await cleanTrails()
    const { objects, signing, trails } = clean
    for (const { place } of trails[0].written) {
      const [part] = partsAt(objects, place)
      const manifest = part && manifestAt(objects, part)
      const [one, other] = manifest?.ranges.filter(({ files }) => files.length > 0) ?? []
      if (!manifest || !one || !other) continue
      assert.deepEqual(await judge(clean, place), [])
      const ranges = manifest.ranges.map((range) => (range === other ? { ...range, files: one.files } : range))
      putManifest(objects, { ...manifest, ranges }, signing, manifest.part)
      const kinds = (await judge(clean, place)).map(({ kind }) => kind)
      assert.ok(kinds.includes('file-twice') && kinds.includes('range-unproven'), kinds.join(' '))
      return
    }
    assert.fail('no manifest has two ranges with files')
  })
})
