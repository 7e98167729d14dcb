import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { CreateTrailCommand, PutEventSelectorsCommand, StartLoggingCommand } from '@aws-sdk/client-cloudtrail'
import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, test } from 'vitest'
import { call } from '../../packages/server/src/cli/cli.testing.ts'
import { hasVersitygw } from '../s3-server.ts'
import { skipped } from '../skip.ts'
import { arn, endOf, home, live, withTrail } from './lively-trail.ts'
import { record } from './records.ts'
import { account, clientEnvironment } from './test-server.ts'

const isThere = hasVersitygw()
if (!isThere)
  skipped('opentrail validate-logs --complete', 'versitygw is not installed: node scripts/install-s3-server.mjs')
const timeout = 240_000

interface Document {
  readonly outcome: string
  readonly exitCode: number
  readonly findings: readonly { readonly kind: string; readonly severity: string }[]
  readonly completeness: { readonly manifests: number; readonly records: number; readonly leftOut: number } | null
}

/** All that a trail that takes read-only calls would take. */
const oldRecords = Array.from({ length: 100 }, () => ({
  ...record({ region: home }),
  eventTime: '2019-05-06T07:50:00Z',
  eventName: 'DescribeInstances',
  readOnly: true,
  eventID: randomUUID(),
  recipientAccountId: account,
}))

describe.skipIf(!isThere)('opentrail validate-logs --complete', () => {
  test('every event is accounted for, and what is taken away is missed', { timeout }, () =>
    withTrail({ regions: `${home},eu-west-1` }, async ({ server, cloudTrail, s3, store, bucket }) => {
      await cloudTrail.send(
        new CreateTrailCommand({
          Name: 'audit',
          S3BucketName: bucket,
          EnableLogFileValidation: true,
          IsMultiRegionTrail: true,
        }),
      )
      // Some are taken and some are not.
      const EventSelectors = [{ ReadWriteType: 'ReadOnly' as const, IncludeManagementEvents: true }]
      await cloudTrail.send(new PutEventSelectorsCommand({ TrailName: 'audit', EventSelectors }))
      const temporary = mkdtempSync(join(tmpdir(), 'opentrail-complete-'))
      const environment = { ...clientEnvironment(server), AWS_ENDPOINT_URL_S3: store.endpoint } as Record<
        string,
        string
      >
      // Read-only calls, which the trail takes of whoever makes them now: but these are of long ago.
      const imported = join(temporary, 'imported.ndjson')
      writeFileSync(imported, oldRecords.map((old) => JSON.stringify(old)).join('\n'))
      await cloudTrail.send(new StartLoggingCommand({ Name: 'audit' }))
      const importing = await call(['import', imported, '--again'], { environment })
      assert.match(importing.stdout, new RegExp(`: ${oldRecords.length} imported`), importing.stderr)
      const end = endOf(await live(server, cloudTrail)).slice(0, 19)

      async function verify(...more: string[]): Promise<Document> {
        const range = ['--start-time', '2020-01-01T00:00:00Z', '--end-time', end]
        const args = ['validate-logs', '--trail-arn', arn, ...range, '--complete', '--format', 'json', ...more]
        const { stdout, stderr } = await call(args, { environment })
        assert.ok(stdout.startsWith('{'), stderr)
        return JSON.parse(stdout) as Document
      }
      const invalid = ({ findings }: Document) =>
        findings.filter(({ severity }) => severity === 'invalid').map(({ kind }) => kind)

      const checkpoint = join(temporary, 'checkpoint.json')
      for (const region of [home, 'eu-west-1']) {
        const clean = await verify('--region', region, '--save-checkpoint', checkpoint)
        assert.deepEqual(invalid(clean), [])
        assert.equal(clean.outcome, 'valid')
        const { manifests = 0, records = 0, leftOut = 0 } = clean.completeness ?? {}
        assert.ok(manifests > 5 && records > 10, JSON.stringify(clean.completeness))
        // Imported events are entries of the log, too, that the trail did not select.
        assert.ok(leftOut >= oldRecords.length || region !== home, JSON.stringify(clean.completeness))
        assert.deepEqual(invalid(await verify('--region', region, '--checkpoint', checkpoint)), [])
      }

      const listed = await s3.send(new ListObjectsV2Command({ Bucket: bucket }))
      const keys = (listed.Contents ?? []).map(({ Key }) => Key!).filter((key) => key.includes(`/${home}/`))
      const read = async (Key: string) => {
        const { Body, Metadata = {} } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }))
        return { body: Buffer.from(await Body!.transformToByteArray()), metadata: Metadata }
      }
      for (const key of keys.filter((name) => /\/CloudTrail\/.*\.gz$/.test(name)))
        assert.ok(!gunzipSync((await read(key)).body).includes('2019-05-06T07:50:00Z'), key)
      const manifests = keys.filter((key) => key.includes('/OpenTrail-Manifest/'))
      const put = (Key: string, Body: Uint8Array, Metadata: Record<string, string>) =>
        s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, Metadata }))
      const remove = (Key: string) => s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }))

      async function damaged(key: string, damage: (body: Buffer) => Buffer | undefined, ...more: string[]) {
        const { body, metadata } = await read(key)
        const other = damage(body)
        await (other ? put(key, other, metadata) : remove(key))
        const found = invalid(await verify(...more))
        await put(key, body, metadata)
        return found
      }
      const edited = (body: Buffer) => gzipSync(gunzipSync(body).toString().replace('"isLast":true', '"isLast":false'))
      const [first, second] = [manifests[0]!, manifests[2]!]
      assert.deepEqual(await damaged(second, () => undefined), ['manifest-missing'])
      assert.deepEqual(await damaged(second, edited), ['signature-invalid'])
      assert.deepEqual(await damaged(second, (body) => body.subarray(0, 40)), ['manifest-unreadable'])
      assert.deepEqual(await damaged(second, (body) => Buffer.concat([body, body])), ['manifest-trailing-data'])
      const other = await read(first)
      assert.deepEqual(await damaged(second, () => other.body), ['digest-mismatch', 'signature-invalid'])
      assert.deepEqual(invalid(await verify()), [])

      // A tree that was kept of another log is not that of this one.
      const kept = JSON.parse(readFileSync(checkpoint, 'utf8')) as { tree: { size: number; root: string } }
      kept.tree.root = Buffer.alloc(32, 7).toString('base64')
      writeFileSync(checkpoint, JSON.stringify(kept))
      assert.ok(
        invalid(await verify('--region', 'eu-west-1', '--checkpoint', checkpoint)).includes('kept-checkpoint-differs'),
      )
      rmSync(temporary, { recursive: true })
    }),
  )
})
