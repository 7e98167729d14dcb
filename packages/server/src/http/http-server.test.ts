import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, test } from 'vitest'
import type { HttpServer } from './http-server.ts'
import { raw, send, startServer } from './http.testing.ts'
import type { Route } from './route.ts'

const echo: Route = {
  method: 'POST',
  path: '/echo',
  bodyBytesMax: 1_000,
  async handle(exchange) {
    const body = await exchange.readBody()
    exchange.respond({ status: 200, body: JSON.stringify({ length: body.length, from: exchange.sourceIPAddress }) })
  },
}
const health: Route = {
  method: 'GET',
  path: '/health',
  handle: (exchange) => exchange.respond({ status: 200, body: 'ok' }),
}
const broken: Route = {
  method: 'GET',
  path: '/broken',
  handle: () => {
    throw new Error('a secret of our inside')
  },
}
const objects: Route = {
  method: '*',
  path: '/objects/',
  match: 'prefix',
  handle: (exchange) => exchange.respond({ status: 200, body: exchange.path }),
}
const routes = [echo, health, broken, objects]

let servers: HttpServer[] = []
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close(0)))
  servers = []
})
async function start(options: Partial<Parameters<typeof startServer>[0]> = {}) {
  const started = await startServer({ routes, ...options })
  servers.push(started.server)
  return started
}
const until = async (condition: () => boolean) => {
  while (!condition()) await sleep(5)
}

test('routes: exact, by prefix, HEAD of GET; a clear error for the rest', async () => {
  const { server, faults } = await start()
  const found = await send(server, { path: '/health?x=1' })
  assert.equal(found.text, 'ok')
  assert.match(found.headers['x-amzn-requestid'] as string, /^[0-9a-f-]{36}$/)
  assert.ok(found.headers.date)
  const head = await send(server, { method: 'HEAD', path: '/health' })
  assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', '2'])
  assert.equal((await send(server, { method: 'DELETE', path: '/objects/a//b%20c' })).text, '/objects/a//b%20c')
  const wrong = await send(server, { method: 'PUT', path: '/health' })
  assert.deepEqual([wrong.status, wrong.headers.allow], [405, 'GET, HEAD'])
  assert.equal(JSON.parse(wrong.text).__type, 'MethodNotAllowedException')
  assert.equal((await send(server, { path: '/nothing' })).status, 404)
  assert.equal(faults.length, 0)
})

const postStream = (server: HttpServer, bytes: number, path = '/stream') =>
  send(server, { method: 'POST', path, headers: { 'transfer-encoding': 'chunked' }, body: Buffer.alloc(bytes) })

describe('a body as a stream', () => {
  const ends: string[] = []
  const begun = new EventEmitter()
  const streamed: Route = {
    method: 'POST',
    path: '/stream',
    bodyBytesMax: 2_000_000,
    async handle(exchange) {
      try {
        let length = 0
        for await (const piece of exchange.bodyStream() as AsyncIterable<Buffer>) {
          begun.emit('begun')
          length += piece.length
          if (exchange.query === 'leave') break
        }
        exchange.respond({ status: 200, body: String(length) })
      } catch (error) {
        ends.push(String((error as { code?: string }).code))
        throw error
      }
    },
  }

  test('is bounded, and may be left early', async () => {
    const { server } = await start({ routes: [streamed] })
    assert.equal((await postStream(server, 2_000_000)).text, '2000000')
    assert.equal((await postStream(server, 2_000_001)).status, 413)
    assert.equal((await postStream(server, 1_500_000, '/stream?leave')).status, 200)
  })
  test('ends in an error when the client goes away', async () => {
    const { server } = await start({ routes: [streamed] })
    ends.length = 0
    await raw(server, 'POST /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc', (socket) => {
      begun.once('begun', () => socket.resetAndDestroy())
    })
    await until(() => ends.length > 0)
    assert.deepEqual(ends, ['RequestAbortedException'])
  })
})

test('a bug in a route is told to us, not to the client', async () => {
  const { server, faults } = await start()
  const reply = await send(server, { path: '/broken' })
  assert.equal(reply.status, 500)
  assert.equal(JSON.parse(reply.text).__type, 'InternalFailure')
  assert.doesNotMatch(reply.text, /secret|at /)
  assert.match(String(faults[0]), /a secret of our inside/)
})

const awaitingContinue = (length: number) =>
  `POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`

test('100-continue is granted only to a body that will be read', async () => {
  const { server } = await start()
  const granted = await raw(server, awaitingContinue(3), (socket) => socket.once('data', () => socket.write('abc')))
  assert.match(granted, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*"length":3/)
  const refused = await raw(server, awaitingContinue(100_000))
  assert.match(refused, /^HTTP\/1\.1 413 /)
  assert.doesNotMatch(refused, /100 Continue/)
  const other = await raw(server, 'GET /health HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n')
  assert.match(other, /^HTTP\/1\.1 417 [\s\S]*x-amzn-RequestId/i)
})

describe('limits', () => {
  test('a body that is too large gets its answer although it is still being sent', async () => {
    const { server } = await start()
    const known = await send(server, { method: 'POST', path: '/echo', body: Buffer.alloc(3_000_000) })
    assert.equal(known.status, 413)
    assert.equal(JSON.parse(known.text).__type, 'RequestEntityTooLargeException')
    const chunked = { 'transfer-encoding': 'chunked' }
    const reply = await send(server, { method: 'POST', path: '/echo', headers: chunked, body: Buffer.alloc(3_000_000) })
    assert.equal(reply.status, 413)
    assert.equal((await send(server, { method: 'POST', path: '/echo', body: Buffer.alloc(1_000) })).status, 200)
  })
  test('headers: size and count', async () => {
    const { server } = await start({ limits: { headerBytesMax: 4_096, headersMax: 20 } })
    const large = await raw(server, `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(5_000)}\r\n\r\n`)
    assert.match(large, /^HTTP\/1\.1 431 [\s\S]*x-amzn-RequestId/)
    const many = Array.from({ length: 40 }, (_, i) => `A${i}: 1\r\n`).join('')
    assert.match(await raw(server, `GET /health HTTP/1.1\r\nHost: x\r\n${many}\r\n`), /^HTTP\/1\.1 431 /)
  })
  test('a client that drips its headers, and one that never sends its body', async () => {
    const { server: impatient } = await start({ limits: { headersMs: 300 } })
    assert.match(await raw(impatient, 'GET /health HTTP/1.1\r\nHost: x\r\nA'), /^HTTP\/1\.1 408 /)
    const { server } = await start({ limits: { bodyMs: 100 } })
    const body = await raw(server, 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc')
    assert.match(body, /^HTTP\/1\.1 408 [\s\S]*RequestTimeoutException/)
  })
  test('memory for bodies is shared and given back', async () => {
    const { server } = await start({ limits: { bodyBytesInFlightMax: 500 } })
    assert.equal((await send(server, { method: 'POST', path: '/echo', body: Buffer.alloc(501) })).status, 503)
    for (let i = 0; i < 5; i++) {
      assert.equal((await send(server, { method: 'POST', path: '/echo', body: Buffer.alloc(400) })).status, 200)
    }
  })
})

test('garbage and aborted requests leave nothing behind', async () => {
  const { server, faults } = await start()
  assert.match(await raw(server, 'NONSENSE\r\n\r\n'), /^HTTP\/1\.1 400 [\s\S]*x-amzn-RequestId/)
  assert.match(
    await raw(server, 'GET http://other/ HTTP/1.1\r\nHost: x\r\n\r\n'),
    /^HTTP\/1\.1 400 [\s\S]*must be a path/,
  )
  assert.match(await raw(server, 'GET /health HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 [\s\S]*Host header is missing/)
  const smuggled = 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
  assert.match(await raw(server, smuggled), /^HTTP\/1\.1 400 /)
  await Promise.all(
    Array.from({ length: 20 }, () => raw(server, randomBytes(2_000).toString('latin1'), (socket) => socket.end())),
  )
  await raw(server, 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nabc', (socket) => {
    setImmediate(() => socket.resetAndDestroy())
  })
  await until(() => server.connections === 0)
  assert.equal(faults.length, 0)
  assert.equal((await send(server, { path: '/health' })).status, 200)
})

const sourceSeen = async (server: HttpServer, forwarded: string) => {
  const reply = await send(server, { method: 'POST', path: '/echo', headers: { 'x-forwarded-for': forwarded } })
  return JSON.parse(reply.text).from as string
}

test('the source is the socket, or what a trusted proxy says', async () => {
  const { server: open } = await start()
  assert.equal(await sourceSeen(open, '203.0.113.9'), '127.0.0.1')
  const { server: proxied } = await start({ trustedProxies: ['127.0.0.0/8', '2001:db8::/32'] })
  assert.equal(await sourceSeen(proxied, '203.0.113.9'), '203.0.113.9')
  assert.equal(await sourceSeen(proxied, '198.51.100.1, 203.0.113.9, 127.0.0.7'), '203.0.113.9')
  assert.equal(await sourceSeen(proxied, '198.51.100.1, [2001:db8::1]:80, 127.0.0.7:81'), '198.51.100.1')
  assert.equal(await sourceSeen(proxied, 'unknown, 127.0.0.7'), '127.0.0.7')
  await assert.rejects(start({ trustedProxies: ['10.0.0.0/99'] }), /not an address or a network/)
})

describe('streamed bodies', () => {
  const swallow: Route = {
    method: 'POST',
    path: '/swallow',
    async handle(exchange) {
      let length = 0
      for await (const piece of exchange.bodyStream(1_000_000) as AsyncIterable<Buffer>) length += piece.length
      await sleep(2 * silentMsMax)
      exchange.respond({ status: 200, body: String(length) })
    },
  }
  /** So long that a busy machine does not look silent. */
  const silentMsMax = 2_000
  const head = 'POST /swallow HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10\r\n\r\n'

  test('one that moves may take longer than a silent one, and the work on it longer still', async () => {
    const { server } = await start({ routes: [swallow], limits: { idleMs: silentMsMax } })
    const answer = await raw(server, head, (socket) => {
      let sent = 0
      const timer = setInterval(() => {
        socket.write('x')
        if (++sent === 10) clearInterval(timer)
      }, silentMsMax / 8)
    })
    assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*10$/)
  })
  test('one that stops moving is cut off', async () => {
    const { server } = await start({ routes: [swallow], limits: { idleMs: silentMsMax } })
    assert.doesNotMatch(await raw(server, `${head}abc`), / 200 /)
  })
})

describe('stopping', () => {
  test('waits for a route whose client has gone', async () => {
    let finish: (() => void) | undefined
    let finished = false
    const record: Route = {
      method: 'GET',
      path: '/record',
      async handle() {
        await new Promise<void>((resolve) => (finish = resolve))
        finished = true
      },
    }
    const { server } = await start({ routes: [record] })
    await raw(server, 'GET /record HTTP/1.1\r\nHost: x\r\n\r\n', (socket) => {
      void until(() => finish !== undefined).then(() => socket.resetAndDestroy())
    })
    const closed = server.close(5_000)
    await until(() => server.connections === 0)
    finish!()
    await closed
    assert.equal(finished, true)
  })
  test('answers what is in flight, closes what is idle, takes nothing new', async () => {
    const held = Promise.withResolvers<void>()
    let begun = false
    const slow: Route = {
      method: 'GET',
      path: '/slow',
      async handle(exchange) {
        begun = true
        await held.promise
        exchange.respond({ status: 200, body: 'late' })
      },
    }
    const { server } = await start({ routes: [slow, health] })
    const silent = connect(server.port, server.host)
    const agent = new Agent({ keepAlive: true })
    const idle = await new Promise<number>((resolve, reject) => {
      request({ host: server.host, port: server.port, path: '/health', agent }, (incoming) => {
        incoming.resume().once('end', () => resolve(incoming.statusCode!))
      })
        .once('error', reject)
        .end()
    })
    assert.equal(idle, 200)
    const late = send(server, { path: '/slow', headers: { connection: 'keep-alive' } })
    await until(() => begun && server.connections === 3)
    const stopped = server.close(20_000)
    await until(() => server.connections === 1)
    await assert.rejects(send(server, { path: '/health' }), { code: 'ECONNREFUSED' })
    held.resolve()
    assert.deepEqual([(await late).text, (await late).headers.connection], ['late', 'close'])
    await stopped
    assert.equal(server.connections, 0)
    silent.destroy()
    agent.destroy()
  })
  test('does not wait longer than it was told', async () => {
    const stuck: Route = { method: 'GET', path: '/stuck', handle: () => new Promise(() => {}) }
    const { server } = await start({ routes: [stuck] })
    const reply = send(server, { path: '/stuck' })
    await until(() => server.connections === 1)
    await Promise.all([assert.rejects(reply, { code: 'ECONNRESET' }), server.close(50)])
  })
})
