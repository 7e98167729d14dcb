import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, describe, test } from 'vitest'
import { BucketError, type BucketStore } from '../../packages/server/src/buckets/index.ts'
import { createS3BucketStore, type S3BucketStoreOptions } from '../../packages/server/src/buckets/s3-bucket-store.ts'

/** For calls that are answered, however busy the machine is. */
const amplyMs = 20_000
/** For calls that are not: it is waited for. */
const brieflyMs = 400
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** Runs the action whenever a whole request has been read (bodies here are `body`). */
type WhenAsked = (action: () => void) => void
type Behaviour = (socket: Socket, whenAsked: WhenAsked) => void

async function startServer(onConnection: Behaviour) {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    // Resets are what these tests are about.
    socket.on('error', () => undefined)
    onConnection(socket, (action) => {
      let received = ''
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1')
        if (!received.endsWith(received.startsWith('PUT') ? `\r\n\r\n${body}` : '\r\n\r\n')) return
        received = ''
        action()
      })
    })
    socket.resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return { port: (server.address() as AddressInfo).port, sockets }
}

/** Answers each request with these lines. */
const answering =
  (...lines: readonly string[]): Behaviour =>
  (socket, whenAsked) =>
    whenAsked(() => socket.write(lines.join('\r\n')))

/** Sends as much as the other side takes, for ever. */
const pouring =
  (start: string, more: string): Behaviour =>
  (socket, whenAsked) => {
    const pour = (): void => {
      while (!socket.destroyed && socket.write(more));
    }
    socket.on('drain', pour)
    whenAsked(() => {
      socket.write(start)
      pour()
    })
  }

function storeAt(endpoint: string, options: Partial<S3BucketStoreOptions> = {}): BucketStore {
  const store = createS3BucketStore({
    endpoint,
    region: 'us-east-1',
    pathStyle: true,
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
    conditionalPut: 'auto',
    timeoutMs: amplyMs,
    ...options,
  })
  closing.push(() => store.close())
  return store
}

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve()
    else socket.once('close', () => resolve())
  })

const body = 'a body that ends the request'
const put = (store: BucketStore): Promise<unknown> =>
  store.put({ bucket: 'logs', key: 'k', body: Buffer.from(body), caller: { kind: 'owner' } })
const get = (store: BucketStore): Promise<unknown> => store.get('logs', 'k', { bytesMax: 1_000 })
const list = (store: BucketStore): Promise<unknown> => store.list('logs', {})

/** Code, and whether the outcome is open, of a call that has to fail. */
async function failure(call: Promise<unknown>): Promise<[string, boolean]> {
  const error = await call.then(
    () => assert.fail('should have failed'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof BucketError, String(error))
  return [error.code, error.isOutcomeUnknown]
}

const open = true
const certain = false
const page = '<html><body>Not what you asked for</body></html>'
const withLength = (status: string, content: string, ...headers: readonly string[]): readonly string[] => [
  `HTTP/1.1 ${status}`,
  ...headers,
  `content-length: ${content.length}`,
  '',
  content,
]
const slowDown = '<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'

interface Case {
  readonly does: string
  readonly on: Behaviour
  readonly put: [string, boolean]
  readonly get: [string, boolean]
}

const cases: readonly Case[] = [
  { does: 'never answers', on: () => undefined, put: ['RequestTimeout', open], get: ['RequestTimeout', certain] },
  {
    does: 'answers one letter at a time',
    on: (socket, whenAsked) =>
      whenAsked(() => {
        socket.write('HTTP/1.1 200 OK\r\nx: ')
        const timer = setInterval(() => socket.write('x'), 20)
        socket.on('close', () => clearInterval(timer))
      }),
    put: ['RequestTimeout', open],
    get: ['RequestTimeout', certain],
  },
  {
    does: 'resets the connection before it has read the request',
    on: (socket) => void socket.once('data', () => socket.resetAndDestroy()),
    put: ['NetworkingError', open],
    get: ['NetworkingError', certain],
  },
  {
    does: 'closes after the request',
    on: (socket, whenAsked) => whenAsked(() => socket.end()),
    put: ['NetworkingError', open],
    get: ['NetworkingError', certain],
  },
  {
    does: 'closes in the middle of its answer',
    on: (socket, whenAsked) =>
      whenAsked(() => socket.end('HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 10\r\n\r\nabc')),
    put: ['NetworkingError', open],
    get: ['NetworkingError', certain],
  },
  {
    does: 'says 503 SlowDown',
    on: answering(...withLength('503 Slow Down', slowDown)),
    put: ['SlowDown', open],
    get: ['SlowDown', certain],
  },
  {
    does: 'says 500 in HTML',
    on: answering(...withLength('500 Oops', page, 'content-type: text/html')),
    put: ['InternalError', open],
    get: ['InternalError', certain],
  },
  {
    does: 'says 200 in HTML',
    on: answering(...withLength('200 OK', page, 'content-type: text/html')),
    put: ['InvalidResponse', open],
    get: ['InvalidResponse', certain],
  },
  {
    does: 'says 403 in HTML',
    on: answering(...withLength('403 Blocked', page)),
    put: ['AccessDenied', certain],
    get: ['AccessDenied', certain],
  },
  {
    does: 'speaks another protocol',
    on: (socket) => void socket.write('SSH-2.0-OpenSSH_9.9\r\n'),
    put: ['InvalidResponse', open],
    get: ['InvalidResponse', certain],
  },
  {
    does: 'wants to change the protocol',
    on: answering('HTTP/1.1 101 Switching Protocols', 'connection: upgrade', 'upgrade: websocket', '', ''),
    put: ['NetworkingError', open],
    get: ['NetworkingError', certain],
  },
  {
    does: 'says 100 Continue and nothing more',
    on: answering('HTTP/1.1 100 Continue', '', ''),
    put: ['RequestTimeout', open],
    get: ['RequestTimeout', certain],
  },
  {
    does: 'sends headers without end',
    on: pouring('HTTP/1.1 200 OK\r\n', `x-more: ${'x'.repeat(1_000)}\r\n`),
    put: ['InvalidResponse', open],
    get: ['InvalidResponse', certain],
  },
  {
    does: 'sends a body without end',
    on: pouring('HTTP/1.1 200 OK\r\nETag: "x"\r\n\r\n', 'x'.repeat(65_536)),
    put: ['InvalidResponse', open],
    get: ['EntityTooLarge', certain],
  },
  {
    does: 'sends an error without end',
    on: pouring('HTTP/1.1 403 Forbidden\r\n\r\n<Error><Code>AccessDenied</Code>', '<a>'.repeat(20_000)),
    put: ['InvalidResponse', certain],
    get: ['InvalidResponse', certain],
  },
]

describe('a store that', () => {
  test.each(cases)('$does', async ({ on, put: ofPut, get: ofGet }) => {
    const { port, sockets } = await startServer(on)
    const isWaitedFor = ofPut[0] === 'RequestTimeout'
    const store = storeAt(`http://127.0.0.1:${port}`, { timeoutMs: isWaitedFor ? brieflyMs : amplyMs })
    assert.deepEqual(await failure(put(store)), ofPut)
    assert.deepEqual(await failure(get(store)), ofGet)
    assert.equal((await failure(list(store)))[1], certain)
    await store.close()
    // None is left: this waits for ever for a socket that leaks.
    await Promise.all(sockets.map(closed))
  })

  test('answers too late is not believed by the next call', async () => {
    const late: Socket[] = []
    const { port, sockets } = await startServer((socket, whenAsked) => {
      if (late.length === 0) late.push(socket)
      else whenAsked(() => socket.write('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n'))
    })
    const store = storeAt(`http://127.0.0.1:${port}`, { timeoutMs: 2_000 })
    assert.deepEqual(await failure(put(store)), ['RequestTimeout', open])
    late[0]!.write('HTTP/1.1 200 OK\r\nETag: "x"\r\ncontent-length: 0\r\n\r\n')
    assert.deepEqual(await failure(put(store)), ['AccessDenied', certain])
    assert.equal(sockets.length, 2)
  })

  test.each([301, 302, 303, 307, 308])(
    'redirects with %i is not followed: the other host gets nothing',
    async (status) => {
      const other = await startServer(() => undefined)
      const location = `http://127.0.0.1:${other.port}/logs/k`
      const { port } = await startServer(answering(...withLength(`${status} Elsewhere`, '', `location: ${location}`)))
      const [code, isUnknown] = await failure(put(storeAt(`http://127.0.0.1:${port}`)))
      const isOfS3 = [301, 307, 308].includes(status)
      assert.equal(isUnknown, !isOfS3)
      assert.equal(code, isOfS3 ? (status === 307 ? 'TemporaryRedirect' : 'PermanentRedirect') : 'InvalidResponse')
      assert.equal(other.sockets.length, 0)
    },
  )
})

describe('without a connection nothing was stored', () => {
  test('refused, unknown host, TLS that never begins, and no TLS at all', async () => {
    const { port: silent } = await startServer(() => undefined)
    const { port: plain } = await startServer((socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
    for (const endpoint of [
      'http://127.0.0.1:1',
      'http://nowhere.invalid',
      `https://127.0.0.1:${silent}`,
      `https://127.0.0.1:${plain}`,
    ]) {
      const store = storeAt(endpoint, { connectTimeoutMs: 200 })
      assert.deepEqual(await failure(put(store)), ['NetworkingError', certain], endpoint)
    }
  })
})

describe('many calls at once', () => {
  test('take no more connections than they may, end when the store is closed, and know what was sent', async () => {
    const callsMax = 3
    const { promise: allAsked, resolve } = Promise.withResolvers<void>()
    let asked = 0
    const { port, sockets } = await startServer((_, whenAsked) =>
      whenAsked(() => {
        asked += 1
        if (asked === callsMax) resolve()
      }),
    )
    const store = storeAt(`http://127.0.0.1:${port}`, { callsMax })
    const outcomes = Array.from({ length: 20 }, async () => failure(put(store)))
    await allAsked
    assert.equal(sockets.length, callsMax)
    await store.close()
    const ends = await Promise.all(outcomes)
    assert.equal(ends.filter(([, isUnknown]) => isUnknown).length, callsMax)
    assert.equal(sockets.length, callsMax)
  })

  test('use a connection again that a good answer left', async () => {
    const { port, sockets } = await startServer(answering(...withLength('200 OK', '', 'ETag: "not-an-md5"')))
    const store = storeAt(`http://127.0.0.1:${port}`)
    for (let n = 0; n < 5; n++) await put(store)
    assert.equal(sockets.length, 1)
  })
})
