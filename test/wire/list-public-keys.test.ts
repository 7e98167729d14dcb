import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, createPublicKey } from 'node:crypto'
import { promisify } from 'node:util'
import {
  CloudTrailClient,
  CreateTrailCommand,
  InvalidTimeRangeException,
  InvalidTokenException,
  ListPublicKeysCommand,
  LookupEventsCommand,
  paginateListPublicKeys,
  type PublicKey,
} from '@aws-sdk/client-cloudtrail'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { awsPath, hasAwsCli } from '../clients.ts'
import { skipped } from '../skip.ts'
import { account, clientEnvironment, credentials, startTestServer } from './test-server.ts'

const run = promisify(execFile)
const dayMs = 86_400_000
let server: RunningServer
let client: CloudTrailClient
const clientOf = (region: string) =>
  new CloudTrailClient({ endpoint: server.endpoint, region, credentials, maxAttempts: 1 })

beforeAll(async () => {
  server = await startTestServer()
  client = clientOf('us-east-1')
})
afterAll(async () => {
  await server.close()
})

const list = async (range: { StartTime?: Date; EndTime?: Date } = {}, from = client): Promise<PublicKey[]> =>
  (await from.send(new ListPublicKeysCommand(range))).PublicKeyList!
const inDays = (days: number) => new Date(Date.now() + days * dayMs)

describe('ListPublicKeys by the AWS SDK for JavaScript', () => {
  test('gives the key valid now, from the first call on', async () => {
    const [key, ...more] = await list()
    assert.ok(key?.Value && key.ValidityStartTime && key.ValidityEndTime)
    assert.deepEqual(more, [])
    assert.equal(key.Fingerprint, createHash('md5').update(key.Value).digest('hex'))
    const loaded = createPublicKey({ key: Buffer.from(key.Value), type: 'pkcs1', format: 'der' })
    assert.equal(loaded.asymmetricKeyDetails?.modulusLength, 2_048)
    assert.equal(key.ValidityEndTime.getTime() - key.ValidityStartTime.getTime(), 30 * dayMs)
    assert.ok(key.ValidityStartTime.getTime() <= Date.now() && Date.now() < key.ValidityEndTime.getTime())
    assert.deepEqual(await list({ StartTime: inDays(-1), EndTime: inDays(0.1) }), [key])
    const pages = []
    for await (const page of paginateListPublicKeys({ client }, {})) pages.push(page.PublicKeyList)
    assert.deepEqual(pages, [[key]])
  })

  test('each Region has its own', async () => {
    const [here, there] = [await list(), await list({}, clientOf('eu-west-1'))]
    assert.notEqual(here[0]!.Fingerprint, there[0]!.Fingerprint)
    assert.deepEqual(await list({}, clientOf('eu-west-1')), there)
  })

  test('refuses a reversed range and any token, and is recorded as a read', async () => {
    await assert.rejects(list({ StartTime: inDays(0), EndTime: inDays(-1) }), InvalidTimeRangeException)
    await assert.rejects(client.send(new ListPublicKeysCommand({ NextToken: 'x' })), InvalidTokenException)
    const LookupAttributes = [{ AttributeKey: 'EventName' as const, AttributeValue: 'ListPublicKeys' }]
    const { Events } = await client.send(new LookupEventsCommand({ LookupAttributes }))
    const codes = Events!.map(({ CloudTrailEvent, ReadOnly }) => {
      assert.equal(ReadOnly, 'true')
      return (JSON.parse(CloudTrailEvent!) as { errorCode?: string }).errorCode
    })
    assert.ok(codes.includes('InvalidTokenException') && codes.includes('InvalidTimeRangeException'))
  })
})

const awsCli = hasAwsCli()
if (!awsCli) skipped('ListPublicKeys by the AWS CLI', 'the AWS CLI is not installed: node scripts/install-clients.mjs')

describe.skipIf(!awsCli)('ListPublicKeys by the AWS CLI', () => {
  const aws = (...args: string[]) => run(awsPath, ['cloudtrail', ...args], { env: clientEnvironment(server) })

  test('lists the keys that the SDK sees', { timeout: 60_000 }, async () => {
    const { stdout } = await aws('list-public-keys', '--start-time', inDays(-2).toISOString())
    const { PublicKeyList } = JSON.parse(stdout) as { PublicKeyList: { Value: string; Fingerprint: string }[] }
    const expected = (await list()).map(({ Value, Fingerprint }) => ({
      Value: Buffer.from(Value!).toString('base64'),
      Fingerprint,
    }))
    assert.deepEqual(
      PublicKeyList.map(({ Value, Fingerprint }) => ({ Value, Fingerprint })),
      expected,
    )
  })

  test('validate-logs finds keys in a Region that has signed nothing yet', { timeout: 60_000 }, async () => {
    const region = 'eu-central-1'
    const elsewhere = clientOf(region)
    await elsewhere.send(new CreateTrailCommand({ Name: 'validated', S3BucketName: 'opentrail-logs' }))
    const arn = `arn:aws:cloudtrail:${region}:${account}:trail/validated`
    const range = ['--start-time', inDays(-1).toISOString()]
    const { stdout, stderr } = await aws('validate-logs', '--trail-arn', arn, ...range, '--region', region)
    assert.match(stdout, /No digests found/)
    assert.equal(stderr, '')
  })
})

test('months later on a virtual clock there is another key, beside the old one', async () => {
  const [before] = await list()
  const body = JSON.stringify({ milliseconds: 90 * dayMs })
  const advanced = await fetch(new URL('/test/clock/advance', server.endpoint), { method: 'POST', body })
  assert.equal(advanced.status, 200, await advanced.text())
  const [after, ...more] = await list()
  assert.notEqual(after!.Fingerprint, before!.Fingerprint)
  assert.deepEqual(more, [])
  const all = (await list({ StartTime: inDays(0) })).map(({ Fingerprint }) => Fingerprint)
  assert.equal(all[0], before!.Fingerprint)
  assert.equal(all.at(-1), after!.Fingerprint)
  // Nothing was signed meanwhile: at most the successor of the key that was used is between them.
  assert.ok(all.length <= 3, `${all.length} keys`)
})
