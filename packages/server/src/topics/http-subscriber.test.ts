import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { describe, test } from 'vitest'
import { createHttpSubscribers, subscriberUrlFault } from './http-subscriber.ts'
import { createMayCall } from './subscriber-addresses.ts'
import { startSubscriber } from './topics.testing.ts'

const here = createMayCall(['127.0.0.0/8'])
const request = (url: string) => ({ url, headers: { 'x-amz-sns-message-id': 'm' }, body: 'ä' })

/** A server that speaks whatever a test wants. */
async function startRaw(onSocket: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createTcpServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('what an endpoint answers', () => {
  const outcomes: readonly (readonly [status: number, kind: string])[] = [
    [200, 'taken'],
    [204, 'taken'],
    [301, 'refused'],
    [400, 'refused'],
    [404, 'refused'],
    [429, 'failed'],
    [500, 'failed'],
    [503, 'failed'],
  ]
  for (const [status, kind] of outcomes)
    test(`${status} is ${kind}`, async () => {
      const endpoint = await startSubscriber((_, response) => response.writeHead(status).end('x'.repeat(1_000)))
      try {
        assert.equal((await createHttpSubscribers({ mayCall: here }).post(request(endpoint.url))).kind, kind)
        assert.equal(endpoint.taken[0]!.body, 'ä')
        assert.equal(endpoint.taken[0]!.headers['x-amz-sns-message-id'], 'm')
      } finally {
        await endpoint.close()
      }
    })

  test('a redirect is not followed', async () => {
    const target = await startSubscriber()
    const endpoint = await startSubscriber((_, response) => response.writeHead(307, { location: target.url }).end())
    try {
      const attempt = await createHttpSubscribers({ mayCall: here }).post(request(endpoint.url))
      assert.deepEqual(attempt, { kind: 'refused', reason: 'the endpoint answered 307' })
      assert.equal(target.taken.length, 0)
    } finally {
      await endpoint.close()
      await target.close()
    }
  })

  test('an answer without end costs a bounded number of bytes, and its status counts', async () => {
    let sent = 0
    const endpoint = await startSubscriber((_, response) => {
      response.writeHead(200)
      const pump = (): void => {
        while (!response.destroyed && sent < 2 ** 30) {
          sent += 65_536
          if (!response.write(Buffer.alloc(65_536))) return void response.once('drain', pump)
        }
      }
      pump()
    })
    try {
      assert.equal((await createHttpSubscribers({ mayCall: here }).post(request(endpoint.url))).kind, 'taken')
      assert.ok(sent < 64 * 2 ** 20, `${sent} bytes`)
    } finally {
      await endpoint.close()
    }
  })

  const garbage: readonly (readonly [what: string, answer: string])[] = [
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['a broken status line', 'HTTP/1.1 OK 200\r\n\r\n'],
    ['endless headers', `HTTP/1.1 200 OK\r\n${'X-Header: value\r\n'.repeat(5_000)}\r\n`],
    ['contradicting lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx'],
    ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx'],
    ['nothing', ''],
  ]
  for (const [what, answer] of garbage)
    test(`${what} is a failed attempt`, async () => {
      const endpoint = await startRaw((socket) => socket.end(answer))
      try {
        assert.equal((await createHttpSubscribers({ mayCall: here }).post(request(endpoint.url))).kind, 'failed')
      } finally {
        await endpoint.close()
      }
    })

  test('one that never answers is given up after its time, and stopping does not wait for it', async () => {
    const endpoint = await startRaw(() => {})
    try {
      const late = await createHttpSubscribers({ mayCall: here, timeoutMs: 50 }).post(request(endpoint.url))
      assert.deepEqual(late, { kind: 'failed', reason: 'no answer within 50 ms' })
      const subscribers = createHttpSubscribers({ mayCall: here })
      const attempt = subscribers.post(request(endpoint.url))
      while (endpoint.connections() < 2) await new Promise((resolve) => setImmediate(resolve))
      subscribers.close()
      assert.equal((await attempt).kind, 'failed')
      assert.equal((await subscribers.post(request(endpoint.url))).kind, 'failed')
    } finally {
      await endpoint.close()
    }
  })
})

describe('where no request goes', () => {
  test('addresses that the configuration forbids are not connected to, however they are written', async () => {
    const endpoint = await startRaw((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
    const { port } = new URL(endpoint.url)
    try {
      const subscribers = createHttpSubscribers({ mayCall: createMayCall([]) })
      for (const host of [
        '127.0.0.1',
        '127.1',
        '0x7f000001',
        '2130706433',
        '0177.0.0.1',
        '0.0.0.0',
        'localhost',
        '[::1]',
        '[::ffff:127.0.0.1]',
        '[::ffff:7f00:1]',
        '[::]',
      ]) {
        const attempt = await subscribers.post(request(`http://${host}:${port}/`))
        assert.equal(attempt.kind, 'refused', `${host}: ${JSON.stringify(attempt)}`)
      }
      assert.equal(endpoint.connections(), 0)
    } finally {
      await endpoint.close()
    }
  })

  test('a name is judged by where it leads when the connection is made, not before', async () => {
    const endpoint = await startRaw((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
    const { port } = new URL(endpoint.url)
    let asked = 0
    const allowed = createMayCall(['198.51.100.7'])
    const subscribers = createHttpSubscribers({
      mayCall: allowed,
      timeoutMs: 200,
      // At first a harmless address, later ourselves.
      resolve: async (): Promise<LookupAddress[]> =>
        asked++ === 0 ? [{ address: '198.51.100.7', family: 4 }] : [{ address: '127.0.0.1', family: 4 }],
    })
    try {
      assert.equal((await subscribers.post(request(`http://rebinding.example:${port}/`))).kind, 'failed')
      const second = await subscribers.post(request(`http://rebinding.example:${port}/`))
      assert.equal(second.kind, 'refused')
      assert.equal(asked, 2)
      assert.equal(endpoint.connections(), 0)
    } finally {
      await endpoint.close()
    }
  })

  test('of several addresses only those that may be called are tried', async () => {
    const endpoint = await startSubscriber()
    const { port } = new URL(endpoint.url)
    const subscribers = createHttpSubscribers({
      mayCall: here,
      resolve: async () => [
        { address: '10.0.0.1', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    })
    try {
      assert.equal((await subscribers.post(request(`http://two.example:${port}/`))).kind, 'taken')
    } finally {
      await endpoint.close()
    }
  })

  test('a name that cannot be resolved is a failed attempt', async () => {
    const resolve = () => Promise.reject(new Error('ENOTFOUND'))
    const attempt = await createHttpSubscribers({ mayCall: here, resolve }).post(request('http://none.example/'))
    assert.deepEqual(attempt, { kind: 'failed', reason: 'ENOTFOUND' })
  })
})

test('public addresses may be called; private, special and disguised ones may not', () => {
  const mayCall = createMayCall([])
  for (const address of ['8.8.8.8', '1.1.1.1', '172.15.0.1', '172.32.0.1', '2606:4700::1111', '2a00:1450::1'])
    assert.ok(mayCall(address), address)
  for (const address of [
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '127.0.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '192.0.2.1',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::a00:1',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'fd12::1',
    'ff02::1',
    '2001:db8::1',
    '2001::1',
    '2002:a00:1::1',
    'example.com',
    '',
  ])
    assert.ok(!mayCall(address), address)
  const opened = createMayCall(['10.0.0.0/8', 'fd00::/8', '::1'])
  for (const address of ['10.9.9.9', 'fd12::1', '::1']) assert.ok(opened(address), address)
  assert.ok(!opened('192.168.1.1'))
})

test('a subscriber’s URL has the protocol that was named and nothing odd', () => {
  assert.equal(subscriberUrlFault('https://example.com:8443/hook?token=1', 'https'), undefined)
  assert.equal(subscriberUrlFault('http://user:password@example.com/', 'http'), undefined)
  for (const url of [
    'http://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'https://',
    'https:// example.com/',
    'https://example.com/#part',
    'https://example.com\\@evil/',
    'javascript:alert(1)',
    '',
    `https://example.com/${'x'.repeat(3_000)}`,
  ])
    assert.ok(subscriberUrlFault(url, 'https'), url.slice(0, 40))
})
