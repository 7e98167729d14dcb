import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { hasBoto3, pythonPath } from '../clients.ts'
import { skipped } from '../skip.ts'
import { clientEnvironment, credentials, startTestServer } from './test-server.ts'

const run = promisify(execFile)
const Bucket = 'transfers'
const partBytes = 8 * 1_048_576
/** Two whole parts and a short one. */
const content = randomBytes(20 * 1_048_576 + 17)
/** Where the source of a broken upload breaks off: within the second part. */
const brokenAtBytes = 9 * 1_048_576
let server: RunningServer
let client: S3Client
let directory: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 's3-transfer-'))
  writeFileSync(join(directory, 'content'), content)
  server = await startTestServer()
  client = new S3Client({ endpoint: server.endpoint, region: 'us-east-1', credentials, forcePathStyle: true })
  await client.send(new CreateBucketCommand({ Bucket }))
})
afterAll(async () => {
  client.destroy()
  await server.close()
  rmSync(directory, { recursive: true, force: true })
})

/** What an SDK has for large objects, with its own defaults but for the size of parts. */
interface TransferManager {
  upload(key: string, path: string): Promise<unknown>
  /** Of a source that breaks off in its second part. */
  uploadBroken(key: string, path: string): Promise<unknown>
  /** In ranges, several at a time. */
  download(key: string, path: string): Promise<unknown>
}

const javaScript: TransferManager = {
  upload: (Key, path) =>
    new Upload({ client, params: { Bucket, Key, Body: createReadStream(path) }, partSize: partBytes }).done(),
  uploadBroken: (Key, path) =>
    new Upload({ client, params: { Bucket, Key, Body: Readable.from(breakingOff(path)) }, partSize: partBytes }).done(),
  // The SDK has none, so this is what its users write.
  async download(Key, path) {
    const { ContentLength = 0 } = await client.send(new HeadObjectCommand({ Bucket, Key }))
    await using file = await open(path, 'w')
    const starts = Array.from({ length: Math.ceil(ContentLength / partBytes) }, (_, index) => index * partBytes)
    await Promise.all(
      starts.map(async (start) => {
        const Range = `bytes=${start}-${start + partBytes - 1}`
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, Range }))
        await file.write(await Body!.transformToByteArray(), 0, undefined, start)
      }),
    )
  },
}

async function* breakingOff(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, { end: brokenAtBytes - 1 }) as AsyncIterable<Uint8Array>
  throw new Error('the source broke off')
}

const boto3Script = `
import boto3, io, sys
from boto3.s3.transfer import TransferConfig
what, bucket, key, path = sys.argv[1:]
config = TransferConfig(multipart_threshold=${partBytes}, multipart_chunksize=${partBytes}, max_concurrency=4)
client = boto3.client('s3')
class Breaking(io.RawIOBase):
    left = ${brokenAtBytes}
    def readable(self):
        return True
    def read(self, size=-1):
        if self.left == 0:
            raise RuntimeError('the source broke off')
        size = min(size, self.left) if size >= 0 else self.left
        self.left -= size
        return b'x' * size
if what == 'upload':
    client.upload_file(path, bucket, key, Config=config)
elif what == 'broken':
    client.upload_fileobj(Breaking(), bucket, key, Config=config)
else:
    client.download_file(bucket, key, path, Config=config)
`
const runBoto3 = (...args: string[]): Promise<unknown> =>
  run(pythonPath, ['-c', boto3Script, ...args], { env: clientEnvironment(server) })
const boto3: TransferManager = {
  upload: (key, path) => runBoto3('upload', Bucket, key, path),
  uploadBroken: (key, path) => runBoto3('broken', Bucket, key, path),
  download: (key, path) => runBoto3('download', Bucket, key, path),
}

/** Where `scripts/install-go-transfer.mjs` puts it. */
const goProgram = fileURLToPath(new URL('../../.tools/go-transfer/go-transfer', import.meta.url))
const runGo = (...args: string[]): Promise<unknown> =>
  run(goProgram, [server.endpoint, Bucket, ...args], { env: clientEnvironment(server) })
const go: TransferManager = {
  upload: (key, path) => runGo('up', key, path),
  uploadBroken: (key, path) => runGo('broken', key, path),
  async download(key, path) {
    await runGo('parts', key, path)
    assert.equal(sha256(path), sha256(join(directory, 'content')))
    rmSync(path)
    await runGo('ranges', key, path)
  },
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

const hasGo = existsSync(goProgram)
if (!hasGo) skipped('transfers by the AWS SDK for Go', 'its program is not built: node scripts/install-go-transfer.mjs')
const withBoto3 = hasBoto3()
if (!withBoto3) skipped('transfers by boto3', 'it is not installed: node scripts/install-clients.mjs')

describe.each([
  { sdk: 'JavaScript', isThere: true, manager: javaScript },
  { sdk: 'Python', isThere: withBoto3, manager: boto3 },
  { sdk: 'Go', isThere: hasGo, manager: go },
])('the transfer manager of the AWS SDK for $sdk', ({ sdk, isThere, manager }) => {
  test.skipIf(!isThere)('uploads in parts with its own checksums, and gets the same back in ranges', async () => {
    const key = `${sdk}/whole`
    await manager.upload(key, join(directory, 'content'))
    const stored = await client.send(new HeadObjectCommand({ Bucket, Key: key, ChecksumMode: 'ENABLED' }))
    assert.equal(stored.ContentLength, content.length)
    assert.match(stored.ETag!, /-3"$/)
    assert.ok(stored.ChecksumCRC32, 'what all SDKs compute unless told otherwise')
    const back = join(directory, `${sdk}-back`)
    await manager.download(key, back)
    assert.equal(sha256(back), sha256(join(directory, 'content')))
  })

  test.skipIf(!isThere)('leaves nothing of an upload that breaks off', async () => {
    const key = `${sdk}/broken`
    await assert.rejects(manager.uploadBroken(key, join(directory, 'content')), /the source broke off/)
    assert.deepEqual((await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? [], [])
    await assert.rejects(client.send(new HeadObjectCommand({ Bucket, Key: key })), { name: 'NotFound' })
  })
})
