import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, test } from 'vitest'
import { call, dataDirectoryOf, fakeServer, temporaryDirectory, type Request } from '../cli.testing.ts'

const account = '210000000001'
const name = (minute: string) =>
  `AWSLogs/${account}/CloudTrail/eu-west-1/2026/03/04/${account}_CloudTrail_eu-west-1_20260304T10${minute}Z_0aZ9bY8cX7dW6eV5.json.gz`
const content = gzipSync('{"Records":[{}]}')

function logs(files: Readonly<Record<string, Uint8Array | string>>): string {
  const root = temporaryDirectory()
  for (const [key, body] of Object.entries(files)) {
    mkdirSync(dirname(join(root, key)), { recursive: true })
    writeFileSync(join(root, key), body)
  }
  return root
}

/** A server that takes every record of a whole file. */
function taking(request: Request) {
  if (request.path === '/accounts/create') return { body: {} }
  try {
    gunzipSync(request.body)
  } catch {
    return { status: 400, body: { __type: 'InvalidBodyException', Message: 'the body is not valid gzip' } }
  }
  return { body: { records: 1, imported: 1, alreadyThere: 0, refused: [], refusedCount: 0 } }
}

async function importing(root: string, answer: Parameters<typeof fakeServer>[0] = taking, flags: string[] = []) {
  await using server = await fakeServer(answer)
  const data = dataDirectoryOf(server.endpoint)
  const environment = { XDG_STATE_HOME: join(root, '..', `${root.split('/').at(-1)}-state`) }
  const run = (more: string[] = []) =>
    call(['import', root, '--data', data, '--format', 'json', ...flags, ...more], { environment })
  const first = await run()
  const asked = server.requests.length
  const second = await run()
  return { first, second, asked, requests: server.requests }
}

describe('opentrail import', () => {
  test('sends each file once, with its name and whose it is; a second run only what changed', async () => {
    const root = logs({ [name('05')]: content, [name('10')]: content })
    const { first, second, asked, requests } = await importing(root)
    assert.equal(first.exitCode, 0, first.stderr)
    assert.equal(asked, 2)
    // Several are on their way at a time, in any order.
    const queries = requests.map(({ path }) => Object.fromEntries(new URL(path, 'http://x').searchParams))
    const sent = ['05', '10'].map((minute) => ({ file: join(root, name(minute)), account, region: 'eu-west-1' }))
    assert.deepEqual(
      queries.toSorted((a, b) => (a['file']! < b['file']! ? -1 : 1)),
      sent,
    )
    assert.deepEqual([requests[0]!.headers['content-encoding'], requests[0]!.body], ['gzip', content])
    assert.equal((JSON.parse(first.stdout) as { imported: number }).imported, 2)
    assert.equal(requests.length, 2)
    const { skipped } = JSON.parse(second.stdout) as { skipped: Record<string, { count: number }> }
    assert.equal(skipped['done-before']?.count, 2)
  })

  test('reads all again when it is told so', async () => {
    const { requests } = await importing(logs({ 'a.json.gz': content }), taking, ['--again'])
    assert.equal(requests.length, 2)
  })

  test('of a damaged file says so, goes on with the others, fails, and tries it again next time', async () => {
    const root = logs({ 'a.json.gz': content, 'b.json.gz': content.subarray(0, 12), 'c.json.gz': content })
    const { first, requests } = await importing(root)
    assert.equal(first.exitCode, 1)
    const summary = JSON.parse(first.stdout) as { imported: number; damages: { file: string; message: string }[] }
    assert.equal(summary.imported, 2)
    assert.deepEqual(summary.damages, [{ file: join(root, 'b.json.gz'), message: 'the body is not valid gzip' }])
    assert.equal(requests.length, 4)
  })

  test('tells refusals by kind, and what to do about unknown accounts', async () => {
    const message = 'account "999999999999" is not configured'
    const refused = [{ index: 0, code: 'UnknownAccount', message }]
    const answer = () => ({ body: { records: 1, imported: 0, alreadyThere: 0, refused, refusedCount: 1 } })
    const { first } = await importing(logs({ 'a.json': '{}' }), answer)
    assert.equal(first.exitCode, 1)
    assert.match(first.stdout, /UnknownAccount/)
    assert.match(first.stderr, /account create/)
  })

  test('ends where the server takes nothing more, and says what was done', async () => {
    let left = 1
    const answer = (request: Request) =>
      left-- > 0 ? taking(request) : { status: 403, body: { __type: 'AccessDeniedException', Message: 'no' } }
    const root = logs({ 'a.json.gz': content, 'b.json.gz': content })
    await using server = await fakeServer(answer)
    const data = dataDirectoryOf(server.endpoint)
    const { exitCode, stderr } = await call(['import', root, '--data', data, '--again'])
    assert.equal(exitCode, 1)
    assert.match(stderr, /AccessDeniedException/)
    assert.match(stderr, /1 imported/)
  })

  test('makes accounts that are missing, of names and of records, and counts each record once', async () => {
    const made: string[] = []
    const socket = join(temporaryDirectory(), 'control.sock')
    await using _owner = await fakeServer((request) => {
      made.push((JSON.parse(request.body.toString()) as { accountId: string }).accountId)
      return { body: {} }
    }, socket)
    const refused = [{ index: 1, code: 'UnknownAccount', message: 'account "999999999999" is not configured' }]
    let rounds = 0
    await using server = await fakeServer(() =>
      rounds++ === 0
        ? { body: { records: 2, imported: 1, alreadyThere: 0, refused, refusedCount: 1 } }
        : { body: { records: 2, imported: 1, alreadyThere: 1, refused: [], refusedCount: 0 } },
    )
    const data = dataDirectoryOf(server.endpoint, socket)
    const root = logs({ [name('05')]: content })
    const args = ['import', root, '--data', data, '--create-accounts', '--again', '--format', 'json']
    const { exitCode, stdout, stderr } = await call(args)
    assert.equal(exitCode, 0, stderr)
    assert.deepEqual(made, [account, '999999999999'])
    const { records, imported, alreadyThere } = JSON.parse(stdout) as Record<string, number>
    assert.deepEqual([records, imported, alreadyThere], [2, 2, 0])
  })

  test('of a place that is not there, and of a bucket without credentials, says what is wrong', async () => {
    await using server = await fakeServer(taking)
    const data = dataDirectoryOf(server.endpoint)
    const missing = await call(['import', '/nowhere/at/all', '--data', data])
    assert.deepEqual([missing.exitCode, /cannot be read/.test(missing.stderr)], [1, true])
    const bucket = await call(['import', 's3://logs/x', '--data', data])
    assert.deepEqual([bucket.exitCode, /no credentials/.test(bucket.stderr)], [2, true])
  })
})
