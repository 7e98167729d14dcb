import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { afterEach, describe, test } from 'vitest'
import { createSigV4Verifier, signRequest } from '../auth/index.ts'
import { credentialOf, credentialSource, exampleKey, identityOf } from '../auth/sigv4.testing.ts'
import { systemClocks, systemRandom } from '../clock/index.ts'
import { createRefusalRecorder, type HttpServer } from '../http/index.ts'
import { auditorKey, fakeSelfTrail, home, send, startServer } from '../http/http.testing.ts'
import { apiRoute, type ApiRoute } from './index.ts'

let server: HttpServer | undefined
afterEach(async () => {
  await server?.close(0)
})

const lookup: ApiRoute = {
  method: 'GET',
  path: '/api/v1/things/{thingId}',
  eventName: 'GetThing',
  readOnly: true,
  recorded: ['detail'],
  ask: async ({ pathParameter, parameters, body }) => ({
    json: { thing: pathParameter, detail: parameters.get('detail'), ...body },
  }),
}
const search: ApiRoute = {
  ...lookup,
  method: 'POST',
  path: '/api/v1/search',
  bodyBytesMax: 64,
  recorded: ['text', 'most'],
}

async function start(route: ApiRoute) {
  const trail = fakeSelfTrail()
  const faults: unknown[] = []
  const onFault = (error: unknown) => void faults.push(error)
  const credentials = credentialSource(credentialOf(exampleKey), credentialOf(auditorKey, 'auditor'))
  const options = {
    verifier: createSigV4Verifier({ credential: (id) => credentials.accessKey(id), wall: () => systemClocks.wall() }),
    credentials,
    regions: new Set<string>([home.region]),
    home,
    leadingRegion: home.region,
    refusals: createRefusalRecorder({ selfTrail: trail, random: systemRandom, ...home, onFault }),
    trail,
    onFault,
  }
  const started = (await startServer({ routes: [apiRoute(route, options)] })).server
  server = started
  const authorization = `Bearer ${exampleKey.secretAccessKey}`
  const ask = (path: string, more: { method?: string; body?: string; key?: string } = {}) =>
    send(started, { path, ...more, headers: { authorization: more.key ? `Bearer ${more.key}` : authorization } })
  const post = (body: string, sent = body, extra: Record<string, string> = {}) => {
    const unsigned = { host: `${started.host}:${started.port}`, ...extra }
    const headers = signRequest(
      { method: 'POST', target: '/api/v1/search', headers: unsigned, body: Buffer.from(body) },
      identityOf(),
      Date.now(),
    )
    return send(started, { method: 'POST', path: '/api/v1/search', headers, body: sent })
  }
  return { trail, faults, ask, post, authorization, server: started }
}

const sha256 = (text: string) => hash('sha256', text)

const codeOf = ({ status, text }: { status: number; text: string }) =>
  `${status} ${(JSON.parse(text) as { __type: string }).__type}`

describe('a route of the API', () => {
  test("takes the path's parameter decoded and answers in JSON, once the call is recorded", async () => {
    const { ask, trail } = await start(lookup)
    const reply = await ask('/api/v1/things/a%2Fb%20%C3%A4?detail=full&other=1')
    assert.equal(reply.headers['content-type'], 'application/json')
    assert.deepEqual(JSON.parse(reply.text), { thing: 'a/b ä', detail: 'full' })
    const [call] = trail.calls
    assert.deepEqual(call!.requestParameters, { thingId: 'a/b ä', detail: 'full' })
    assert.deepEqual([call!.eventSource, call!.category], ['cloudtrail.amazonaws.com', 'Management'])
  })

  test('records no more of a parameter than its bound', async () => {
    const { ask, trail } = await start(lookup)
    await ask(`/api/v1/things/${'x'.repeat(1_000)}`)
    assert.deepEqual(trail.calls[0]!.requestParameters, { thingId: 'x'.repeat(256) })
  })

  test('takes a JSON body by signature, announced or not, and by token', async () => {
    const { ask, post, trail } = await start(search)
    const body = '{"text":"root","most":3,"secret":"s"}'
    const wanted = { thing: '', detail: null, text: 'root', most: 3, secret: 's' }
    const announced = { 'x-amz-content-sha256': sha256(body) }
    for (const reply of [
      await post(body),
      await post(body, body, announced),
      await ask('/api/v1/search', { method: 'POST', body }),
    ])
      assert.deepEqual(JSON.parse(reply.text), wanted)
    assert.deepEqual(
      trail.calls.map(({ requestParameters }) => requestParameters),
      Array.from({ length: 3 }, () => ({ text: 'root', most: 3 })),
    )
  })

  test('refuses a body that is not the signed one, too long or no JSON, and records that it did', async () => {
    const { post, trail } = await start(search)
    const announced = { 'x-amz-content-sha256': sha256('{"most":1}') }
    assert.equal(codeOf(await post('{"most":1}', '{"most":2}', announced)), '403 InvalidSignatureException')
    const long = JSON.stringify({ text: 'x'.repeat(64) })
    assert.equal(codeOf(await post(long)), '413 RequestEntityTooLargeException')
    assert.equal(
      codeOf(await post(long, long, { 'x-amz-content-sha256': sha256(long) })),
      '413 RequestEntityTooLargeException',
    )
    assert.equal(codeOf(await post('[1')), '400 SerializationException')
    assert.deepEqual(
      trail.calls.map(({ errorCode, requestParameters }) => [errorCode, requestParameters]),
      [
        ['InvalidSignatureException', {}],
        ['RequestEntityTooLargeException', {}],
        ['RequestEntityTooLargeException', {}],
        ['SerializationException', {}],
      ],
    )
  })

  test('asks nothing for a role that may not, and records that without the parameters', async () => {
    let asked = 0
    const { ask, trail } = await start({
      ...lookup,
      roles: ['administrator'],
      async ask() {
        asked++
        return { text: '' }
      },
    })
    assert.equal(
      codeOf(await ask('/api/v1/things/1', { key: auditorKey.secretAccessKey })),
      '403 AccessDeniedException',
    )
    assert.equal(asked, 0)
    assert.deepEqual(
      trail.calls.map(({ errorCode, requestParameters }) => [errorCode, requestParameters]),
      [['AccessDenied', undefined]],
    )
  })

  test('what fails for a reason that nobody named is recorded, and told to the log alone', async () => {
    const { ask, trail, faults } = await start({ ...lookup, ask: () => Promise.reject(new Error('inner secret')) })
    const reply = await ask('/api/v1/things/1')
    assert.equal(codeOf(reply), '500 InternalFailure')
    assert.doesNotMatch(reply.text, /secret/)
    assert.equal(trail.calls[0]!.errorCode, 'InternalFailure')
    assert.equal(faults.length, 1)
  })
})

describe('a streamed answer', () => {
  const streamed = (made: Readable[], chunks: (signal: AbortSignal) => AsyncIterable<string>): ApiRoute => ({
    ...lookup,
    async ask({ signal }) {
      const stream = Readable.from(chunks(signal))
      made.push(stream)
      return { stream, contentType: 'text/event-stream' }
    },
  })

  test('begins once the call is recorded', async () => {
    const recordedBefore: number[] = []
    const route = streamed([], async function* () {
      recordedBefore.push(trail.calls.length)
      yield 'data: 1\n\n'
      yield 'data: 2\n\n'
    })
    const { ask, trail } = await start(route)
    const reply = await ask('/api/v1/things/1')
    assert.equal(reply.headers['content-type'], 'text/event-stream')
    assert.equal(reply.text, 'data: 1\n\ndata: 2\n\n')
    assert.deepEqual(recordedBefore, [1])
  })

  test('never begins where the call cannot be recorded or only the head is asked for', async () => {
    const made: Readable[] = []
    let begun = 0
    const { ask, trail } = await start(
      streamed(made, async function* () {
        begun++
        yield ''
      }),
    )
    assert.equal((await ask('/api/v1/things/1', { method: 'HEAD' })).status, 200)
    trail.failing = true
    assert.equal(codeOf(await ask('/api/v1/things/1')), '503 ServiceUnavailable')
    assert.equal(begun, 0)
    assert.deepEqual(
      made.map(({ destroyed }) => destroyed),
      [true, true],
    )
  })

  test('ends when the caller leaves, which is no fault of ours', async () => {
    const made: Readable[] = []
    const started = await start(
      streamed(made, async function* (signal) {
        yield 'data: 1\n\n'
        await once(signal, 'abort')
      }),
    )
    const { host, port } = started.server
    const { authorization } = started
    await new Promise<void>((resolve, reject) => {
      const asking = request({ host, port, path: '/api/v1/things/1', headers: { authorization } }, (incoming) =>
        incoming.once('data', () => {
          made[0]!.once('close', resolve)
          asking.destroy()
        }),
      )
      asking.once('error', reject).end()
    })
    assert.deepEqual(started.faults, [])
  })
})
