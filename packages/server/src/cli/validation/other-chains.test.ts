import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { publicKeys, type DigestLogFile } from '@opentrail/core/digest'
import {
  account,
  homeRegion,
  hourMs,
  signingKey,
  writeDigest,
  writeLogFile,
  type SigningKey,
  type Written,
} from '../../../../core/src/digest/clean-bucket.testing.ts'
import { placeName, type Objects } from '../../../../core/src/digest/tampering.testing.ts'
import { createAwsOutput } from './aws-output.ts'
import { startGathering, type VerifyOptions } from './gathered.ts'
import type { ObjectSource } from './object-source.ts'
import { noteOtherChains } from './other-chains.ts'

const bucket = 'audit-logs'
const from = Date.UTC(2026, 2, 4, 23, 11, 12)
const key = signingKey(from - 100 * hourMs, from + 100 * hourMs)

/** A trail that is not the verified one: three hours, over midnight, with a log file in each. */
function otherTrail(objects: Objects, trailName: string, signedWith: (hour: number) => SigningKey): DigestLogFile[] {
  let previous: Written | undefined
  return [0, 1, 2].map((hour) => {
    const endTime = from + (hour + 1) * hourMs
    const unique = `${trailName}${hour}`.padEnd(16, 'x')
    const file = writeLogFile(objects, { bucket, region: homeRegion, deliveredAt: endTime - 1_800_000, unique })
    const expected = { account, trailName, homeRegion, sourceRegion: homeRegion }
    previous = writeDigest(objects, { expected, bucket, endTime, key: signedWith(hour), previous, logFiles: [file] })
    return file
  })
}

const sourceOf = (objects: Objects, hasMetadata: boolean): ObjectSource => ({
  description: 'a test',
  async get(place) {
    const object = objects.get(placeName(place))
    return object && { body: Uint8Array.from(object.body), metadata: hasMetadata ? object.metadata : undefined }
  },
  async *list(name, prefix, after) {
    for (const each of [...objects.keys()].sort((one, other) => (one < other ? -1 : 1))) {
      const found = each.slice(name.length + 1)
      if (each.startsWith(`${name}/${prefix}`) && (after === undefined || found > after)) yield found
    }
  },
  async close() {},
})

/** What is said of each of the log files once other trails' digests were looked at. */
async function judged(objects: Objects, files: readonly DigestLogFile[], hasMetadata = true) {
  const chain = { account, trailName: 'audit', homeRegion, sourceRegion: homeRegion }
  const options: VerifyOptions = {
    trail: { arn: '', chain, bucket },
    range: { from, to: from + 3 * hourMs },
    source: sourceOf(objects, hasMetadata),
    keys: { description: '', between: async () => publicKeys([key.source]) },
    output: createAwsOutput({ out: () => {}, error: () => {} }, { isVerbose: false }),
    onProgress: () => {},
  }
  const gathered = startGathering()
  for (const [fingerprint, known] of publicKeys([key.source])) gathered.keys.set(fingerprint, known)
  await noteOtherChains(options, gathered, [bucket])
  return files.map(({ s3Bucket, s3Object }) => gathered.ledger.judge({ bucket: s3Bucket, key: s3Object })?.kind)
}

describe('log files of other trails in the same folder', () => {
  test('are known by their own digests', async () => {
    const objects: Objects = new Map()
    const files = ['aardvark', 'second'].flatMap((name) => otherTrail(objects, name, () => key))
    assert.deepEqual(await judged(objects, files), Array(6).fill(undefined))
  })

  test('are not known by a digest that somebody else has signed', async () => {
    const objects: Objects = new Map()
    const foreign = signingKey(0, from + 100 * hourMs)
    const files = otherTrail(objects, 'second', (hour) => (hour === 2 ? foreign : key))
    assert.deepEqual(await judged(objects, files), [undefined, undefined, 'log-file-unproven'])
  })

  test('in a plain copy: as far as later digests repeat the signatures', async () => {
    const objects: Objects = new Map()
    const files = otherTrail(objects, 'second', () => key)
    assert.deepEqual(await judged(objects, files, false), [undefined, undefined, 'log-file-not-yet-digested'])
  })
})
