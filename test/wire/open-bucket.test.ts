import assert from 'node:assert/strict'
import { appendFileSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import {
  CloudTrailClient,
  CreateTrailCommand,
  ListPublicKeysCommand,
  type CreateTrailCommandInput,
} from '@aws-sdk/client-cloudtrail'
import { describe, test } from 'vitest'
import { call, type Called } from '../../packages/server/src/cli/cli.testing.ts'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { hasVersitygw } from '../s3-server.ts'
import { skipped } from '../skip.ts'
import { home, live, withTrail } from './lively-trail.ts'
import { clientEnvironment, credentials, startTestServer } from './test-server.ts'

const timeout = 240_000
const trail = (S3BucketName: string): CreateTrailCommandInput => ({
  Name: 'audit',
  S3BucketName,
  EnableLogFileValidation: true,
  IsMultiRegionTrail: true,
})
const regions = { regions: `${home},eu-west-1` }

interface Summary {
  readonly files: number
  readonly records: number
  readonly imported: number
  readonly alreadyThere: number
  readonly refused: number
}
type Run = (...args: string[]) => Promise<Called>

/** Imports, imports again and looks: whatever the store is, with the trail's own server as the target. */
async function importTwice(run: Run, place: string): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), 'opentrail-state-'))
  const importing = async (...more: string[]): Promise<Summary> => {
    const { stdout, stderr } = await run('import', place, '--state', state, '--format', 'json', ...more)
    assert.ok(stdout.startsWith('{'), stderr)
    return JSON.parse(stdout) as Summary
  }
  const first = await importing()
  assert.ok(first.files >= 4 && first.records > 40, JSON.stringify(first))
  assert.deepEqual([first.imported, first.alreadyThere, first.refused], [0, first.records, 0])
  assert.equal((await importing()).files, 0)
  assert.equal((await importing('--again')).alreadyThere, first.records)
  rmSync(state, { recursive: true })

  const asked = await run('open', place, '--where', 'eventName = StartLogging', '--format', 'json')
  const { events } = JSON.parse(asked.stdout) as { events: { eventName: string }[] }
  assert.deepEqual(
    events.map(({ eventName }) => eventName),
    ['StartLogging', 'StartLogging'],
  )
}

test('a bucket of our own server is verified, imported and searched over S3, and as a copy', { timeout }, async () => {
  const server = await startTestServer(regions)
  const cloudTrail = new CloudTrailClient({ endpoint: server.endpoint, region: home, credentials, maxAttempts: 1 })
  const directory = mkdtempSync(join(tmpdir(), 'opentrail-open-'))
  const copy = join(directory, 'copy')
  const keys = [home, 'eu-west-1'].map((region) => join(directory, `${region}.json`)).join(',')
  const environment = clientEnvironment(server) as Record<string, string>
  const run: Run = (...args) => call(args, { environment })
  /** As somebody with nothing but the copy and the keys. */
  const verify = (place: string, ...more: string[]) =>
    call(['open', place, '--verify', '--public-keys', keys, ...more], { environment: {} })
  async function damaged(damage: (place: string) => void): Promise<Called> {
    const place = mkdtempSync(join(directory, 'damaged-'))
    cpSync(copy, place, { recursive: true })
    damage(place)
    return verify(place)
  }
  try {
    await cloudTrail.send(new CreateTrailCommand(trail('opentrail-logs')))
    await live(server, cloudTrail)
    for (const path of keys.split(',')) await saveKeys(server, path)
    assert.equal((await run('export', 's3://opentrail-logs', copy)).exitCode, 0)

    await importTwice(run, 's3://opentrail-logs')
    // The server that the environment names has the keys, too.
    for (const good of [await verify(copy), await run('open', 's3://opentrail-logs', '--verify')]) {
      assert.equal(good.exitCode, 0, good.stderr + good.stdout)
      assert.equal(good.stdout.match(/^VALID: trail audit, /gm)?.length, 2, good.stdout)
    }
    const { trails } = JSON.parse((await verify(copy, '--format', 'json')).stdout) as { trails: { outcome: string }[] }
    assert.deepEqual(
      trails.map(({ outcome }) => outcome),
      ['valid', 'valid'],
    )

    const keysOf = (part: string) => {
      const all = readdirSync(copy, { recursive: true, encoding: 'utf8' }).filter((key) => key.endsWith('.gz'))
      return all.filter((key) => key.includes(`/${part}/${home}/`)).toSorted()
    }
    const [file, digest] = [keysOf('CloudTrail')[0]!, keysOf('CloudTrail-Digest')[1]!]
    const changed = await damaged((place) => appendFileSync(join(place, file), 'x'))
    assert.equal(changed.exitCode, 1)
    assert.match(changed.stdout, new RegExp(`^INVALID: .*Region ${home}: [^]*log-file-trailing-data: ${file}`, 'm'))
    assert.match(changed.stdout, /^VALID: .*Region eu-west-1: /m)
    const missing = await damaged((place) => rmSync(join(place, digest)))
    assert.deepEqual([missing.exitCode, /digest-missing/.test(missing.stdout)], [1, true], missing.stdout)
    const whole = keysOf('CloudTrail-Digest')[0]!.split(`/${home}/`)[0]!
    const halved = await damaged((place) => rmSync(join(place, whole, home), { recursive: true }))
    assert.equal(halved.exitCode, 255)
    assert.match(halved.stdout, new RegExp(`NOT VERIFIED: account \\d+, Region ${home}: `))
    const none = await damaged((place) => rmSync(join(place, whole), { recursive: true }))
    assert.deepEqual([none.exitCode, /there are no digests/.test(none.stderr)], [255, true])
  } finally {
    cloudTrail.destroy()
    await server.close()
    rmSync(directory, { recursive: true })
  }
})

/** As `aws cloudtrail list-public-keys` prints them. */
async function saveKeys({ endpoint }: RunningServer, path: string): Promise<void> {
  const cloudTrail = new CloudTrailClient({ endpoint, region: basename(path, '.json'), credentials, maxAttempts: 1 })
  const range = { StartTime: new Date('2020-01-01'), EndTime: new Date('2100-01-01') }
  const { PublicKeyList = [] } = await cloudTrail.send(new ListPublicKeysCommand(range))
  const printed = PublicKeyList.map((key) => ({ ...key, Value: Buffer.from(key.Value!).toString('base64') }))
  writeFileSync(path, JSON.stringify({ PublicKeyList: printed }))
  cloudTrail.destroy()
}

if (!hasVersitygw())
  skipped('import and open of a bucket elsewhere', 'versitygw is not installed: node scripts/install-s3-server.mjs')

describe.skipIf(!hasVersitygw())('a bucket of a store that nobody here wrote', () => {
  test('is verified, imported and searched', { timeout }, () =>
    withTrail(regions, async ({ server, cloudTrail, store, bucket }) => {
      await cloudTrail.send(new CreateTrailCommand(trail(bucket)))
      await live(server, cloudTrail)
      const environment = { ...clientEnvironment(server), AWS_ENDPOINT_URL_S3: store.endpoint } as Record<
        string,
        string
      >
      const run: Run = (...args) => call(args, { environment })
      await importTwice(run, `s3://${bucket}`)
      const verified = await run('open', `s3://${bucket}`, '--verify')
      assert.equal(verified.exitCode, 0, verified.stderr + verified.stdout)

      // The server's credentials are in the environment, the store's in a file.
      const directory = mkdtempSync(join(tmpdir(), 'opentrail-credentials-'))
      const path = join(directory, 'credentials.json')
      const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = store.credentials
      writeFileSync(path, JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey }))
      const where = ['--s3-endpoint', store.endpoint, '--s3-region', store.region, '--s3-credentials', path]
      const state = ['--state', join(directory, 'state')]
      const own = await run('import', `s3://${bucket}`, ...where, ...state)
      assert.equal(own.exitCode, 0, own.stderr)
      assert.match(own.stdout, / already there/)
      rmSync(directory, { recursive: true })
    }),
  )
})
