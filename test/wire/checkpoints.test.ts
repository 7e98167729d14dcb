import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { parseProof } from '../../packages/core/src/checkpoint/index.ts'
import { call } from '../../packages/server/src/cli/cli.testing.ts'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { skipped } from '../skip.ts'
import { record } from './records.ts'
import { sendEvents, startTestServer } from './test-server.ts'

/** Where `scripts/install-tlog-verifier.mjs` puts it. */
const verifier = fileURLToPath(new URL('../../.tools/tlog-verifier/tlog-verifier', import.meta.url))
const hasVerifier = existsSync(verifier)
if (!hasVerifier)
  skipped('checkpoints and proofs by golang.org/x/mod', 'it is not built: node scripts/install-tlog-verifier.mjs')

let server: RunningServer
let directory: string
beforeAll(async () => {
  server = await startTestServer({ 'checkpoint-origin': 'audit.example.com/wire' })
  directory = mkdtempSync(join(tmpdir(), 'checkpoints-'))
})
afterAll(async () => {
  await server.close()
  rmSync(directory, { recursive: true, force: true })
})

const file = (name: string): string => join(directory, name)
const opentrail = async (...args: string[]) => {
  const called = await call([...args, '--endpoint', server.endpoint])
  assert.equal(called.exitCode, 0, called.stderr)
  return called
}
const events = (count: number, category: 'Management' | 'Data' = 'Management') =>
  Array.from({ length: count }, (_, index) => ({
    ...record({ name: `Checkpoint${randomUUID().slice(0, 8)}`, secondsAgo: index }),
    ...(category === 'Data' && { eventCategory: 'Data', managementEvent: false }),
  }))

/** A log that grew between two checkpoints, and proofs of some of its events. */
async function growLog(name: string) {
  const [key, old, newest] = [file(`${name}.key`), file(`${name}-old.note`), file(`${name}-new.note`)]
  const sent = [...events(40), ...events(3, 'Data')]
  await sendEvents(server, sent.slice(0, 20))
  await opentrail('checkpoint', '--key', '--out', key)
  await opentrail('checkpoint', '--out', old)
  await sendEvents(server, sent.slice(20))
  await opentrail('checkpoint', '--since', old, '--out', newest)
  return { key, old, newest, sent }
}

describe('checkpoints and proofs of a running server', () => {
  test('an event is proved with its record, and verified without the server', async () => {
    const { key, sent, old } = await growLog('proved')
    for (const event of [sent[3]!, sent[30]!, sent.at(-1)!]) {
      const proof = file(`${event.eventID}.tlog-proof`)
      await opentrail('prove', event.eventID, '--out', proof)
      const verified = await call(['verify-proof', proof, '--key-file', key, '--format', 'json'])
      assert.equal(verified.exitCode, 0, verified.stderr)
      const { isVerified, event: seen } = JSON.parse(verified.stdout) as { isVerified: boolean; event: object }
      assert.equal(isVerified, true)
      assert.deepEqual(seen, {
        eventID: event.eventID,
        eventTime: event.eventTime,
        eventName: event.eventName,
        eventSource: event.eventSource,
        ...('user' in seen && { user: seen.user }),
      })
    }
    const size = readFileSync(old, 'utf8').split('\n')[1]!
    const toOld = file('to-old.tlog-proof')
    await opentrail('prove', sent[3]!.eventID, '--size', size, '--out', toOld)
    const [trusted, kept] = [
      ['--key-file', key],
      ['--checkpoint', old],
    ]
    assert.equal((await call(['verify-proof', toOld, ...trusted, ...kept])).exitCode, 0)
    const other = await call(['verify-proof', file(`${sent[3]!.eventID}.tlog-proof`), ...trusted, ...kept])
    assert.equal(other.exitCode, 255)
  })

  test('a proof without its record needs the record, and no other will do', async () => {
    const { key, sent } = await growLog('bare')
    const [one, another] = [sent[5]!, sent[6]!]
    const proof = file('bare.tlog-proof')
    await opentrail('prove', one.eventID, '--without-record', '--out', proof)
    assert.equal((await call(['verify-proof', proof, '--key-file', key])).exitCode, 255)
    const recordOf = async (id: string): Promise<string> => {
      const { stdout } = await opentrail('lookup-events', '--event-id', id, '--format', 'json')
      return (JSON.parse(stdout) as { Events: { CloudTrailEvent: string }[] }).Events[0]!.CloudTrailEvent
    }
    writeFileSync(file('right.json'), `${await recordOf(one.eventID)}\n`)
    writeFileSync(file('wrong.json'), await recordOf(another.eventID))
    const verify = (name: string) => call(['verify-proof', proof, '--key-file', key, '--record', file(name)])
    assert.equal((await verify('right.json')).exitCode, 0)
    const wrong = await verify('wrong.json')
    assert.equal(wrong.exitCode, 1)
    assert.match(wrong.stderr, /NOT VERIFIED/)
  })

  test('an event that is not there says so', async () => {
    const called = await call(['prove', randomUUID(), '--endpoint', server.endpoint])
    assert.match(called.stderr, /EventNotFoundException/)
    assert.equal(called.exitCode, 1)
  })

  test.skipIf(!hasVerifier)('golang.org/x/mod verifies them, and nothing that was changed', async () => {
    const { key, old, newest, sent } = await growLog('go')
    const go = async (...args: string[]): Promise<string> => (await promisify(execFile)(verifier, args)).stdout
    const [origin = '', size = '', root = ''] = readFileSync(newest, 'utf8').split('\n')
    assert.equal((await go('note', key, newest)).trim(), [origin, size, root].join(' '))

    const proof = file('go.tlog-proof')
    for (const { eventID } of [sent[0]!, sent[25]!, sent.at(-1)!]) {
      await opentrail('prove', eventID, '--out', proof)
      const reading = parseProof(readFileSync(proof))
      assert.ok(reading.ok && reading.proof.extra)
      const recordHash = createHash('sha256').update(reading.proof.extra).digest('hex')
      await go('record', key, proof, recordHash)
      await assert.rejects(go('record', key, proof, createHash('sha256').update('other').digest('hex')))
    }

    const growth = file('go.growth')
    const from = readFileSync(old, 'utf8').split('\n')[1]!
    writeFileSync(growth, await signedGet(`/api/v1/consistency?from=${from}`))
    await go('tree', key, growth, old)
    const lines = readFileSync(growth, 'utf8').split('\n')
    writeFileSync(growth, [...lines.slice(0, 1), ...lines.slice(2)].join('\n'))
    await assert.rejects(go('tree', key, growth, old))
  })
})

async function signedGet(target: string): Promise<string> {
  const { signRequest } = await import('../../packages/server/src/auth/index.ts')
  const { host } = new URL(server.endpoint)
  const identity = { accessKeyId: 'test', secretAccessKey: 'test', region: 'us-east-1', service: 'cloudtrail' }
  const { host: _sent, ...headers } = signRequest({ method: 'GET', target, headers: { host } }, identity, Date.now())
  const answer = await fetch(`${server.endpoint}${target}`, { headers })
  assert.equal(answer.status, 200)
  return answer.text()
}
