import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
import { bucketPolicyFault, openDirectoryBucketStore, openMemoryObjectStore } from '../buckets/index.ts'
import { createTestKeys } from '../buckets/object-keys.testing.ts'
import { fuzzS3 } from './s3-fuzz.testing.ts'

/** `FUZZ_INPUTS=1000000` for the long run, `FUZZ_SEED` to see a failure again. */
const inputs = Number(process.env['FUZZ_INPUTS'] ?? 20_000)
const seed = Number(process.env['FUZZ_SEED'] ?? 1)
/** Far more than a slow machine needs for an input. */
const inputMsMax = 20
const options = { keys: createTestKeys(), checkPolicy: bucketPolicyFault, partBytesMin: 1 }

test(`${inputs} requests are answered, each in S3's form`, { timeout: 60_000 + inputs * inputMsMax }, async () => {
  const outcomes = await fuzzS3({ seed, inputs, openStore: (now) => openMemoryObjectStore({ ...options, now }) })
  if (process.env['FUZZ_INPUTS'] !== undefined) console.log(outcomes)
  // Otherwise it would have looked at one check alone.
  for (const outcome of ['200', '204', 'AccessDenied', 'MalformedXML', 'NoSuchKey', 'NoSuchBucket', 'InvalidArgument'])
    assert.ok((outcomes[outcome] ?? 0) > inputs / 400, `${outcome}: ${outcomes[outcome]}`)
})

test('no name leaves the directory of the store', async () => {
  const parent = mkdtempSync(join(tmpdir(), 's3-fuzz-'))
  try {
    const directory = join(parent, 'a/b/store')
    const openStore = (now: () => number) => openDirectoryBucketStore({ ...options, directory, now })
    await fuzzS3({ seed, inputs: 1_000, openStore })
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
