import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { logFileKey } from '@opentrail/core/delivery'
import { isAccountId, isRegionName } from '@opentrail/core/event'
import { afterEach, beforeEach, describe, test } from 'vitest'
import { call } from '../../packages/server/src/cli/cli.testing.ts'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { account, clientEnvironment, startTestServer } from '../wire/test-server.ts'

const timeout = 180_000
const region = 'us-east-1'

let root: string
let server: RunningServer
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'opentrail-import-'))
  server = await startTestServer({ 'delivery-interval': '1s' })
})
afterEach(async () => {
  await server.close()
  rmSync(root, { recursive: true })
})

const record = (members: Readonly<Record<string, unknown>> = {}) => ({
  eventVersion: '1.05',
  userIdentity: { type: 'IAMUser', userName: 'kim' },
  eventTime: '2019-05-06T07:08:09Z',
  eventSource: 's3.amazonaws.com',
  eventName: 'DeleteBucket',
  awsRegion: region,
  sourceIPAddress: '203.0.113.7',
  requestParameters: { bucketName: 'logs-2019' },
  eventID: randomUUID(),
  eventType: 'AwsApiCall',
  recipientAccountId: account,
  ...members,
})

function put(name: string, body: Uint8Array | string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true })
  writeFileSync(join(root, name), body)
}
const packed = (...records: object[]) => gzipSync(JSON.stringify({ Records: records }))
function keyOf(accountId: string, plannedAt: string): string {
  assert.ok(isAccountId(accountId) && isRegionName(region))
  const unique = '0aZ9bY8cX7dW6eV5'
  return logFileKey({ account: accountId, region, kind: 'CloudTrail', unique, plannedAt: Date.parse(plannedAt) })
}

async function run(...args: string[]) {
  const environment = { ...clientEnvironment(server), XDG_STATE_HOME: join(root, 'state') } as Record<string, string>
  return call(args, { environment })
}
/** Moves the clock on until what the trail has delivered is as wanted; returns its text. */
async function deliveredUntil(isThere: (text: string) => boolean): Promise<string> {
  for (const deadline = performance.now() + 90_000; ;) {
    const advanced = await run('clock', 'advance', '5m', '--endpoint', server.endpoint)
    assert.equal(advanced.exitCode, 0, advanced.stderr)
    const listed = await run('ls', 's3://opentrail-logs', '--recursive', '--format', 'json')
    const { Objects } = JSON.parse(listed.stdout) as { Objects: { Key: string }[] }
    const files = Objects.map(({ Key }) => Key).filter((key) => /\/CloudTrail\/.*\.json\.gz$/.test(key))
    const texts = await Promise.all(files.map(async (file) => (await run('cat', `s3://opentrail-logs/${file}`)).bytes))
    const text = texts.join('\n')
    if (isThere(text)) return text
    assert.ok(performance.now() < deadline, `${files.length} files: ${text.slice(0, 1_000)}`)
  }
}

interface Summary {
  readonly records: number
  readonly imported: number
  readonly alreadyThere: number
  readonly refused: number
}
async function importing(...flags: string[]): Promise<Summary> {
  const { stdout, stderr } = await run('import', join(root, 'AWSLogs'), '--format', 'json', ...flags)
  assert.ok(stdout.startsWith('{'), stderr)
  return JSON.parse(stdout) as Summary
}

describe('imported log files', () => {
  test('are found like any event, once, and no trail delivers them again', { timeout }, async () => {
    const now = new Date().toISOString()
    const recent = record({ eventTime: `${now.slice(0, 19)}Z`, eventName: 'RecentlyDeleted' })
    put(keyOf(account, now), packed(recent, record({ eventName: 'PutObject', eventCategory: 'Data' })))
    put(keyOf(account, '2019-05-06T07:10:00Z'), packed(record(), record()))
    const trail = await run('trail', 'create', 'audit', '--bucket', 'opentrail-logs', '--start')
    assert.equal(trail.exitCode, 0, trail.stderr)

    assert.deepEqual(pick(await importing()), { records: 4, imported: 4, alreadyThere: 0, refused: 0 })
    assert.deepEqual(pick(await importing('--again')), { records: 4, imported: 0, alreadyThere: 4, refused: 0 })

    const found = await run('lookup-events', '--event-name', 'RecentlyDeleted', '--format', 'json')
    const { Events } = JSON.parse(found.stdout) as { Events: { EventId: string }[] }
    assert.deepEqual(
      Events.map(({ EventId }) => EventId),
      [recent.eventID],
    )

    // The lookup came after the import, so a file that tells of it was made when the imported events had been looked at.
    const delivered = await deliveredUntil((text) => text.includes('"eventName":"LookupEvents"'))
    assert.doesNotMatch(delivered, /"eventName":"(RecentlyDeleted|DeleteBucket)"/)
  })

  test('of what this server has delivered are recognised, every one', { timeout }, async () => {
    assert.equal((await run('trail', 'create', 'audit', '--bucket', 'opentrail-logs', '--start')).exitCode, 0)
    const demo = await run('demo')
    assert.equal(demo.exitCode, 0, demo.stderr)
    await deliveredUntil((text) => text.split('"eventID"').length > 500)
    const exported = await run('export', 's3://opentrail-logs', join(root, 'copy'))
    assert.equal(exported.exitCode, 0, exported.stderr)
    const { stdout } = await run('import', join(root, 'copy'), '--format', 'json')
    const { imported, alreadyThere, refused } = JSON.parse(stdout) as Summary
    assert.deepEqual([imported, refused], [0, 0])
    assert.ok(alreadyThere > 100, stdout)
  })

  test('of accounts that are not there are refused by name', { timeout }, async () => {
    put(keyOf('310000000009', '2019-05-06T07:10:00Z'), packed(record({ recipientAccountId: '310000000009' })))
    const { exitCode, stderr } = await run('import', join(root, 'AWSLogs'))
    assert.equal(exitCode, 1)
    assert.match(stderr, /account create/)
  })
})

const pick = ({ records, imported, alreadyThere, refused }: Summary) => ({ records, imported, alreadyThere, refused })
