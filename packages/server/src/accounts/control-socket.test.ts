import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'vitest'
import { createMemoryControlStore } from '../control/index.ts'
import { JournalFullError } from '../journal/index.ts'
import type { Accounts } from './accounts.ts'
import { account, start } from './accounts.testing.ts'
import { callControlSocket, ControlSocketError } from './control-client.ts'
import { administrationRoutes } from './control-routes.ts'
import { openControlSocket, type ControlSocket } from './control-socket.ts'
import type { FakeTrail } from './fake-trail.testing.ts'

let directory: string
let path: string
let accounts: Accounts
let trail: FakeTrail
let socket: ControlSocket
const errors: unknown[] = []

const open = (at = path) =>
  openControlSocket({
    path: at,
    routes: {
      ...administrationRoutes(accounts),
      '/server/info': async () => ({ region: 'us-east-1' }),
      '/bug': () => Promise.reject(new Error('secret detail')),
    },
    onError: (error) => errors.push(error),
  })
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'opentrail-socket-'))
  path = join(directory, 'control.sock')
  ;({ accounts, trail } = await start(createMemoryControlStore()))
  errors.length = 0
  socket = await open()
})
afterEach(async () => {
  await socket.close()
  await rm(directory, { recursive: true })
})

const call = (route: string, body?: unknown) => callControlSocket(path, route, body)
const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof ControlSocketError, String(error))
  assert.equal(error.code, expected)
  return true
}

test('every administration function has its route', async () => {
  const user = { account, userName: 'kim' }
  assert.equal(((await call('/accounts/create', { accountId: account, name: 'main' })) as { id: string }).id, account)
  const created = await call('/users/create', { ...user, role: 'auditor' })
  assert.deepEqual(await call('/users/list', { account }), { users: [created] })
  await call('/users/update', { ...user, role: 'administrator' })
  const key = (await call('/keys/create', { ...user, kind: 'signature' })) as { accessKeyId: string; secret: string }
  assert.equal(accounts.accessKey(key.accessKeyId)!.secretAccessKey, key.secret)
  await call('/keys/update', { ...user, accessKeyId: key.accessKeyId, status: 'Inactive' })
  assert.equal(accounts.accessKey(key.accessKeyId), undefined)
  const next = (await call('/keys/rotate', { ...user, accessKeyId: key.accessKeyId })) as typeof key
  const listed = (await call('/keys/list', user)) as { accessKeys: object[] }
  assert.equal(listed.accessKeys.length, 2)
  assert.ok(!JSON.stringify(listed).includes('secret'))
  for (const { accessKeyId } of [key, next]) assert.deepEqual(await call('/keys/delete', { ...user, accessKeyId }), {})
  await call('/users/create', { account, userName: 'lee', role: 'administrator' })
  await call('/users/delete', user)
  assert.equal(((await call('/accounts/list')) as { accounts: object[] }).accounts.length, 1)
  assert.deepEqual(await call('/server/info'), { region: 'us-east-1' })
  for (const event of await trail.events()) assert.deepEqual(event.identity, { kind: 'machine-owner', account })
})

test('failures come with their code', async () => {
  await assert.rejects(call('/users/list', { account }), code('NoSuchEntity'))
  await assert.rejects(call('/users/list', {}), code('ValidationError'))
  await assert.rejects(call('/users/list', { account, more: 1 }), code('ValidationError'))
  await assert.rejects(call('/users/list', []), code('ValidationError'))
  await assert.rejects(call('/users/create', { account, userName: 'kim', role: 'root' }), code('ValidationError'))
  await assert.rejects(call('/nothing'), code('UnknownRoute'))
  await assert.rejects(call('/constructor'), code('UnknownRoute'))
  await assert.rejects(call('/accounts/create', { name: 'x'.repeat(70_000) }), code('RequestTooLarge'))
  trail.refuseWith(new JournalFullError('the journal is full'))
  await assert.rejects(call('/accounts/create', {}), code('ServiceUnavailable'))
  assert.deepEqual(errors, [])
  await assert.rejects(call('/bug'), (error) => {
    code('InternalFailure')(error)
    return !String(error).includes('secret detail')
  })
  assert.match(String(errors), /secret detail/)
})

const send = async (method: string, body: string) => {
  const sent = request({ socketPath: path, path: '/accounts/list', method, agent: false })
  sent.end(body)
  const [answer] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }]
  answer.resume()
  return answer.statusCode
}

test('only POST with JSON is answered', async () => {
  assert.equal(await send('GET', ''), 405)
  assert.equal(await send('POST', '{'), 400)
  assert.equal(await send('POST', '{}'), 200)
})

test('the socket is for its owner alone', async () => {
  assert.equal((await stat(path)).mode & 0o777, 0o600)
})

test('a second server does not take the socket away; after closing it is gone', async () => {
  await assert.rejects(open(), /another server answers/)
  assert.deepEqual(await call('/accounts/list'), { accounts: [] })
  await socket.close()
  await assert.rejects(stat(path), /ENOENT/)
  await assert.rejects(call('/accounts/list'), code('ServerNotRunning'))
  socket = await open()
  assert.deepEqual(await call('/accounts/list'), { accounts: [] })
})

test('the socket of a killed server is replaced, another file is not', async () => {
  await socket.close()
  const child = spawn(
    process.execPath,
    ['-e', `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('listening'))`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  await assert.rejects(call('/accounts/list'), code('ServerNotRunning'))
  socket = await open()
  assert.deepEqual(await call('/accounts/list'), { accounts: [] })
  const file = join(directory, 'file')
  await writeFile(file, 'x')
  await assert.rejects(open(file), /is in the way/)
})

test('works where the path is too long for a socket', async () => {
  const long = join(await mkdtemp(join(directory, 'x'.repeat(120))), 'control.sock')
  const second = await open(long)
  assert.equal((await stat(long)).mode & 0o777, 0o600)
  assert.deepEqual(await callControlSocket(long, '/accounts/list'), { accounts: [] })
  await second.close()
  await assert.rejects(stat(long), /ENOENT/)
  await assert.rejects(callControlSocket(long, '/accounts/list'), code('ServerNotRunning'))
})

test.skipIf(process.getuid?.() === 0)('who may not connect is told so', async () => {
  await chmod(path, 0o000)
  await assert.rejects(call('/accounts/list'), code('NotPermitted'))
})
