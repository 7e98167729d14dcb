import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'vitest'
import { createSecret } from '../config/index.ts'
import { createSignedClient, SignedCallError, type SignedAnswer } from './signed-client.ts'

const date = Date.parse('2026-03-14T10:00:00Z')
const body = Buffer.from('{"KeyId":"alias/logs"}')

/** What the caller of one call sees, and the requests that came. */
async function callTo(
  listener: RequestListener,
  timeoutMs = 60_000,
): Promise<{ answer: SignedAnswer | SignedCallError; came: IncomingHttpHeaders[] }> {
  const came: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    came.push(request.headers)
    listener(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = createSignedClient({
    service: 'kms',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/{region}`,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: createSecret('secret') },
    wall: () => date,
    timeoutMs,
  })
  try {
    const answer = await client
      .post('eu-central-1', { 'content-type': 'application/x-amz-json-1.1' }, body)
      .catch((error: unknown) => {
        assert.ok(error instanceof SignedCallError, String(error))
        return error
      })
    return { answer, came }
  } finally {
    client.close()
    server.closeAllConnections()
    server.close()
  }
}

const codeOf = async (listener: RequestListener, timeoutMs?: number): Promise<unknown> => {
  const { answer } = await callTo(listener, timeoutMs)
  return answer instanceof SignedCallError ? answer.code : answer
}

describe('a call of another server', () => {
  test('is signed for its service and Region, and answered with what came', async () => {
    const { answer, came } = await callTo((request, response) => {
      assert.equal(request.url, '/eu-central-1')
      response.writeHead(400).end('no such key')
    })
    assert.deepEqual(answer, { status: 400, text: 'no such key' })
    assert.match(
      String(came[0]?.authorization),
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20260314\/eu-central-1\/kms\/aws4_request, /,
    )
    assert.equal(came[0]?.['x-amz-date'], '20260314T100000Z')
    assert.equal(came[0]?.['content-length'], String(body.length))
  })

  test('arrives with the body it was given', async () => {
    const sha256 = await new Promise<string>((resolve, reject) => {
      const hash = createHash('sha256')
      callTo((request, response) => {
        request.on('data', (piece: Buffer) => void hash.update(piece))
        request.on('end', () => {
          resolve(hash.digest('hex'))
          response.end()
        })
      }).catch(reject)
    })
    assert.equal(sha256, createHash('sha256').update(body).digest('hex'))
  })

  test('is sent nowhere else on a redirect, which is an answer like any', async () => {
    const { answer, came } = await callTo((_, response) => {
      response.writeHead(307, { location: 'http://127.0.0.1:1/elsewhere' }).end()
    })
    assert.deepEqual(answer, { status: 307, text: '' })
    assert.equal(came.length, 1)
  })

  test('without an answer in time is a RequestTimeout', async () => {
    assert.equal(await codeOf(() => {}, 50), 'RequestTimeout')
    const halfAnswered: RequestListener = (_, response) => void response.writeHead(200).write('{')
    assert.equal(await codeOf(halfAnswered, 50), 'RequestTimeout')
  })

  test('whose answer does not end with the last byte allowed is an InvalidResponse', async () => {
    const most = 64 * 1_024
    const exactly = await callTo((_, response) => void response.end('x'.repeat(most)))
    assert.equal(exactly.answer instanceof SignedCallError, false)
    assert.equal(await codeOf((_, response) => void response.end('x'.repeat(most + 1))), 'InvalidResponse')
  })

  test('that is cut off, before or within the answer, is a NetworkingError', async () => {
    assert.equal(await codeOf((request) => void request.socket.destroy()), 'NetworkingError')
    const half: RequestListener = (request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('half', () => void request.socket.destroy())
    }
    assert.equal(await codeOf(half), 'NetworkingError')
  })
})
