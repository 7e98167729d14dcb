import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { test } from 'vitest'
import { call } from '../../packages/server/src/cli/cli.testing.ts'

const timeout = 180_000
const cli = fileURLToPath(new URL('../../packages/server/src/cli/main.ts', import.meta.url))
const [account, region] = ['210000000001', 'eu-west-1']

const record = (eventTime: string, eventName: string) => ({
  eventVersion: '1.08',
  userIdentity: { type: 'IAMUser', userName: 'kim' },
  eventTime,
  eventSource: 'iam.amazonaws.com',
  eventName,
  awsRegion: region,
  sourceIPAddress: '203.0.113.7',
  eventID: `8a0e2f5c-6d0b-4f57-9c0e-${eventTime.replaceAll(/\D/g, '').slice(0, 12)}`,
  eventType: 'AwsApiCall',
  recipientAccountId: account,
})

function putLogFile(root: string, ...records: ReturnType<typeof record>[]): void {
  const [day = '', time = ''] = records[0]!.eventTime.split('T')
  const stamp = `${day.replaceAll('-', '')}T${time.slice(0, 2)}55Z`
  const name = `${account}_CloudTrail_${region}_${stamp}_0aZ9bY8cX7dW6eV5.json.gz`
  const path = join(root, 'AWSLogs', account, 'CloudTrail', region, day.replaceAll('-', '/'), name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, gzipSync(JSON.stringify({ Records: records })))
}

test('an old bucket is shown as of its newest event, read-only, and nothing is left behind', { timeout }, async () => {
  const root = mkdtempSync(join(tmpdir(), 'opentrail-old-'))
  const temporary = mkdtempSync(join(tmpdir(), 'opentrail-temporary-'))
  putLogFile(root, record('2019-05-06T07:50:00Z', 'CreateUser'), record('2019-05-06T07:51:00Z', 'DeleteUser'))
  putLogFile(root, record('2018-05-06T07:50:00Z', 'CreateRole'))
  const child = spawn(process.execPath, ['--conditions=opentrail-source', cli, 'open', root], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: temporary },
  })
  const exited = once(child, 'exit')
  let output = ''
  try {
    await new Promise<void>((done, failed) => {
      child.stdout.on('data', (text: Buffer) => {
        output += text.toString()
        if (/All is read/.test(output)) done()
      })
      child.once('exit', () => failed(new Error(`open has ended: ${output}`)))
    })
    assert.match(output, /2 files with 3 records: 3 imported/)
    const exports = [...output.matchAll(/export (\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!])
    const environment = Object.fromEntries(exports) as Record<string, string>
    const run = (...args: string[]) => call(args, { environment })

    const { stdout, stderr } = await run('lookup-events', '--format', 'json')
    assert.ok(stdout.startsWith('{'), stderr)
    const { Events } = JSON.parse(stdout) as { Events: { EventName: string }[] }
    // A year earlier is more than 90 days before the newest one.
    assert.deepEqual(
      Events.map(({ EventName }) => EventName),
      ['DeleteUser', 'CreateUser'],
    )
    const file = join(root, 'own.json')
    writeFileSync(file, JSON.stringify(record('2019-05-06T07:52:00Z', 'Forged')))
    for (const command of [
      ['send', file],
      ['import', file, '--again'],
      ['trail', 'create', 'audit'],
    ]) {
      const refused = await run(...command)
      assert.equal(refused.exitCode, 1, refused.stdout)
      assert.match(refused.stderr, /read-only/, command.join(' '))
    }
  } finally {
    child.kill('SIGINT')
    const [code] = (await exited) as [number | null]
    assert.equal(code, 0)
  }
  const left = readdirSync(temporary)
  assert.deepEqual(left, [])
  for (const directory of [root, temporary]) rmSync(directory, { recursive: true })
})
