import assert from 'node:assert/strict'
import { createHash, createHmac, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StreamId } from '@opentrail/core/event'
import { afterEach, beforeEach, describe, test } from 'vitest'
import { createSigV4Verifier, signRequest } from '../auth/index.ts'
import { credentialOf, credentialSource, exampleKey, identityOf } from '../auth/sigv4.testing.ts'
import { systemClocks, systemRandom } from '../clock/index.ts'
import { createRefusalRecorder, type HttpServer } from '../http/index.ts'
import { auditorKey, fakeSelfTrail, home, send, startServer, type FakeSelfTrail } from '../http/http.testing.ts'
import { createMemoryJournal, type Journal } from '../journal/index.ts'
import type { ServerEvent } from '../observability/index.ts'
import { createInPlaceAdmission } from './admission-pool.ts'
import { eventsRoute, type EventsRouteOptions } from './events-route.ts'
import { recordText } from './intake.testing.ts'
import { openRecordWriter } from './record-writer.ts'
import { createRefusalReports } from './refusal-reports.ts'

let directory: string
const servers: HttpServer[] = []
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'opentrail-events-'))
})
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)))
  await rm(directory, { recursive: true })
})

const { account } = credentialOf(exampleKey).principal
const stream = `${account}/eu-west-1` as StreamId
const line = (members: object = {}) => recordText({ eventTime: undefined, awsRegion: 'eu-west-1', ...members })

async function start(changes: Partial<EventsRouteOptions> = {}, journal: Journal = createMemoryJournal()) {
  const trail: FakeSelfTrail = fakeSelfTrail()
  const credentials = credentialSource(credentialOf(exampleKey), credentialOf(auditorKey, 'auditor'))
  const reported: ServerEvent[] = []
  const options: EventsRouteOptions = {
    verifier: createSigV4Verifier({ credential: (id) => credentials.accessKey(id), wall: () => systemClocks.wall() }),
    credentials,
    regions: new Set(['eu-west-1', 'us-east-1']),
    home,
    refusals: createRefusalRecorder({ selfTrail: trail, random: systemRandom, ...home, onFault: () => {} }),
    clocks: systemClocks,
    trail,
    leadingRegion: home.region,
    spoolDirectory: join(directory, 'spool'),
    configVersion: () => 1,
    report: (event) => reported.push(event),
    admission: createInPlaceAdmission(randomUUID),
    writer: await openRecordWriter(
      journal,
      () => systemClocks.domain(),
      () => 1,
    ),
    reports: createRefusalReports(join(directory, 'reports'), systemRandom),
    bodyBytesMax: 1_000_000,
    ...changes,
  }
  const { server } = await startServer({ routes: [eventsRoute(options)] })
  servers.push(server)
  const post = (body: string, headers: Record<string, string> = {}, key = exampleKey) =>
    send(server, { method: 'POST', path: '/events', headers: signed(server, body, headers, key), body })
  return { server, trail, journal, reported, post }
}

function signed(server: HttpServer, body: string | Uint8Array, headers: Record<string, string> = {}, key = exampleKey) {
  const host = `${server.host}:${server.port}`
  return signRequest(
    { method: 'POST', target: '/events', headers: { host, ...headers }, body: Buffer.from(body) },
    identityOf({ ...key, region: 'eu-west-1', service: 'cloudtrail' }),
    Date.now(),
  )
}
const until = async (condition: () => boolean) => {
  while (!condition()) await sleep(5)
}

describe('the record of POST /events', () => {
  test('a complete data event, with what was asked and what came of it', async () => {
    const { trail, post } = await start()
    const key = randomUUID()
    const reply = await post(`${line()}\nx`, { 'idempotency-key': key, 'user-agent': 'shop/1.0' })
    assert.equal(reply.status, 200)
    const [call] = trail.calls
    assert.equal(trail.calls.length, 1)
    const { identity, ...rest } = call!
    assert.deepEqual(rest, {
      eventSource: 'cloudtrail-data.amazonaws.com',
      eventName: 'PostEvents',
      readOnly: false,
      category: 'Data',
      region: 'eu-west-1',
      requestId: reply.headers['x-amzn-requestid'],
      sourceIPAddress: '127.0.0.1',
      userAgent: 'shop/1.0',
      requestParameters: { idempotencyKey: key },
      responseElements: { received: 2, stored: 1, duplicates: 0, refused: 1 },
      resources: [
        {
          accountId: account,
          type: 'AWS::CloudTrail::Channel',
          ARN: `arn:aws:cloudtrail:eu-west-1:${account}:channel/events`,
        },
      ],
    })
    assert.equal(identity.kind === 'user' && identity.principal.accessKeyId, exampleKey.accessKeyId)
  })

  test('refused calls: by role without parameters, by signature as a claim', async () => {
    const { trail, post, journal } = await start()
    assert.equal((await post(line(), { 'idempotency-key': 'a' }, auditorKey)).status, 403)
    assert.equal((await post(line(), {}, { ...exampleKey, secretAccessKey: 'wrong' })).status, 403)
    assert.deepEqual(
      trail.calls.map((call) => [call.identity.kind, call.errorCode, call.requestParameters]),
      [
        ['user', 'AccessDenied', undefined],
        ['unknown-key', 'InvalidSignatureException', undefined],
      ],
    )
    assert.equal(journal.durable(stream), 0)
  })

  test('written although the client has gone, with what was stored until then', async () => {
    const { server, trail, journal } = await start()
    const host = `${server.host}:${server.port}`
    const headers = signRequest(
      { method: 'POST', target: '/events', headers: { host }, body: 'UNSIGNED-PAYLOAD' },
      identityOf({ ...exampleKey, region: 'eu-west-1', service: 'cloudtrail' }),
      Date.now(),
    )
    const outgoing = httpRequest({ host: server.host, port: server.port, method: 'POST', path: '/events', headers })
    outgoing.on('error', () => {})
    // More than one chunk, so that something is stored before the end.
    for (let sent = 0; sent < 900; sent++) outgoing.write(`${line({ requestParameters: { a: 'x'.repeat(500) } })}\n`)
    await until(() => server.connections > 0)
    outgoing.write('{"half', () => outgoing.destroy())
    await until(() => trail.calls.length > 0)
    const [call] = trail.calls
    assert.equal(call!.errorCode, 'RequestAbortedException')
    assert.equal(call!.sourceIPAddress, '127.0.0.1')
    const { stored } = (call!.additionalEventData ?? { stored: 0 }) as { stored: number }
    assert.equal(stored, journal.durable(stream))
  })

  test('reused ids are a management event, even behind a thousand other refusals', async () => {
    const { trail, post } = await start()
    const eventID = randomUUID()
    await post(line({ eventID }))
    await post(`${'x\n'.repeat(1_200)}${line({ eventID, eventName: 'Harmless' })}`)
    const call = trail.calls.find(({ eventName }) => eventName === 'EventIdReused')!
    assert.equal(call.category, 'Management')
    assert.deepEqual(call.additionalEventData, { count: 1, eventIds: [eventID] })
  })

  test('a call that cannot be recorded is not answered as done, but says what is stored', async () => {
    const { trail, post, journal, reported } = await start()
    trail.failing = true
    const reply = await post(line())
    assert.equal(reply.status, 500)
    assert.equal((JSON.parse(reply.text) as { stored: number }).stored, 1)
    assert.equal(journal.durable(stream), 1)
    assert.ok(reported.some(({ kind }) => kind === 'failure'))
  })

  test('a fault inside is recorded and reported, and the client learns nothing of it', async () => {
    const admission = { admit: () => Promise.reject(new Error('a worker died')), close: async () => {} }
    const { trail, post, reported } = await start({ admission })
    const reply = await post(line())
    assert.equal(reply.status, 500)
    assert.doesNotMatch(reply.text, /worker/)
    assert.equal(trail.calls[0]!.errorCode, 'InternalFailure')
    assert.ok(reported.some(({ kind }) => kind === 'failure'))
  })

  test('a full journal is a retryable refusal', async () => {
    const { trail, post } = await start({}, createMemoryJournal({ bytesMax: 100 }))
    const reply = await post(line())
    const { received, refused, refusals } = JSON.parse(reply.text) as {
      received: number
      refused: number
      refusals: { code: string }[]
    }
    assert.deepEqual([reply.status, received, refused, refusals[0]!.code], [503, 1, 1, 'NotStored'])
    assert.equal(trail.calls[0]!.errorCode, 'ServiceUnavailable')
  })
})

describe('the body', () => {
  test('too long: 413, whether its length says so or not, packed or not', async () => {
    const { server, post } = await start({ bodyBytesMax: 5_000 })
    assert.equal((await post('x'.repeat(5_001))).status, 413)
    const body = 'x'.repeat(20_000)
    const chunked = { ...signed(server, body), 'transfer-encoding': 'chunked' }
    assert.equal((await send(server, { method: 'POST', path: '/events', headers: chunked, body })).status, 413)
    const { gzipSync } = await import('node:zlib')
    const packed = gzipSync(body)
    const headers = signed(server, packed, { 'content-encoding': 'gzip' })
    assert.equal((await send(server, { method: 'POST', path: '/events', headers, body: packed })).status, 413)
  })

  test('without x-amz-content-sha256 it is read first, up to a bound', async () => {
    const { server, journal } = await start({ bodyBytesMax: 20_000_000 })
    const unannounced = (body: string, secretAccessKey = exampleKey.secretAccessKey) => {
      // As curl signs: the hash of the body, but no header that says so.
      const { 'x-amz-content-sha256': hash, ...headers } = signWithoutHash(server, body, secretAccessKey)
      assert.equal(hash, undefined)
      return send(server, { method: 'POST', path: '/events', headers, body })
    }
    assert.equal((await unannounced(line())).status, 200)
    assert.equal(journal.durable(stream), 1)
    assert.equal((await unannounced(line(), 'wrong')).status, 403)
    assert.equal((await unannounced('x'.repeat(8 * 1024 * 1024 + 1))).status, 413)
    assert.equal(journal.durable(stream), 1)
  })
})

/** SigV4 by hand over `host` and `x-amz-date` alone. */
function signWithoutHash(server: HttpServer, body: string, secretAccessKey: string): Record<string, string> {
  const host = `${server.host}:${server.port}`
  const date = `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
  const scope = `${date.slice(0, 8)}/eu-west-1/cloudtrail/aws4_request`
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const canonical = `POST\n/events\n\nhost:${host}\nx-amz-date:${date}\n\nhost;x-amz-date\n${hash(body)}`
  let key: Buffer | string = `AWS4${secretAccessKey}`
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest()
  const signature = createHmac('sha256', key)
    .update(`AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash(canonical)}`)
    .digest('hex')
  const credential = `${exampleKey.accessKeyId}/${scope}`
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host;x-amz-date, Signature=${signature}`
  return { host, 'x-amz-date': date, authorization }
}
