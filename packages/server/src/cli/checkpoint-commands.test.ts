import assert from 'node:assert/strict'
import { generateKeyPairSync, hash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, test } from 'vitest'
import {
  encodeVerifierKey,
  formatCheckpoint,
  formatGrowthProof,
  formatProof,
  noteSigner,
  signNote,
} from '@opentrail/core/checkpoint'
import {
  consistencyProof,
  createNodeTable,
  createTreeBuilder,
  inclusionProof,
  leafHash,
  rangeProof,
  rootHash,
} from '@opentrail/core/merkle'
import { call, fakeServer } from './cli.testing.ts'

const directory = mkdtempSync(join(tmpdir(), 'checkpoint-commands-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const file = (name: string, text?: string | Uint8Array): string => {
  const path = join(directory, name)
  if (text !== undefined) writeFileSync(path, text)
  return path
}

const origin = 'audit.example.com/111122223333/eu-west-1'
const signer = noteSigner(origin, generateKeyPairSync('ed25519').privateKey)
const stranger = noteSigner(origin, generateKeyPairSync('ed25519').privateKey)
const verifierKey = encodeVerifierKey(signer.key)
const environment = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' }

/** A log of these records, all its life. */
function log(records: readonly string[]) {
  const table = createNodeTable()
  const builder = createTreeBuilder({ keep: table.keep })
  for (const record of records) builder.append(leafHash(hash('sha256', record, 'buffer')))
  const rootOf = async (size: number) =>
    rootHash({ size, nodes: (await rangeProof(size, size, size, table.nodes)).left })
  const note = async (size: number, by = signer) =>
    signNote(formatCheckpoint({ origin, size, root: await rootOf(size) }), [by])
  return {
    size: records.length,
    note,
    growth: async (oldSize: number, to: number) =>
      formatGrowthProof({
        oldSize,
        proof: await consistencyProof(oldSize, to, table.nodes),
        checkpoint: await note(to),
      }),
    proof: async (index: number, size: number, withRecord = true) =>
      formatProof({
        index,
        proof: await inclusionProof(size, index, table.nodes),
        checkpoint: await note(size),
        ...(withRecord && { extra: Buffer.from(records[index]!) }),
      }),
  }
}
type Log = ReturnType<typeof log>

const recordOf = (index: number): string =>
  JSON.stringify({
    eventID: `event-${index}`,
    eventTime: '2026-11-21T10:00:00Z',
    eventName: index === 4 ? 'Odd\u001b[2JName' : 'CreateUser',
    eventSource: 'iam.amazonaws.com',
    userIdentity: { arn: 'arn:aws:iam::111122223333:user/kim' },
  })
const records = Array.from({ length: 30 }, (_, index) => recordOf(index))
const honest = log(records)
const rewritten = log(records.with(3, recordOf(99)))

/** A server that says this of its log; proofs are computed ahead, because answers are not waited for. */
async function serverOf(of: Log, key = verifierKey, answers: Record<string, string> = {}) {
  const note = await of.note(of.size)
  const growths = new Map<number, string>()
  for (let from = 1; from <= of.size; from++) growths.set(from, await of.growth(from, of.size))
  return fakeServer(({ path }) => {
    const { pathname, searchParams } = new URL(path, 'http://server')
    const given = answers[pathname]
    if (given !== undefined) return { status: 400, body: given }
    if (pathname === '/api/v1/checkpoint') return { body: note }
    if (pathname === '/api/v1/checkpoint/key') return { body: `${key}\n` }
    if (pathname === '/api/v1/consistency') return { body: growths.get(Number(searchParams.get('from'))) ?? '' }
    return { status: 404, body: { __type: 'NotFoundException', Message: 'nothing' } }
  })
}

describe('opentrail checkpoint', () => {
  test('prints the note and the key, or writes them', async () => {
    await using server = await serverOf(honest)
    const ask = (...args: string[]) => call(['checkpoint', ...args, '--endpoint', server.endpoint], { environment })
    assert.equal((await ask()).stdout, await honest.note(30))
    assert.equal((await ask('--key')).stdout, `${verifierKey}\n`)
    assert.equal((await ask('--out', file('written'))).stdout, '')
    assert.equal(readFileSync(file('written'), 'utf8'), await honest.note(30))
    const json = JSON.parse((await ask('--format', 'json')).stdout) as { size: number; isVerified: boolean }
    assert.deepEqual([json.size, json.isVerified], [30, false])
    assert.equal((await ask('--verifier-key', verifierKey)).exitCode, 0)
    assert.equal((await ask('--verifier-key', encodeVerifierKey(stranger.key))).exitCode, 1)
    assert.equal((await ask('--key', '--since', file('written'))).exitCode, 2)
    const asked = server.requests.filter(({ path }) => path.startsWith('/api/'))
    assert.ok(asked.every(({ headers, region }) => headers.authorization !== undefined && region === 'us-east-1'))
  })

  test('since a kept one: says that the log only grew, and keeps the new one', async () => {
    await using server = await serverOf(honest)
    for (const size of [1, 12, 30]) {
      const old = file('kept.note', await honest.note(size))
      const called = await call(
        ['checkpoint', '--since', old, '--out', file('newer.note'), '--endpoint', server.endpoint],
        { environment },
      )
      assert.equal(called.exitCode, 0, called.stderr)
      assert.match(called.stderr, new RegExp(`the ${size} entries that it had, unchanged, and ${30 - size} more`))
      assert.equal(readFileSync(file('newer.note'), 'utf8'), await honest.note(30))
    }
  })

  test('since a kept one: says it loudly when the log was rewritten, cut short or is another, and keeps nothing', async () => {
    const kept = file('kept.note', await honest.note(12))
    const out = file('never.note')
    for (const [what, of, key] of [
      ['rewritten', rewritten, verifierKey],
      ['cut short', log(records.slice(0, 11)), verifierKey],
      ['rewritten at the same size', log(records.slice(0, 12).with(11, recordOf(99))), verifierKey],
    ] as const) {
      await using server = await serverOf(of, key)
      const called = await call(['checkpoint', '--since', kept, '--out', out, '--endpoint', server.endpoint], {
        environment,
      })
      assert.equal(called.exitCode, 1, what)
      assert.match(called.stderr, /THE LOG WAS REWRITTEN/, what)
      assert.equal(existsSync(out), false, what)
    }
    await using server = await serverOf(honest)
    const foreign = file('foreign.note', await honest.note(12, stranger))
    const called = await call(['checkpoint', '--since', foreign, '--endpoint', server.endpoint], { environment })
    assert.equal(called.exitCode, 1)
    assert.equal(called.stdout, '')
  })

  test('since a kept one: a server that does not answer has proved nothing', async () => {
    const kept = file('kept.note', await honest.note(12))
    await using server = await serverOf(honest, verifierKey, {
      '/api/v1/consistency': '{"__type":"ServiceUnavailable"}',
    })
    const called = await call(['checkpoint', '--since', kept, '--endpoint', server.endpoint], { environment })
    assert.equal(called.exitCode, 255)
    const missing = await call(['checkpoint', '--since', file('nowhere'), '--endpoint', server.endpoint], {
      environment,
    })
    assert.equal(missing.exitCode, 255)
  })
})

describe('opentrail verify-proof', () => {
  const verify = (...args: string[]) => call(['verify-proof', ...args])

  test('says what was proved, without control characters of the record', async () => {
    const proof = file('event.tlog-proof', await honest.proof(4, 30))
    const called = await verify(proof, '--key', verifierKey)
    assert.equal(called.exitCode, 0, called.stderr)
    assert.match(called.stdout, /event-4/)
    assert.match(called.stdout, /entry 5 of 30/)
    assert.ok(!called.stdout.includes('\u001b'))
    assert.equal((await verify(proof, '--key-file', file('key', `${verifierKey}\n`))).exitCode, 0)
  })

  test('refuses without a key', async () => {
    const proof = file('event.tlog-proof', await honest.proof(4, 30))
    const called = await verify(proof)
    assert.equal(called.exitCode, 2)
    assert.match(called.stderr, /--key/)
  })

  test('a changed proof, record, key or log does not verify', async () => {
    const text = await honest.proof(4, 30)
    const lines = text.split('\n')
    const hashLine = lines.findIndex((line) => line.startsWith('index ')) + 1
    const other = `extra ${Buffer.from(recordOf(5)).toString('base64')}`
    for (const [what, changed] of [
      ['record', lines.with(1, other).join('\n')],
      ['index', text.replace('index 4', 'index 5')],
      ['hash', lines.toSpliced(hashLine, 1).join('\n')],
      ['nothing in it', 'c2sp.org/tlog-proof@v1\n'],
    ] as const)
      assert.equal((await verify(file('changed', changed), '--key', verifierKey)).exitCode, 1, what)
    const proof = file('event.tlog-proof', text)
    assert.equal((await verify(proof, '--key', encodeVerifierKey(stranger.key))).exitCode, 1)
    assert.equal((await verify(proof, '--key', verifierKey, '--origin', 'audit.example.com/other')).exitCode, 1)
    assert.equal((await verify(proof, '--key', 'nonsense')).exitCode, 255)
    const json = await verify(
      file('changed', text.replace('index 4', 'index 5')),
      '--key',
      verifierKey,
      '--format',
      'json',
    )
    assert.deepEqual((JSON.parse(json.stdout) as { isVerified: boolean }).isVerified, false)
  })

  test('a kept checkpoint that the proof does not lead to is told', async () => {
    const proof = file('event.tlog-proof', await rewritten.proof(4, 12))
    const [same, differs, larger] = [rewritten, honest, honest].map((of, at) => [of, at < 2 ? 12 : 20] as const)
    const against = async ([of, size]: readonly [Log, number]) =>
      verify(proof, '--key', verifierKey, '--checkpoint', file('kept', await of.note(size)))
    assert.equal((await against(same!)).exitCode, 0)
    const told = await against(differs!)
    assert.equal(told.exitCode, 1)
    assert.match(told.stderr, /THE LOG WAS REWRITTEN/)
    assert.equal((await against(larger!)).exitCode, 255)
  })
})
