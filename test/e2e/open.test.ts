import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { setTimeout as later } from 'node:timers/promises'
import type {
  ApiAnswer,
  ApiCounts,
  ApiEventPage,
  ApiSession,
  ApiSignInAnswer,
  ApiTopValues,
  ApiVerification,
} from '@opentrail/core/api'
import { describe, test } from 'vitest'
import { signedPlace } from '../../packages/server/src/cli/open/signed-place.testing.ts'
import { signRequest } from '../../packages/server/src/auth/index.ts'
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

/** `opentrail open` until it has read everything; what it leaves in its temporary directory is told when it ends. */
async function open(root: string, ...flags: string[]) {
  const temporary = mkdtempSync(join(tmpdir(), 'opentrail-temporary-'))
  const child = spawn(process.execPath, ['--conditions=opentrail-source', cli, 'open', root, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: temporary },
  })
  const exited = once(child, 'exit')
  let output = ''
  await new Promise<void>((done, failed) => {
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString()
      if (/All is read/.test(output)) done()
    })
    child.once('exit', () => failed(new Error(`open has ended: ${output}`)))
  })
  const exports = [...output.matchAll(/export (\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!])
  return {
    output,
    environment: Object.fromEntries(exports) as Record<string, string>,
    async close() {
      child.kill('SIGINT')
      const [code] = (await exited) as [number | null]
      const left = readdirSync(temporary)
      rmSync(temporary, { recursive: true })
      return { code, left }
    },
  }
}

function oldBucket(): string {
  const root = mkdtempSync(join(tmpdir(), 'opentrail-old-'))
  putLogFile(root, record('2019-05-06T07:50:00Z', 'CreateUser'), record('2019-05-06T07:51:00Z', 'DeleteUser'))
  putLogFile(root, record('2018-05-06T07:50:00Z', 'CreateRole'))
  return root
}

/** Signs in as the browser does, with the link that was printed, and asks with what the session was given. */
async function signIn(endpoint: string, output: string) {
  const token = /#sign-in=(\S+)/.exec(output)?.[1]
  const answer = await fetch(`${endpoint}/api/v1/sign-in`, { method: 'POST', body: JSON.stringify({ token }) })
  assert.equal(answer.status, 200)
  const { session, credentials } = (await answer.json()) as ApiSignInAnswer
  async function send(method: string, target: string, content?: object, more: Record<string, string> = {}) {
    const [body, host] = [Buffer.from(content ? JSON.stringify(content) : ''), new URL(endpoint).host]
    const identity = { ...credentials!, region, service: 'cloudtrail' }
    const headers = signRequest({ method, target, headers: { host, ...more }, body }, identity, Date.now())
    return fetch(`${endpoint}${target}`, { method, headers, ...(content && { body }) })
  }
  async function ask<Answer>(target: string, content?: object): Promise<Answer> {
    const reply = await send(content ? 'POST' : 'GET', `/api/v1/${target}`, content)
    assert.equal(reply.status, 200, target)
    return (await reply.json()) as Answer
  }
  return { session, send, ask }
}

describe('an old bucket that is opened', () => {
  test('is shown as of its newest event, read-only, and nothing is left behind', { timeout }, async () => {
    const root = oldBucket()
    const opened = await open(root)
    try {
      assert.match(opened.output, /2 files with 3 records: 3 imported/)
      const { environment } = opened
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
      assert.deepEqual(await opened.close(), { code: 0, left: [] })
      rmSync(root, { recursive: true })
    }
  })

  test('is signed in to with the printed link; every question counts from the newest event', { timeout }, async () => {
    const root = oldBucket()
    const opened = await open(root)
    try {
      const endpoint = opened.environment['AWS_ENDPOINT_URL']!
      const { session, send, ask } = await signIn(endpoint, opened.output)
      assert.deepEqual([session.server.mode, session.server.now], ['open', '2019-05-06T07:51:00.000Z'])
      const { server } = await ask<ApiSession>('session')
      assert.equal(server.mode, 'open')

      const names = ({ events }: ApiEventPage) => events.map(({ eventName }) => eventName)
      assert.deepEqual(names(await ask('events')), ['DeleteUser', 'CreateUser'])
      assert.deepEqual(names(await ask('events?from=-30s')), ['DeleteUser'])
      assert.deepEqual(names(await ask('events?from=-500d')), ['DeleteUser', 'CreateUser', 'CreateRole'])
      const first = await ask<ApiEventPage>('events?limit=1')
      assert.deepEqual(names(await ask(`events?limit=1&cursor=${first.cursor}`)), ['CreateUser'])
      assert.equal((await ask<ApiCounts>('events/histogram')).total, 2)
      assert.equal((await ask<ApiTopValues>('events/values?attribute=eventName')).values.length, 2)
      assert.equal((await ask<{ events: unknown[] }>('timelines/identity?name=kim')).events.length, 2)
      const told = await ask<ApiAnswer>('ask', { question: 'who called DeleteUser today?' })
      assert.match(told.sentence, /^kim called DeleteUser/)
      // Imported events are none that a trail would take.
      assert.equal((await ask<{ events: number }>('dry-run', { eventSelectors: [{ ReadWriteType: 'All' }] })).events, 0)

      const change = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'CloudTrail_20131101.CreateTrail' }
      const refused = await send('POST', '/', { Name: 'audit', S3BucketName: 'opentrail-logs' }, change)
      assert.equal(refused.status, 403)
      assert.match(await refused.text(), /read-only/)
    } finally {
      await opened.close()
      rmSync(root, { recursive: true })
    }
  })
})

describe('the verification of a bucket that is opened', () => {
  /** Asks until there is a result. */
  async function verified(damage: (place: ReturnType<typeof signedPlace>) => void): Promise<ApiVerification> {
    const place = signedPlace()
    damage(place)
    const opened = await open(place.root, '--public-keys', place.publicKeys)
    try {
      const { ask } = await signIn(opened.environment['AWS_ENDPOINT_URL']!, opened.output)
      for (;;) {
        const verification = await ask<ApiVerification>('verification')
        if (verification.state !== 'running') return verification
        await later(100)
      }
    } finally {
      assert.deepEqual(await opened.close(), { code: 0, left: [] })
      rmSync(dirname(place.root), { recursive: true })
    }
  }

  test('finds a good one valid', { timeout }, async () => {
    const { state, outcome, checked, trails, unproven, notKnown } = await verified(() => {})
    assert.deepEqual([state, outcome, checked, unproven], ['done', 'valid', { digests: 3, logFiles: 3 }, []])
    assert.equal(notKnown.length, 2)
    const [{ arn, digests, logFiles, findings } = assert.fail()] = trails
    assert.equal(arn, `arn:aws:cloudtrail:${region}:${account}:trail/audit`)
    const sound = { valid: 3, invalid: 0, unsigned: 0 }
    assert.deepEqual([digests, logFiles, findings], [sound, sound, []])
  })

  test('names what is wrong in a damaged one', { timeout }, async () => {
    let damaged = ''
    const { state, outcome, trails } = await verified(({ root, logFiles: [first = ''] }) => {
      damaged = first
      writeFileSync(join(root, first), gzipSync('{"Records":[]}'))
    })
    assert.deepEqual([state, outcome, trails[0]?.logFiles], ['done', 'invalid', { valid: 2, invalid: 1, unsigned: 0 }])
    const [{ kind, object } = assert.fail()] = trails[0]?.findings ?? []
    assert.deepEqual([kind, object], ['log-file-hash-differs', `audit-logs/${damaged}`])
  })
})
