import assert from 'node:assert/strict'
import {
  CreateTrailCommand,
  StartLoggingCommand,
  StopLoggingCommand,
  UpdateTrailCommand,
} from '@aws-sdk/client-cloudtrail'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, test } from 'vitest'
import { call } from '../../packages/server/src/cli/cli.testing.ts'
import { hasAwsCli } from '../clients.ts'
import { hasVersitygw } from '../s3-server.ts'
import { skipped } from '../skip.ts'
import { advance, arn, endOf, freeze, home, hourMs, validate, withTrail } from './lively-trail.ts'
import { record } from './records.ts'
import { clientEnvironment, sendEvents } from './test-server.ts'

const isThere = hasAwsCli() && hasVersitygw()
if (!isThere)
  skipped(
    'backfill digests',
    'the AWS CLI or versitygw is not installed: node scripts/install-clients.mjs, node scripts/install-s3-server.mjs',
  )
const timeout = 240_000
const elsewhere = 'eu-west-1'

describe.skipIf(!isThere)('backfill digests', () => {
  test('aws cloudtrail validate-logs says yes to them, and ours too', { timeout }, () =>
    withTrail({ regions: `${home},${elsewhere}` }, async ({ server, cloudTrail, s3, store, bucket }) => {
      let now = await advance(server, 0)
      async function hours(count: number): Promise<void> {
        for (let hour = 0; hour < count; hour++) {
          const eventTime = now.replace(/\.\d+Z/, 'Z')
          for (const region of [home, elsewhere])
            await sendEvents(server, [{ ...record({ region }), eventTime }], region)
          now = await advance(server, hourMs)
        }
      }
      const validates = (EnableLogFileValidation: boolean) =>
        cloudTrail.send(new UpdateTrailCommand({ Name: 'audit', EnableLogFileValidation }))
      await cloudTrail.send(new CreateTrailCommand({ Name: 'audit', S3BucketName: bucket, IsMultiRegionTrail: true }))
      await cloudTrail.send(new StartLoggingCommand({ Name: 'audit' }))
      await hours(3)
      await validates(true)
      await hours(2)
      await validates(false)
      await hours(3)
      await cloudTrail.send(new StopLoggingCommand({ Name: 'audit' }))
      // Other keys are valid when the digests are made than in the hours that they cover.
      now = await advance(server, 40 * 24 * hourMs)
      await freeze(server)

      const environment = { ...clientEnvironment(server), AWS_ENDPOINT_URL_S3: store.endpoint } as Record<
        string,
        string
      >
      const backfill = async () => {
        const { exitCode, stdout, stderr } = await call(['trail', 'backfill-digests', 'audit', '--format', 'json'], {
          environment,
        })
        assert.equal(exitCode, 0, stderr)
        return JSON.parse(stdout) as { regions: { region: string; digests: number; files: number; left: string }[] }
      }
      const { regions } = await backfill()
      assert.deepEqual(
        new Set(regions.map(({ region, left }) => `${region} ${left}`)),
        new Set([`${home} done`, `${elsewhere} done`]),
      )
      assert.ok(
        regions.every(({ digests, files }) => digests >= 5 && files >= digests),
        JSON.stringify(regions),
      )
      const again = await call(['trail', 'backfill-digests', 'audit'], { environment })
      assert.deepEqual([again.exitCode, again.stderr], [0, 'There is no digest to make for trail audit.\n'])

      const keys = ((await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? []).map(({ Key }) => Key!)
      const ours = (region: string, ...more: string[]) =>
        call(
          [
            'validate-logs',
            '--trail-arn',
            arn,
            '--start-time',
            '2020-01-01',
            '--end-time',
            endOf(now),
            '--region',
            region,
            ...more,
          ],
          { environment },
        )
      for (const { region, digests } of regions) {
        const { code, output } = await validate(
          server,
          store,
          '--end-time',
          endOf(now),
          '--region',
          region,
          '--verbose',
        )
        assert.equal(code, 0, output)
        assert.match(output, /^\(backfill\) Digest file\ts3:.*_backfill\.json\.gz\tvalid$/m)
        assert.match(output, new RegExp(`^${digests}/${digests} backfill digest files valid$`, 'm'))
        // Every log file is in one digest.
        const files = keys.filter((key) => key.includes(`/CloudTrail/${region}/`) && key.endsWith('.gz')).length
        assert.match(output, new RegExp(`^${files}/${files} log files valid$`, 'm'))
        const own = await ours(region, '--format', 'json')
        const { findings } = JSON.parse(own.stdout) as { findings: { kind: string }[] }
        assert.deepEqual(findings, [], own.stdout)
      }

      const digest = keys.find((key) => key.includes(`/CloudTrail-Digest/${home}/`) && key.includes('_backfill'))!
      const { Body, Metadata } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: digest }))
      const { 'backfill-generation-timestamp': made, ...rest } = Metadata ?? {}
      assert.ok(made)
      const body = await Body!.transformToByteArray()
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: digest, Body: body, Metadata: rest }))
      const { code, output } = await validate(server, store, '--end-time', endOf(now))
      assert.equal(code, 1)
      assert.match(output, /^\(backfill\) Digest file\t.*INVALID: invalid format$/m)
      assert.match((await ours(home)).stderr, /^\(backfill\) Digest file\t.*INVALID: invalid format$/m)
    }),
  )
})
