import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { call, temporaryDirectory } from './cli.testing.ts'

const arn = 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit'
const keys = join(temporaryDirectory(), 'keys.json')
const key = { Value: '', Fingerprint: 'f', ValidityStartTime: '2026-01-01T00:00:00Z', ValidityEndTime: 1_900_000_000 }
writeFileSync(keys, JSON.stringify({ PublicKeyList: [key] }))
const validate = (...more: string[]) =>
  call(['validate-logs', '--trail-arn', arn, '--start-time', '2026-03-04', ...more], {
    now: Date.parse('2026-03-05T00:00:00Z'),
  })
const offline = (...more: string[]) =>
  validate('--s3-bucket', 'logs', '--directory', temporaryDirectory(), '--public-keys', keys, ...more)

describe('validate-logs', () => {
  test('an empty copy has no digests, which is nothing wrong', async () => {
    assert.deepEqual(await offline(), {
      exitCode: 0,
      stdout:
        `Validating log files for trail ${arn} between 2026-03-04T00:00:00Z and 2026-03-05T00:00:00Z\n\n` +
        'Results requested for 2026-03-04T00:00:00Z to 2026-03-05T00:00:00Z\nNo digests found\n',
      stderr: '',
      bytes: Buffer.alloc(0),
    })
  })

  test('a checkpoint shows that they were deleted', async () => {
    const file = join(temporaryDirectory(), 'checkpoint.json')
    const name = '111122223333_CloudTrail-Digest_eu-west-1_audit_eu-west-1_20260304T100000Z.json.gz'
    const digest = `AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/03/04/${name}`
    writeFileSync(file, JSON.stringify({ key: digest, hash: '0'.repeat(64) }))
    const { exitCode, stdout } = await offline('--checkpoint', file)
    assert.equal(exitCode, 1)
    assert.match(stdout, /checkpoint-missing\ts3:\/\/logs\/.*\tINVALID/)
    assert.equal((await offline('--checkpoint', file, '--end-time', '2026-03-04T08:00:00Z')).exitCode, 0)
  })

  test('as JSON it is one document', async () => {
    const { stdout, stderr } = await offline('--format', 'json')
    const document = JSON.parse(stdout) as { outcome: string; keys: { known: unknown[] }; notKnown: string[] }
    assert.deepEqual([document.outcome, document.keys.known.length, stderr], ['valid', 1, ''])
    assert.ok(document.notKnown.some((text) => text.includes('newest digests')))
  })

  test.each<[string[], RegExp]>([
    [['--end-time', '2026-03-01'], /start-time must occur before end-time/],
    [['--end-time', 'soon'], /is no time/],
    [['--report', 'out.pdf'], /FILE\.html or FILE\.json/],
    [['--account-id', '12'], /no account id/],
    [['--region', '../x'], /is no Region/],
    [['--checkpoint', '/nowhere'], /cannot be read/],
    [['--end-time', '2026-03-05', '--s3-endpoint', 'http://127.0.0.1:1'], /choose one/],
  ])('%j keeps it from verifying: 255', async (more, why) => {
    const { exitCode, stderr } = await offline(...more)
    assert.equal(exitCode, 255, stderr)
    assert.match(stderr, why)
  })

  test('no trail, no keys, no server: 255', async () => {
    const wrong = await call(['validate-logs', '--trail-arn', 'audit', '--start-time', '1d'])
    assert.deepEqual([wrong.exitCode, wrong.stderr], [255, 'opentrail: Invalid trail ARN provided: audit\n'])
    const early = [
      '--start-time',
      '2020-01-01',
      '--end-time',
      '2020-01-02',
      '--public-keys',
      keys,
      '--s3-bucket',
      'logs',
    ]
    const none = await call(['validate-logs', '--trail-arn', arn, ...early, '--directory', temporaryDirectory()])
    assert.deepEqual(
      [none.exitCode, /No public keys found between 2020-01-01T00:00:00Z/.test(none.stderr)],
      [255, true],
    )
    const gone = await validate('--endpoint', 'http://127.0.0.1:1')
    assert.equal(gone.exitCode, 255, gone.stderr)
  })
})
