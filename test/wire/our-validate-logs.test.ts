import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { CreateTrailCommand, ListPublicKeysCommand } from '@aws-sdk/client-cloudtrail'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe, test } from 'vitest'
import { call, type Called } from '../../packages/server/src/cli/cli.testing.ts'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { hasAwsCli } from '../clients.ts'
import { hasVersitygw, type S3Server } from '../s3-server.ts'
import { skipped } from '../skip.ts'
import { arn, endOf, home, live, validate, withTrail } from './lively-trail.ts'
import { clientEnvironment } from './test-server.ts'

const isThere = hasAwsCli() && hasVersitygw()
if (!isThere)
  skipped(
    'opentrail validate-logs beside the AWS CLI',
    'the AWS CLI or versitygw is not installed: node scripts/install-clients.mjs, node scripts/install-s3-server.mjs',
  )
const timeout = 240_000
const heading = 'Found beyond what "aws cloudtrail validate-logs" checks:'

/** Ours, from the same environment as the AWS CLI. */
function ours(server: RunningServer, store: Pick<S3Server, 'endpoint'>, ...more: string[]): Promise<Called> {
  const environment = { ...clientEnvironment(server), AWS_ENDPOINT_URL_S3: store.endpoint } as Record<string, string>
  const args = ['validate-logs', '--trail-arn', arn, '--start-time', '2020-01-01T00:00:00Z', ...more]
  return call(args, { environment })
}

/** The lines without our own: the AWS CLI has two outputs, of which the order between them is not known. */
const lines = (text: string): string[] => text.split(heading)[0]!.split('\n').filter(Boolean).toSorted()

describe.skipIf(!isThere)('opentrail validate-logs beside aws cloudtrail validate-logs', () => {
  test('the same lines and exit codes, clean and damaged, and what only ours finds', { timeout }, () =>
    withTrail({ regions: `${home},eu-west-1` }, async ({ server, cloudTrail, s3, store, bucket }) => {
      await cloudTrail.send(
        new CreateTrailCommand({ Name: 'audit', S3BucketName: bucket, EnableLogFileValidation: true }),
      )
      const now = await live(server, cloudTrail)
      const end = ['--end-time', endOf(now).slice(0, 19)]
      const temporary = mkdtempSync(join(tmpdir(), 'opentrail-validate-'))

      async function compare(...more: string[]): Promise<Called> {
        const [theirs, own] = await Promise.all([
          validate(server, store, ...end, ...more),
          ours(server, store, ...end, ...more),
        ])
        assert.deepEqual([...lines(own.stdout), ...lines(own.stderr)].toSorted(), lines(theirs.output))
        assert.equal(own.exitCode, theirs.code, own.stdout + own.stderr)
        return own
      }
      /** Ours as JSON, where the AWS CLI says that all is well. */
      async function unseen(...more: string[]) {
        const theirs = await validate(server, store, ...end)
        assert.equal(theirs.code, 0, theirs.output)
        const { exitCode, stdout } = await ours(server, store, ...end, '--format', 'json', ...more)
        const { findings } = JSON.parse(stdout) as { findings: { kind: string; severity: string }[] }
        return { exitCode, kinds: findings.filter(({ severity }) => severity === 'invalid').map(({ kind }) => kind) }
      }

      const clean = await compare()
      assert.doesNotMatch(clean.stdout, new RegExp(heading), clean.stdout)
      const verbose = await compare('--verbose')
      assert.match(verbose.stdout, /Log file\ts3:.*\tvalid/)

      const keys = ((await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? []).map(({ Key }) => Key!)
      const files = keys.filter((key) => key.includes(`/CloudTrail/${home}/`) && key.endsWith('.gz'))
      const digests = keys.filter((key) => key.includes('/CloudTrail-Digest/') && key.endsWith('.gz'))
      const put = (Key: string, Body: Uint8Array, Metadata: Record<string, string> = {}) =>
        s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, Metadata }))
      const remove = (key: string) => s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))
      const edited = (body: Buffer) => gzipSync(gunzipSync(body).toString().replace('T', 't'))

      /** Damages, asks, and puts all back as it was. */
      async function damaged(
        damagedKeys: readonly string[],
        damage: (body: Buffer, metadata: Record<string, string>) => Promise<unknown>,
        ask: () => Promise<void>,
      ): Promise<void> {
        const objects = []
        for (const key of damagedKeys) {
          const { Body, Metadata = {} } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
          objects.push({ key, body: Buffer.from(await Body!.transformToByteArray()), metadata: Metadata })
        }
        await damage(objects[0]!.body, objects[0]!.metadata)
        await ask()
        for (const { key, body, metadata } of objects) await put(key, body, metadata)
      }
      const both = (text: RegExp) => async (): Promise<void> => {
        const { exitCode, stderr } = await compare()
        assert.equal(exitCode, 1)
        assert.match(stderr, text)
      }
      const [file, digest] = [files[0]!, digests[1]!]
      await damaged([file], (body) => put(file, edited(body)), both(/Log file.*INVALID: hash value doesn't match/))
      await damaged([file], (body) => put(file, Buffer.concat([body, body])), both(/unexpected data after end/))
      await damaged([file], (body) => put(file, body.subarray(0, 50)), both(/hash value doesn't match/))
      await damaged([file], () => remove(file), both(/Log file.*INVALID: not found/))
      await damaged([file], () => put(file, Buffer.from('no gzip')), both(/Log file.*INVALID: invalid format/))
      await damaged([digest], (body, metadata) => put(digest, edited(body), metadata), both(/Digest file.*INVALID/))
      await damaged([digest], (body) => put(digest, body), both(/Digest file.*INVALID: signature verification failed/))
      await damaged([digest], () => put(digest, Buffer.from('x')), both(/Digest file.*INVALID: invalid format/))
      const notHex = { signature: 'xyz', 'signature-algorithm': 'SHA256withRSA' }
      await damaged([digest], (body) => put(digest, body, notHex), both(/Digest file.*INVALID: Odd-length string/))
      await damaged([digest], () => remove(digest), both(/Digest file.*INVALID: not found/))
      const copy = { Bucket: bucket, Key: digest, CopySource: `${bucket}/${digests[2]!}` }
      const moved = both(/Digest file.*INVALID: has been moved from its original location/)
      await damaged([digest], () => s3.send(new CopyObjectCommand(copy)), moved)

      // What the AWS CLI does not see.
      const saved = join(temporary, 'checkpoint.json')
      assert.equal((await ours(server, store, ...end, '--save-checkpoint', saved)).exitCode, 0)
      assert.equal((JSON.parse(readFileSync(saved, 'utf8')) as { key: string }).key, digests.at(-1))
      const newest = digests.at(-1)!
      await damaged(
        [newest],
        () => remove(newest),
        async () => {
          const kept = await unseen('--checkpoint', saved)
          assert.equal(kept.exitCode, 1)
          assert.ok(kept.kinds.includes('checkpoint-missing'), kept.kinds.join())
          assert.ok(kept.kinds.includes('newest-digest-missing'), kept.kinds.join())
        },
      )
      const extra = file.replace(/_[^_]{16}\.json\.gz$/, '_AAAAAAAAAAAAAAAA.json.gz')
      await put(extra, gzipSync('{"Records":[]}'))
      assert.deepEqual(await unseen(), { exitCode: 1, kinds: ['log-file-unlisted'] })
      const shown = await ours(server, store, ...end)
      assert.match(shown.stdout, new RegExp(`${heading}\n\nlog-file-unlisted\ts3://${bucket}/${extra}\tINVALID: `))
      await remove(extra)

      await neighbours()
      await offline()
      rmSync(temporary, { recursive: true })

      /** A plain copy has no signatures but those that the next digests repeat: two chains end without one. */
      async function copied(args: readonly string[]): Promise<void> {
        const directory = join(temporary, 'copy')
        for (const key of keys.filter((each) => each.endsWith('.gz'))) {
          const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
          mkdirSync(dirname(join(directory, key)), { recursive: true })
          writeFileSync(join(directory, key), await Body!.transformToByteArray())
        }
        const verify = () =>
          call(['validate-logs', '--trail-arn', arn, '--start-time', '2020-01-01', '--directory', directory, ...args])
        const whole = await verify()
        assert.equal(whole.exitCode, 0, whole.stdout + whole.stderr)
        assert.match(whole.stdout, new RegExp(`\n${digests.length - 2}/${digests.length - 2} digest files valid\n`))
        assert.match(whole.stderr, /^2 digests and their \d log files could not be checked/m)
        writeFileSync(join(directory, file), edited(readFileSync(join(directory, file))))
        const altered = await verify()
        assert.equal(altered.exitCode, 1)
        assert.match(altered.stderr, new RegExp(`${file}\tINVALID: hash value doesn't match`))
        writeFileSync(join(directory, digest), edited(readFileSync(join(directory, digest))))
        assert.match((await verify()).stderr, new RegExp(`${digest}\tINVALID: `))
      }

      /** The AWS CLI names one digest as missing, and not the other. */
      async function neighbours(): Promise<void> {
        const two = digests.slice(2, 4)
        await damaged(
          two,
          () => Promise.all(two.map(remove)),
          async () => {
            const theirs = await validate(server, store, ...end)
            assert.match(theirs.output, new RegExp(`${two[1]!}\tINVALID: not found`))
            assert.doesNotMatch(theirs.output, new RegExp(two[0]!))
            const own = await compare()
            assert.match(own.stdout, /window-unproven\t.*INVALID/)
          },
        )
      }

      /** Nothing but a directory, a file of keys and no server. */
      async function offline(): Promise<void> {
        const range = { StartTime: new Date('2020-01-01'), EndTime: new Date(endOf(now)) }
        const { PublicKeyList = [] } = await cloudTrail.send(new ListPublicKeysCommand(range))
        const list = PublicKeyList.map((key) => ({ ...key, Value: Buffer.from(key.Value!).toString('base64') }))
        const keyFile = join(temporary, 'keys.json')
        writeFileSync(keyFile, JSON.stringify({ PublicKeyList: list }))
        const args = ['--s3-bucket', bucket, '--public-keys', keyFile, ...end]
        const report = join(temporary, 'report.html')
        const { exitCode, stdout } = await call(
          ['validate-logs', '--trail-arn', arn, '--start-time', '2020-01-01', ...args, '--report', report],
          { environment: { ...credentialsOf(server), AWS_ENDPOINT_URL_S3: store.endpoint } },
        )
        assert.equal(exitCode, 0, stdout)
        assert.deepEqual(lines(stdout), lines(clean.stdout))
        assert.match(readFileSync(report, 'utf8'), /Valid: what was checked is as it was delivered/)
        await copied(args)
      }
    }),
  )
})

const credentialsOf = (server: RunningServer): Record<string, string> => {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = clientEnvironment(server)
  return { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }
}
