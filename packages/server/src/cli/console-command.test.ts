import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'vitest'
import { call, dataDirectoryOf, fakeServer, temporaryDirectory } from './cli.testing.ts'

const url = 'http://127.0.0.1:4580/console/#sign-in=token'

test('console prints the address that the server made, and nothing else', async () => {
  const socket = join(temporaryDirectory(), 'control.sock')
  await using server = await fakeServer(() => ({ body: { url } }), socket)
  const data = dataDirectoryOf('http://127.0.0.1:9', socket)
  assert.equal((await call(['console', '--data', data])).stdout, `${url}\n`)
  assert.deepEqual(JSON.parse((await call(['console', '--data', data, '--format', 'json'])).stdout), { url })
  assert.deepEqual(
    server.requests.map(({ path }) => path),
    ['/console/link', '/console/link'],
  )
})

test('without a server on this machine console says so', async () => {
  const { exitCode, stderr } = await call(['console', '--endpoint', 'http://opentrail.example:4580'])
  assert.notEqual(exitCode, 0)
  assert.match(stderr, /does not run on this machine/)
})
