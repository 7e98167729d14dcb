import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, test } from 'vitest'
import type { HttpServer } from '../http/index.ts'
import { raw, send, startServer } from '../http/http.testing.ts'
import { chooseCoding, consoleRoutes } from './console-routes.ts'
import { readConsoleFiles } from './index.ts'

const script = 'console.log(1)\n'.repeat(100)
let directory: string
let server: HttpServer

beforeEach(async () => {
  const home = mkdtempSync(join(tmpdir(), 'console-files-'))
  directory = join(home, 'dist')
  mkdirSync(join(directory, 'assets'), { recursive: true })
  writeFileSync(join(home, 'secret.js'), 'secret')
  writeFileSync(join(directory, 'index.html'), '<!doctype html>')
  writeFileSync(join(directory, '.built-from'), 'hash')
  for (const [suffix, content] of [
    ['', script],
    ['.gz', gzipSync(script)],
    ['.br', brotliCompressSync(script)],
  ] as const)
    writeFileSync(join(directory, 'assets', `index-abc.js${suffix}`), content)
  server = (await startServer({ routes: consoleRoutes(await readConsoleFiles(directory)) })).server
})

afterEach(async () => {
  await server.close(0)
  rmSync(join(directory, '..'), { recursive: true, force: true })
})

const get = (path: string, headers: Record<string, string> = {}) => send(server, { path, headers })

describe('the files of the console', () => {
  test('the page is asked for anew each time and may load only what comes from here', async () => {
    const { status, headers, text } = await get('/console/')
    assert.deepEqual([status, text], [200, '<!doctype html>'])
    assert.equal(headers['cache-control'], 'no-cache')
    const policy = headers['content-security-policy'] as string
    for (const rule of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"])
      assert.ok(policy.split('; ').includes(rule), rule)
    assert.doesNotMatch(policy, /unsafe/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
  })

  test('a file with a hash in its name is kept for ever, in the smallest form that the browser takes', async () => {
    const sent = async (acceptEncoding?: string) => {
      const reply = await get(
        '/console/assets/index-abc.js',
        acceptEncoding ? { 'accept-encoding': acceptEncoding } : {},
      )
      assert.equal(reply.headers['cache-control'], 'public, max-age=31536000, immutable')
      assert.equal(reply.headers.vary, 'Accept-Encoding')
      return [reply.headers['content-encoding'], reply.headers['content-length']]
    }
    assert.deepEqual(await sent(), [undefined, String(script.length)])
    assert.deepEqual(await sent('gzip, br'), ['br', String(brotliCompressSync(script).length)])
    assert.deepEqual(await sent('gzip;q=0.5, br;q=0'), ['gzip', String(gzipSync(script).length)])
  })

  test('what the browser has is not sent again, form by form', async () => {
    const path = '/console/assets/index-abc.js'
    const { etag } = (await get(path, { 'accept-encoding': 'br' })).headers
    const again = (tag: string, coding: string) => get(path, { 'if-none-match': tag, 'accept-encoding': coding })
    assert.equal((await again(etag!, 'br')).status, 304)
    assert.equal((await again(`"x", W/${etag}`, 'br')).status, 304)
    assert.equal((await again(etag!, 'gzip')).status, 200)
  })

  test('no path leads to anything but them', async () => {
    for (const path of [
      '/console/../secret.js',
      '/console/..%2fsecret.js',
      '/console/assets/../../secret.js',
      '/console/%2e%2e/secret.js',
      '/console/.built-from',
      '/console/assets/index-abc.js.br',
      '/console/assets',
      '/console//etc/passwd',
      '/console/__proto__',
      '/console/constructor',
    ]) {
      const answer = await raw(server, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      assert.match(answer, /^HTTP\/1\.1 404 /, path)
    }
  })

  test('a browser that comes to the address alone is sent there; what AWS clients do at / is not touched', async () => {
    const html = { accept: 'text/html,*/*;q=0.8' }
    assert.deepEqual([(await get('/', html)).status, (await get('/', html)).headers.location], [302, '/console/'])
    assert.equal((await get('/console')).headers.location, '/console/')
    for (const [path, headers] of [
      ['/', {}],
      ['/?Action=ConfirmSubscription', html],
      ['/', { ...html, authorization: 'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request' }],
    ] as const)
      assert.equal((await get(path, headers)).status, 404)
  })

  test('without a build the answer says how to make one', async () => {
    const empty = (await startServer({ routes: consoleRoutes(await readConsoleFiles(join(directory, 'none'))) })).server
    const { status, text } = await send(empty, { path: '/console/' })
    await empty.close(0)
    assert.equal(status, 404)
    assert.match(text, /npm run build/)
  })
})

test('a coding that the client does not want, or that is not there, is not chosen', () => {
  const identity = Buffer.alloc(1)
  const both = { content: { identity, gzip: identity, br: identity } }
  assert.equal(chooseCoding('', both), 'identity')
  assert.equal(chooseCoding('br;q=0.0, GZIP', both), 'gzip')
  assert.equal(chooseCoding('brotli', both), 'identity')
  assert.equal(chooseCoding('br', { content: { identity } }), 'identity')
})
