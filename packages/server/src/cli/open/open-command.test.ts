import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, test } from 'vitest'
import { call, temporaryDirectory } from '../cli.testing.ts'

const account = '210000000001'
const keyAt = (day: string, hour: string) =>
  `AWSLogs/${account}/CloudTrail/eu-west-1/${day.replaceAll('-', '/')}/${account}_CloudTrail_eu-west-1_${day.replaceAll('-', '')}T${hour}00Z_0aZ9bY8cX7dW6eV5.json.gz`

let ids = 0
const record = (members: Readonly<Record<string, unknown>>) => ({
  eventVersion: '1.11',
  userIdentity: { type: 'IAMUser', userName: 'kim', arn: `arn:aws:iam::${account}:user/kim` },
  eventTime: '2026-03-04T10:00:00Z',
  eventSource: 's3.amazonaws.com',
  eventName: 'DeleteBucket',
  awsRegion: 'eu-west-1',
  sourceIPAddress: '203.0.113.7',
  eventID: `8a0e2f5c-6d0b-4f57-9c0e-${String(++ids).padStart(12, '0')}`,
  recipientAccountId: account,
  ...members,
})
const packed = (...records: object[]) => gzipSync(JSON.stringify({ Records: records }))

function logs(files: Readonly<Record<string, Uint8Array>>): string {
  const root = temporaryDirectory()
  for (const [key, body] of Object.entries(files)) {
    mkdirSync(dirname(join(root, key)), { recursive: true })
    writeFileSync(join(root, key), body)
  }
  return root
}

interface Printed {
  readonly sentence?: string
  readonly events: readonly { readonly eventTime: string; readonly requestParameters?: unknown }[]
  readonly files: number
  readonly isCut: boolean
  readonly damages: readonly { readonly file: string }[]
}
async function printed(root: string, ...flags: string[]): Promise<Printed> {
  const { exitCode, stdout, stderr } = await call(['open', root, '--format', 'json', ...flags])
  assert.equal(exitCode, 0, stderr)
  return JSON.parse(stdout) as Printed
}

describe('opentrail open --where', () => {
  test('prints the newest matches and leaves older files unread', async () => {
    // More than are read at a time.
    const days = Array.from({ length: 9 }, (_, index) => `2026-03-0${index + 1}`)
    const files = days.map((day) => [keyAt(day, '11'), packed(record({ eventTime: `${day}T10:55:00Z` }))] as const)
    const root = logs(Object.fromEntries(files))
    const {
      events,
      isCut,
      files: read,
    } = await printed(root, '--where', 'eventName = DeleteBucket', '--max-items', '1')
    assert.deepEqual(
      events.map(({ eventTime }) => eventTime),
      ['2026-03-09T10:55:00Z'],
    )
    assert.equal(isCut, true)
    assert.ok(read < days.length, `${read} files`)
    assert.equal((await printed(root, '--where', 'eventName = DeleteBucket')).events.length, days.length)
  })

  test('an event that came late is in its place; each event is printed once, without its secrets', async () => {
    const twice = record({ requestParameters: { password: 'open sesame' } })
    const root = logs({
      [keyAt('2026-03-04', '11')]: packed(twice, record({ eventTime: '2026-03-04T09:00:00Z' })),
      [keyAt('2026-03-04', '12')]: packed(twice, record({ eventTime: '2026-03-04T08:00:00Z' })),
    })
    const { events } = await printed(root, '--where', 'username = kim')
    assert.deepEqual(
      events.map(({ eventTime }) => eventTime.slice(11, 13)),
      ['10', '09', '08'],
    )
    assert.doesNotMatch(JSON.stringify(events), /sesame/)
  })

  test('of a damaged file says so and prints what else there is', async () => {
    const whole = packed(record({}))
    const root = logs({ 'a.json.gz': whole, 'b.json.gz': whole.subarray(0, whole.length / 2) })
    const { events, damages } = await printed(root, '--where', 'eventName = DeleteBucket')
    assert.deepEqual([events.length, damages.map(({ file }) => file)], [1, [join(root, 'b.json.gz')]])
  })

  test('that makes no sense is misuse', async () => {
    const { exitCode, stderr } = await call(['open', logs({ 'a.json.gz': packed() }), '--where', 'eventName ='])
    assert.deepEqual([exitCode, /--where cannot be read/.test(stderr)], [2, true])
  })
})

describe('opentrail open --ask', () => {
  test('answers in a sentence', async () => {
    const parameters = { requestParameters: { bucketName: 'logs-2026' } }
    const root = logs({ [keyAt('2026-03-04', '11')]: packed(record(parameters), record({ eventName: 'ListBuckets' })) })
    const { sentence, events } = await printed(root, '--ask', 'who deleted logs-2026?')
    assert.match(sentence ?? '', /^kim called DeleteBucket on logs-2026 /)
    assert.equal(events.length, 1)
    assert.match((await printed(root, '--ask', 'who deleted logs-1999?')).sentence ?? '', /^Nothing was found/)
  })
})

test('a place without log files is said, with what was found instead', async () => {
  const { exitCode, stderr } = await call(['open', logs({ 'notes.txt': Buffer.from('x') })])
  assert.equal(exitCode, 1)
  assert.match(stderr, /no log files at .* \(skipped: 1 no log files\)/)
})

test('a directory that holds something else is not taken to keep the index in', async () => {
  const root = logs({ 'a.json.gz': packed(record({})) })
  const { exitCode, stderr } = await call(['open', root, '--keep', logs({ 'thesis.txt': Buffer.from('x') })])
  assert.deepEqual([exitCode, /holds something else/.test(stderr)], [2, true])
})
