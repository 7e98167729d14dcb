import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { describe, test } from 'vitest'
import { publicKeys, readDigest, type DigestLogFile, type Place } from '@opentrail/core/digest'
import { parseManifestKey, type BelievableDigest, type ManifestFinding } from '@opentrail/core/manifest'
import { account, homeRegion, hourMs, signingKey } from '../../../../core/src/digest/clean-bucket.testing.ts'
import { sha256Hex } from '../../../../core/src/digest/index.ts'
import { placeName, type Objects } from '../../../../core/src/digest/objects.testing.ts'
import { cleanTrails, type CleanTrails } from '../../../../core/src/manifest/clean-trails.testing.ts'
import { putManifest, streamOf, writeTrail } from '../../../../core/src/manifest/clean-stream.testing.ts'
import { manifestAt, partsAt } from '../../../../core/src/manifest/damage-tools.testing.ts'
import { createCompleteness } from './complete.ts'
import type { DigestRecords } from './digest-records.ts'
import { createRecordsExaminer, type RecordsTask } from './examine-records.ts'
import { createInOrder } from './in-order.ts'
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

describe('a manifest of many parts', () => {
  const rangesMax = 40
  const filesOfRange = 2

  /** One digest whose manifest has a part for each range. */
  async function longOutage() {
    const objects: Objects = new Map()
    const begin = Date.UTC(2026, 2, 4, 10, 11, 12)
    const key = signingKey(begin - 700 * hourMs, begin + 700 * hourMs)
    const ranges = Array.from({ length: rangesMax }, (_, at) => ({
      from: at * 12,
      to: at * 12 + 12,
      files: filesOfRange,
    }))
    const written = await writeTrail(objects, {
      expected: { account, trailName: 'main', homeRegion, sourceRegion: homeRegion },
      bucket: 'audit-logs',
      stream: streamOf('eu-west-1', rangesMax * 12),
      key,
      begin,
      unique: 'main',
      from: 0,
      hours: [{ to: rangesMax * 12, ranges, bytesMax: 1 }],
    })
    const digests = written.toReversed().map(({ place }): BelievableDigest => {
      const bytes = contentOf(objects, place)
      const read = readDigest(bytes)
      assert.ok(read.ok)
      return { place, digest: read.digest, sha256: sha256Hex(bytes) }
    })
    const [digest, older] = digests
    assert.ok(digest && older && digests.length === 2)
    assert.equal(partsAt(objects, digest.place).length, rangesMax)
    return { objects, keys: publicKeys([key.source]), digest, older }
  }

  /** The parts that are fetched, in order. */
  function counting(objects: Objects, onPart: () => void = () => {}) {
    const fetched: string[] = []
    const source: ObjectSource = {
      ...sourceOf(objects),
      get: async ({ bucket, key }) => {
        if (parseManifestKey(key)) {
          fetched.push(key)
          onPart()
        }
        return objects.get(placeName({ bucket, key }))
      },
    }
    return { source, fetched }
  }

  const examine = async (records: DigestRecords, objects: Objects, entry: DigestLogFile): Promise<RecordsTask> => {
    const task = await records.task(entry)
    assert.ok(task)
    // So that whoever does not wait for it goes on first.
    await nextTurn()
    const examiner = createRecordsExaminer(task)
    examiner.add(contentOf(objects, { bucket: entry.s3Bucket, key: entry.s3Object }))
    records.give(entry, examiner.end())
    return task
  }

  test('is judged part by part: two at the most are held, however many files are examined at once', async () => {
    const { objects, keys, digest } = await longOutage()
    let given = 0
    let heldMax = 0
    const { source, fetched } = counting(objects, () => {
      heldMax = Math.max(heldMax, fetched.length - Math.floor(given / filesOfRange))
    })
    const completeness = createCompleteness({ source, keys, kept: [] })
    const opened = completeness.open(digest)
    const give: DigestRecords['give'] = (entry, found) => {
      given++
      opened.give(entry, found)
    }
    const records = { ...opened, give }
    const inOrder = createInOrder<RecordsTask>(filesOfRange * 8, () => {})
    const tasks: RecordsTask[] = []
    for (const entry of digest.digest.logFiles)
      await inOrder.add(async () => {
        const task = await examine(records, objects, entry)
        tasks.push(task)
        return task
      })
    const judged = records.judge()
    await inOrder.end()
    assert.deepEqual(await judged, [])
    assert.equal(fetched.length, rangesMax)
    assert.ok(heldMax <= 2, `${heldMax} parts were held`)
    // The versions are written as text once a part, not once a file.
    assert.equal(new Set(tasks).size, rangesMax)
    assert.equal(completeness.end().accounted?.records, digestRecords(objects, digest))
  })

  test('is judged in whatever order the digest lists the files', async () => {
    const { objects, keys, digest } = await longOutage()
    const records = createCompleteness({ source: sourceOf(objects), keys, kept: [] }).open(digest)
    for (const entry of digest.digest.logFiles.toReversed()) await examine(records, objects, entry)
    assert.deepEqual(await records.judge(), [])
  })

  test('waits behind its first part until the newer digest was judged', async () => {
    const { objects, keys, digest, older } = await longOutage()
    const { source, fetched } = counting(objects)
    const completeness = createCompleteness({ source, keys, kept: [] })
    // In the wrong order, so that the one with many parts has to wait for the other.
    const [first, second] = [completeness.open(older), completeness.open(digest)]
    const [one, ...others] = digest.digest.logFiles
    await examine(second, objects, one!)
    const examined = Promise.all(others.map((entry) => examine(second, objects, entry)))
    const judged = second.judge()
    assert.equal(fetched.filter((key) => partsAt(objects, digest.place).some((part) => part.key === key)).length, 1)
    await first.judge()
    await examined
    await judged
    assert.equal(fetched.length, rangesMax + 1)
  })

  test('a part that lacks a log file is found, and the parts behind it are judged', async () => {
    const { objects, keys, digest } = await longOutage()
    const completeness = createCompleteness({ source: sourceOf(objects), keys, kept: [] })
    const records = completeness.open(digest)
    for (const [index, entry] of digest.digest.logFiles.entries())
      if (index === 5) {
        await records.task(entry)
        records.give(entry, undefined)
      } else await examine(records, objects, entry)
    assert.deepEqual(
      (await records.judge()).map(({ kind }) => kind),
      ['range-unproven'],
    )
    assert.equal(completeness.end().accounted?.manifests, 1)
  })
})

const digestRecords = (objects: Objects, { digest }: BelievableDigest): number =>
  digest.logFiles.reduce((sum, { s3Bucket: bucket, s3Object: key }) => {
    const { Records } = JSON.parse(Buffer.from(contentOf(objects, { bucket, key })).toString()) as {
      Records: unknown[]
    }
    return sum + Records.length
  }, 0)
