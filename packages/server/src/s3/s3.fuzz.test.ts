import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
import { bucketPolicyFault, openDirectoryBucketStore, openMemoryObjectStore } from '../buckets/index.ts'
import { createTestKeys } from '../buckets/object-keys.testing.ts'
import { fuzzRun, rareOutcomes } from '../http/front-fuzz.testing.ts'
import { fuzzS3 } from './s3-fuzz.testing.ts'

const run = fuzzRun()
const options = { keys: createTestKeys(), checkPolicy: bucketPolicyFault, partBytesMin: 1 }

test(`${run.inputs} requests are answered, each in S3's form`, { timeout: run.timeout }, async () => {
  const openStore = (now: () => number) => openMemoryObjectStore({ ...options, now })
  const outcomes = await fuzzS3({ ...run, openStore })
  const wanted = ['200', '204', 'AccessDenied', 'MalformedXML', 'NoSuchKey', 'NoSuchBucket', 'InvalidArgument']
  assert.deepEqual(rareOutcomes(outcomes, run, wanted), [])
})

test('no name leaves the directory of the store', async () => {
  const parent = mkdtempSync(join(tmpdir(), 's3-fuzz-'))
  try {
    const directory = join(parent, 'a/b/store')
    const openStore = (now: () => number) => openDirectoryBucketStore({ ...options, directory, now })
    await fuzzS3({ seed: run.seed, inputs: 1_000, openStore })
    const outside = readdirSync(parent, { recursive: true })
      .map(String)
      .filter(
        (name) =>
          !/^a(?:\/b(?:\/store(?:\/(?:format|index|objects|index\/.*|objects\/[0-9a-f/]+|[\w.-]+))?)?)?$/.test(name),
      )
    assert.deepEqual(outside, [])
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }
})
