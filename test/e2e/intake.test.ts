import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { CloudTrailClient, LookupEventsCommand, type LookupAttributeKey } from '@aws-sdk/client-cloudtrail'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { makeCertificate } from '../../packages/server/src/http/certificate.testing.ts'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { skipped } from '../skip.ts'
import { record } from '../wire/records.ts'
import { account, credentials, startTestServer } from '../wire/test-server.ts'
import { administer, getReport, newKey, post, type Post } from './intake-client.ts'

const run = promisify(execFile)
let server: RunningServer
let directory: string
beforeAll(async () => {
  server = await startTestServer()
  directory = await mkdtemp(join(tmpdir(), 'opentrail-e2e-'))
})
afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true })
})

const ndjson = (...records: object[]) => records.map((one) => JSON.stringify(one)).join('\n')
const send = (body: Post['body'], options: Partial<Post> = {}) => post({ endpoint: server.endpoint, body, ...options })
const summary = ({ received, stored, duplicates, refused }: Record<string, unknown>) => [
  received,
  stored,
  duplicates,
  refused,
]

async function find(key: LookupAttributeKey, value: string, region = 'us-east-1', identity = credentials, to = server) {
  const client = new CloudTrailClient({ endpoint: to.endpoint, region, credentials: identity, maxAttempts: 1 })
  const { Events } = await client.send(
    new LookupEventsCommand({ LookupAttributes: [{ AttributeKey: key, AttributeValue: value }] }),
  )
  return Events!.map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent!) as Record<string, unknown>)
}

const curlVersion = /^curl (\d+)\.(\d+)/.exec(spawnSync('curl', ['--version'], { encoding: 'utf8' }).stdout ?? '')
const hasSigningCurl = curlVersion !== null && Number(curlVersion[1]) * 1_000 + Number(curlVersion[2]) >= 7_086
if (!hasSigningCurl) skipped('POST /events by curl --aws-sigv4', 'there is no curl of version 7.86 or newer')

describe('forms of a request', () => {
  test.skipIf(!hasSigningCurl)('curl --aws-sigv4 with a log file', async () => {
    const file = join(directory, 'log.json')
    const records = [record({ name: 'CurlOne' }), record({ name: 'CurlTwo' })]
    await writeFile(file, JSON.stringify({ Records: records }))
    const user = `${credentials.accessKeyId}:${credentials.secretAccessKey}`
    const sigv4 = ['--aws-sigv4', 'aws:amz:us-east-1:cloudtrail', '--user', user]
    const { stdout } = await run('curl', ['-sS', ...sigv4, '--data-binary', `@${file}`, `${server.endpoint}/events`])
    assert.deepEqual(summary(JSON.parse(stdout) as Record<string, unknown>), [2, 2, 0, 0], stdout)
    assert.deepEqual(await find('EventName', 'CurlOne'), [records[0]])
  })

  test('a bearer token, fetch, gzip in two members', async () => {
    const { secretAccessKey: token } = await newKey(server.endpoint, 'producer', 'bearer')
    const [first, second] = [record(), record()]
    const body = Buffer.concat([gzipSync(`${ndjson(first)}\n`), gzipSync(ndjson(second))])
    const headers = { authorization: `Bearer ${token}`, 'content-encoding': 'gzip' }
    const answer = await fetch(new URL('/events', server.endpoint), { method: 'POST', headers, body })
    assert.equal(answer.status, 200)
    assert.deepEqual(summary((await answer.json()) as Record<string, unknown>), [2, 2, 0, 0])
    for (const { eventID, ...rest } of [first, second])
      assert.deepEqual(await find('EventId', eventID), [{ ...rest, eventID }])
  })

  test('a body held until its hash is proven, in memory and in a file', async () => {
    for (const filler of [10, 6_000]) {
      const one = { ...record(), requestParameters: { filler: 'x'.repeat(1_000) } }
      const lines = Array.from({ length: filler }, () => JSON.stringify({ ...one, eventID: randomUUID() })).join('\n')
      const { status, answer } = await send(lines)
      assert.deepEqual([status, ...summary({ ...answer })], [200, filler, filler, 0, 0])
      assert.deepEqual(answer.ranges.length, 1)
    }
  })

  test('nothing of a body that is not the signed one is stored', async () => {
    const [one] = [record()]
    const other = ndjson(record())
    const url = new URL('/events', server.endpoint)
    const { signRequest } = await import('../../packages/server/src/auth/index.ts')
    const headers = signRequest(
      { method: 'POST', target: '/events', headers: { host: url.host }, body: Buffer.from(other) },
      { ...credentials, region: 'us-east-1', service: 'cloudtrail' },
      Date.now(),
    )
    const answer = await fetch(url, { method: 'POST', headers, body: ndjson(one!) })
    assert.equal(answer.status, 403)
    assert.equal(answer.headers.get('x-amzn-errortype'), 'InvalidSignatureException')
    assert.deepEqual(await find('EventId', one!.eventID), [])
  })

  test('other encodings, broken gzip, a bad Idempotency-Key', async () => {
    const body = ndjson(record())
    const wrong: [Record<string, string>, number, string][] = [
      [{ 'content-encoding': 'br' }, 415, 'ValidationException'],
      [{ 'content-encoding': 'gzip' }, 400, 'InvalidBodyException'],
      [{ 'idempotency-key': 'x'.repeat(129) }, 400, 'ValidationException'],
    ]
    for (const [headers, status, code] of wrong) {
      const reply = await send(body, { headers })
      assert.deepEqual([reply.status, reply.code], [status, code], JSON.stringify(headers))
    }
  })

  test('signed chunks without the length they hold are refused before anything is read', async () => {
    const url = new URL('/events', server.endpoint)
    const { signRequest } = await import('../../packages/server/src/auth/index.ts')
    for (const length of [undefined, 'NaN', '-1', '1e3', '99999999999999']) {
      const headers = signRequest(
        {
          method: 'POST',
          target: '/events',
          headers: { host: url.host, ...(length !== undefined && { 'x-amz-decoded-content-length': length }) },
          body: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        },
        { ...credentials, region: 'us-east-1', service: 'cloudtrail' },
        Date.now(),
      )
      const answer = await fetch(url, { method: 'POST', headers, body: 'whatever' })
      assert.equal(answer.status, length?.startsWith('999') ? 413 : 400, length)
    }
  })
})

describe('retries', () => {
  test('with an Idempotency-Key nothing is stored twice, though ids and times are filled in', async () => {
    const { eventID, eventTime, ...bare } = record({ name: `Retried${randomUUID().slice(0, 8)}` })
    assert.ok(eventID && eventTime)
    const headers = { 'idempotency-key': randomUUID() }
    const first = await send(ndjson(bare, bare), { headers })
    const again = await send(ndjson(bare, bare), { headers })
    assert.deepEqual(
      [summary({ ...first.answer }), summary({ ...again.answer })],
      [
        [2, 2, 0, 0],
        [2, 0, 2, 0],
      ],
    )
    assert.equal((await find('EventName', bare.eventName)).length, 2)
  })

  test('a reused id is refused, and that is an event', async () => {
    const real = record()
    await send(ndjson(real))
    const reply = await send(ndjson({ ...real, eventName: 'Harmless' }, record()))
    assert.deepEqual([reply.status, ...summary({ ...reply.answer })], [200, 2, 1, 0, 1])
    const seen = await find('EventName', 'EventIdReused')
    const [event] = seen.filter(({ requestID }) => requestID === reply.requestId)
    assert.deepEqual(event!['additionalEventData'], { count: 1, eventIds: [real.eventID] })
    assert.deepEqual(await find('EventId', real.eventID), [real])
  })
})

describe('refusals', () => {
  test('foreign account, unknown Region, wrong types, bad ids and times: each with its reason, the rest is stored', async () => {
    const good = record()
    const reply = await send(
      ndjson(
        good,
        { ...record(), recipientAccountId: '999999999999' },
        record({ region: 'mars-north-1' }),
        { ...record(), readOnly: 'yes' },
        record({ id: 'not-a-uuid' }),
        record({ secondsAgo: -400 }),
        { eventName: 'no source' },
      ),
    )
    assert.equal(reply.status, 200)
    assert.deepEqual(
      reply.answer.refusals.map(({ index, code }) => `${index} ${code}`),
      [
        '1 ForeignAccount',
        '2 UnknownRegion',
        '3 InvalidField',
        '4 InvalidEventId',
        '5 EventTimeInFuture',
        '6 MissingField',
      ],
    )
    assert.deepEqual(await find('EventId', good.eventID), [good])
  })

  test('over a thousand: the answer names the first, a report has all', async () => {
    const reply = await send(`${'x\n'.repeat(2_500)}${ndjson(record())}`)
    assert.deepEqual([reply.status, ...summary({ ...reply.answer })], [200, 2_501, 1, 0, 2_500])
    assert.equal(reply.answer.refusals.length, 1_000)
    const id = reply.answer.reportId!
    const report = await getReport(server.endpoint, id)
    const lines = (await report.text()).trimEnd().split('\n')
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { index: number }).index),
      Array.from({ length: 2_500 }, (_, index) => index),
    )
    const { secretAccessKey: token } = await newKey(server.endpoint, 'producer', 'bearer')
    assert.equal(await (await getReport(server.endpoint, id, { token })).text(), `${lines.join('\n')}\n`)
    assert.equal((await getReport(server.endpoint, randomUUID())).status, 404)
  })

  test('a report is for the account that made the request, and not for strangers', async () => {
    const { answer } = await send('x\n'.repeat(1_001))
    const other = '444455556666'
    await administer(server.endpoint, '/accounts/create', { accountId: other, name: 'other' })
    const key = await newKey(server.endpoint, 'administrator', 'signature', other)
    const { secretAccessKey: token } = await newKey(server.endpoint, 'producer', 'bearer', other)
    for (const by of [{ key }, { token }])
      assert.equal((await getReport(server.endpoint, answer.reportId!, by)).status, 404)
    for (const by of [{}, { token: 'x' }, { key: { ...credentials, secretAccessKey: 'wrong' } }])
      assert.ok([400, 403].includes((await getReport(server.endpoint, answer.reportId!, by)).status))
  })

  test('a body of which nothing could be used fails as a whole', async () => {
    const reply = await send('x\ny')
    assert.deepEqual([reply.status, reply.code, reply.answer.refused], [400, 'InvalidRecordsException', 2])
  })
})

describe('who', () => {
  test('producers and administrators bring events, auditors and strangers do not', async () => {
    for (const [role, status] of [
      ['producer', 200],
      ['administrator', 200],
      ['auditor', 403],
    ] as const) {
      const key = await newKey(server.endpoint, role, 'signature')
      const one = record()
      const reply = await send(ndjson(one), { key })
      assert.equal(reply.status, status, role)
      assert.equal((await find('EventId', one.eventID)).length, status === 200 ? 1 : 0, role)
    }
    const unsigned = await fetch(new URL('/events', server.endpoint), { method: 'POST', body: ndjson(record()) })
    assert.equal(unsigned.status, 403)
    assert.equal(unsigned.headers.get('x-amzn-errortype'), 'MissingAuthenticationTokenException')
    assert.equal((await send(ndjson(record()), { token: 'made-up' })).status, 403)
    assert.equal((await send(ndjson(record()), { region: 'mars-north-1' })).status, 403)
  })

  test('accounts are apart', async () => {
    const other = '210987654321'
    await administer(server.endpoint, '/accounts/create', { accountId: other })
    const theirs = await newKey(server.endpoint, 'administrator', 'signature', other)
    const mine = record()
    assert.equal((await send(ndjson(mine), { key: theirs })).answer.refusals[0]!.code, 'ForeignAccount')
    const one = { ...record(), recipientAccountId: other }
    assert.equal((await send(ndjson(one), { key: theirs })).answer.stored, 1)
    assert.deepEqual(await find('EventId', one.eventID), [])
    assert.deepEqual(await find('EventId', one.eventID, 'us-east-1', theirs), [one])
    // Whoever sends an id first in another account takes nothing away.
    assert.equal((await send(ndjson({ ...record(), eventID: one.eventID }))).answer.stored, 1)
  })
})

test('over TLS with a client certificate, the call says how it was encrypted', async () => {
  const ca = makeCertificate('authority')
  const [own, client] = [makeCertificate('server', ca.issuer), makeCertificate('client', ca.issuer)]
  const files = { ca: ca.certificate, cert: own.certificate, key: own.key }
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, `${name}.pem`), text)
  const at = (name: string) => join(directory, `${name}.pem`)
  const secure = await startTestServer({ 'tls-cert': at('cert'), 'tls-key': at('key'), 'tls-client-ca': at('ca') })
  try {
    const tls = { ca: ca.certificate, cert: client.certificate, key: client.key }
    const real = record()
    const to = { endpoint: secure.endpoint, tls }
    assert.equal((await send(ndjson(real), to)).answer.stored, 1)
    const reply = await send(ndjson({ ...real, eventName: 'Other' }), to)
    assert.equal(reply.answer.refusals[0]!.code, 'EventIdReused')
    await assert.rejects(send(ndjson(record()), { endpoint: secure.endpoint, tls: { ca: ca.certificate } }))
    const { Agent } = await import('node:https')
    const sdk = new CloudTrailClient({
      endpoint: secure.endpoint,
      region: 'us-east-1',
      credentials,
      requestHandler: { httpsAgent: new Agent(tls) },
    })
    const { Events } = await sdk.send(
      new LookupEventsCommand({ LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'EventIdReused' }] }),
    )
    const event = JSON.parse(Events![0]!.CloudTrailEvent!) as Record<string, Record<string, unknown>>
    assert.equal(event['tlsDetails']!['tlsVersion'], 'TLSv1.3')
    assert.match(event['tlsDetails']!['cipherSuite'] as string, /^TLS_/)
    assert.equal(event['tlsDetails']!['clientProvidedHostHeader'], new URL(secure.endpoint).host)
    assert.equal(event['sourceIPAddress'], '127.0.0.1')
    sdk.destroy()
  } finally {
    await secure.close()
  }
})

test('a full journal refuses intake with a retryable error, and the administrator can still act, on the record', async () => {
  const small = await startTestServer({ 'journal-bytes-max': '64MiB' })
  try {
    const { randomBytes } = await import('node:crypto')
    const large = () => ({ ...record(), requestParameters: { filler: randomBytes(70_000).toString('base64') } })
    let reply
    let stored = 0
    for (let request = 0; request < 60; request++) {
      reply = await post({ endpoint: small.endpoint, body: ndjson(...Array.from({ length: 20 }, large)) })
      stored += reply.answer.stored
      if (reply.status !== 200) break
    }
    assert.deepEqual([reply!.status, reply!.code], [503, 'ServiceUnavailable'])
    const { answer } = reply!
    assert.equal(answer.received, answer.stored + answer.duplicates + answer.refused)
    assert.ok(answer.refusals.every(({ code }) => code === 'NotStored'))
    assert.ok(stored > 300, `${stored}`)
    await administer(small.endpoint, '/users/create', { account, userName: 'rescuer', role: 'administrator' })
    const [event] = await find('EventName', 'CreateUser', 'us-east-1', credentials, small)
    assert.deepEqual((event!['requestParameters'] as { userName: string }).userName, 'rescuer')
  } finally {
    await small.close()
  }
})
