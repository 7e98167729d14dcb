import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { describe, test } from 'vitest'
import { BucketError } from '../buckets/index.ts'
import { send, startServer } from '../http/http.testing.ts'
import { sendContent } from './send-content.ts'

const megabyte = Buffer.alloc(1_048_576, 'x')

/** A server that answers with `pieces`, of which the last may be a failure, and tells when it gave them back. */
async function serving(size: number, pieces: () => AsyncIterable<Uint8Array>) {
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  const content = {
    size,
    read: pieces,
    async close() {
      resolve()
    },
  }
  const { server, faults } = await startServer({
    routes: [{ method: 'GET', path: '/', handle: (exchange) => sendContent(exchange, { status: 200 }, content) }],
  })
  return { server, faults, closed }
}

async function* repeated(count: number): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < count; n++) yield megabyte
}

describe('content that is read while it is sent', () => {
  test('arrives whole, small or large, and is given back', async () => {
    for (const count of [0, 3]) {
      const { server, closed, faults } = await serving(count * megabyte.length, () => repeated(count))
      const reply = await send(server, {})
      assert.deepEqual([reply.status, reply.text.length], [200, count * megabyte.length])
      await closed
      assert.deepEqual(faults, [])
      await server.close(0)
    }
  })

  test('is given back when the client goes away, and was not read much further than that', async () => {
    const count = 1_000
    let read = 0
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const piece of repeated(count)) {
        read += piece.length
        yield piece
      }
    }
    const { server, closed, faults } = await serving(count * megabyte.length, counted)
    const outgoing = request({ host: server.host, port: server.port }).end()
    outgoing.on('error', () => {})
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
    answer.on('error', () => {})
    await once(answer, 'readable')
    outgoing.destroy()
    await closed
    assert.ok(read < (count / 2) * megabyte.length, `${read} bytes were read`)
    assert.deepEqual(faults, [])
    await server.close(0)
  })

  test('is not taken for damaged when the client goes away', async () => {
    const caught: unknown[] = []
    async function* watching(): AsyncGenerator<Uint8Array> {
      try {
        yield* repeated(1_000)
      } catch (error) {
        caught.push(error)
        throw new BucketError('InternalError', 'damaged', { cause: error })
      }
    }
    const { server, closed, faults } = await serving(1_000 * megabyte.length, watching)
    const outgoing = request({ host: server.host, port: server.port }).end()
    outgoing.on('error', () => {})
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
    answer.on('error', () => {})
    await once(answer, 'readable')
    outgoing.destroy()
    await closed
    await server.close(0)
    assert.deepEqual([caught, faults], [[], []])
  })

  test('that is damaged on the way breaks the connection off', async () => {
    async function* damaged(): AsyncGenerator<Uint8Array> {
      yield megabyte
      throw new BucketError('InternalError', 'damaged')
    }
    const { server, closed, faults } = await serving(2 * megabyte.length, damaged)
    await assert.rejects(send(server, {}))
    await closed
    assert.equal(faults.length, 1)
    await server.close(0)
  })
})
