import assert from 'node:assert/strict'
import { gunzipSync, gzipSync } from 'node:zlib'
import { CloudTrailClient, CreateTrailCommand } from '@aws-sdk/client-cloudtrail'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe, test } from 'vitest'
import { hasAwsCli } from '../clients.ts'
import { hasVersitygw } from '../s3-server.ts'
import { skipped } from '../skip.ts'
import { advance, endOf, home, hourMs, live, validate, withTrail } from './lively-trail.ts'
import { record } from './records.ts'
import { credentials, sendEvents, startTestServer } from './test-server.ts'

const isThere = hasAwsCli()
if (!isThere) skipped('aws cloudtrail validate-logs', 'the AWS CLI is not installed: node scripts/install-clients.mjs')
const hasStore = isThere && hasVersitygw()
if (!hasStore)
  skipped(
    'aws cloudtrail validate-logs on another S3 server',
    'versitygw is not installed: node scripts/install-s3-server.mjs',
  )

const timeout = 240_000

describe.skipIf(!isThere)('aws cloudtrail validate-logs says yes', () => {
  test('to the default bucket: busy and idle hours, two Regions, a gap, new keys, a prefix', { timeout }, async () => {
    const server = await startTestServer({ regions: `${home},eu-west-1` })
    const cloudTrail = new CloudTrailClient({ endpoint: server.endpoint, region: home, credentials, maxAttempts: 1 })
    try {
      await cloudTrail.send(
        new CreateTrailCommand({
          Name: 'audit',
          S3BucketName: 'opentrail-logs',
          S3KeyPrefix: 'team/audit',
          IsMultiRegionTrail: true,
          EnableLogFileValidation: true,
        }),
      )
      let now = await live(server, cloudTrail)
      const first = await validate(server, server, '--end-time', endOf(now), '--verbose')
      assert.equal(first.code, 0, first.output)
      assert.doesNotMatch(first.output, /INVALID/)
      assert.match(first.output, /No log files were delivered by CloudTrail between/)
      assert.match(first.output, /(\d\d?)\/\1 digest files valid/)
      assert.match(first.output, /(\d)\/\1 log files valid/)
      const far = await validate(server, server, '--end-time', endOf(now), '--region', 'eu-west-1')
      assert.equal(far.code, 0, far.output)
      assert.match(far.output, /1\/1 log files valid/)
      // Past the end of a key.
      now = await advance(server, 40 * 24 * hourMs)
      await sendEvents(
        server,
        [record({ secondsAgo: -40 * 24 * 3_600 })].map((each) => ({ ...each, eventTime: now.replace(/\.\d+Z/, 'Z') })),
      )
      now = await advance(server, 2 * hourMs)
      const later = await validate(server, server, '--end-time', endOf(now))
      assert.equal(later.code, 0, later.output)
      assert.doesNotMatch(later.output, /INVALID/)
    } finally {
      cloudTrail.destroy()
      await server.close()
    }
  })
})

describe.skipIf(!hasStore)('aws cloudtrail validate-logs on an S3 server that is not ours', () => {
  test('says yes to what was delivered, and no to every damage that it can see', { timeout }, () =>
    withTrail({ regions: `${home},eu-west-1` }, async ({ server, cloudTrail, s3, store, bucket }) => {
      await cloudTrail.send(
        new CreateTrailCommand({ Name: 'audit', S3BucketName: bucket, EnableLogFileValidation: true }),
      )
      const now = await live(server, cloudTrail)
      const judge = () => validate(server, store, '--end-time', endOf(now))
      const clean = await judge()
      assert.equal(clean.code, 0, clean.output)
      assert.doesNotMatch(clean.output, /INVALID/)

      const keys = ((await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? []).map(({ Key }) => Key!)
      const files = keys.filter((key) => key.includes('/CloudTrail/') && key.endsWith('.gz'))
      const digests = keys.filter((key) => key.includes('/CloudTrail-Digest/') && key.endsWith('.gz'))
      assert.ok(files.length >= 3 && digests.length >= 8, keys.join('\n'))

      /** Does something to one object, asks, and puts it back as it was. */
      async function damaged(
        key: string,
        damage: (body: Buffer, metadata: Record<string, string>) => Promise<unknown>,
        finding: RegExp,
      ) {
        const {
          Body,
          Metadata = {},
          ContentType,
          ContentEncoding,
        } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
        const body = Buffer.from(await Body!.transformToByteArray())
        await damage(body, Metadata)
        const { code, output } = await judge()
        assert.equal(code, 1, output)
        assert.match(output, finding)
        await s3.send(
          new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, Metadata, ContentType, ContentEncoding }),
        )
      }
      const put = (Key: string, Body: Uint8Array, Metadata: Record<string, string>) =>
        s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, Metadata }))
      const edited = (body: Buffer) => gzipSync(gunzipSync(body).toString().replace('"kim"', '"eve"').replace('T', 't'))

      const [file, digest] = [files[0]!, digests[1]!]
      await damaged(
        file,
        (body, metadata) => put(file, edited(body), metadata),
        /Log file.*INVALID: hash value doesn't match/s,
      )
      await damaged(
        file,
        () => s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: file })),
        /Log file.*INVALID: not found/s,
      )
      await damaged(
        file,
        (_, metadata) => put(file, Buffer.from('no gzip'), metadata),
        /Log file.*INVALID: invalid format/s,
      )
      await damaged(digest, (body, metadata) => put(digest, edited(body), metadata), /Digest file.*INVALID/s)
      await damaged(digest, (body) => put(digest, body, {}), /Digest file.*INVALID: signature verification failed/s)
      await damaged(
        digest,
        () => s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: digest })),
        /Digest file.*INVALID: not found/s,
      )
      await damaged(
        digest,
        () => s3.send(new CopyObjectCommand({ Bucket: bucket, Key: digest, CopySource: `${bucket}/${digests[2]!}` })),
        /Digest file.*INVALID: has been moved from its original location/s,
      )
      const mended = await judge()
      assert.equal(mended.code, 0, mended.output)
    }),
  )
})
