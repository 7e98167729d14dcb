import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'vitest'
import type { AccountId } from '@opentrail/core/event'
import { createSigV4Verifier, signRequest } from '../auth/index.ts'
import { credentialOf, credentialSource, exampleKey, identityOf } from '../auth/sigv4.testing.ts'
import { systemClocks, systemRandom } from '../clock/index.ts'
import { createRefusalRecorder, type HttpServer } from '../http/index.ts'
import { auditorKey, fakeSelfTrail, home, send, startServer } from '../http/http.testing.ts'
import { createRefusalReports } from './refusal-reports.ts'
import { reportsRoute } from './reports-route.ts'

const foreignKey = { accessKeyId: 'AKIDFOREIGN', secretAccessKey: 'foreign-secret' }
const foreign = credentialOf(foreignKey)
const otherAccount = '444455556666' as AccountId
const { account } = credentialOf(exampleKey).principal

let directory: string
let server: HttpServer | undefined
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'opentrail-reports-route-'))
})
afterEach(async () => {
  await server?.close(0)
  await rm(directory, { recursive: true })
})

async function start() {
  const trail = fakeSelfTrail()
  const credentials = credentialSource(credentialOf(exampleKey), credentialOf(auditorKey, 'auditor'), {
    ...foreign,
    principal: { ...foreign.principal, account: otherAccount },
  })
  const reports = createRefusalReports(directory, systemRandom)
  const options = {
    verifier: createSigV4Verifier({ credential: (id) => credentials.accessKey(id), wall: () => systemClocks.wall() }),
    credentials,
    regions: new Set(['eu-west-1']),
    home,
    leadingRegion: home.region,
    refusals: createRefusalRecorder({ selfTrail: trail, random: systemRandom, ...home, onFault: () => {} }),
    trail,
    reports,
    onFault: () => {},
  }
  const started = (await startServer({ routes: [reportsRoute(options)] })).server
  server = started
  const report = await reports.open(account)
  await report.add({ index: 0, code: 'InvalidJson', message: 'no' })
  await report.close()
  const get = (key = exampleKey, id = report.id) => {
    const path = `/events/reports/${id}`
    const headers = { host: `${started.host}:${started.port}` }
    const signed = signRequest(
      { method: 'GET', target: path, headers, body: Buffer.alloc(0) },
      identityOf({ ...key, region: 'eu-west-1', service: 'cloudtrail' }),
      Date.now(),
    )
    return send(started, { path, headers: signed })
  }
  return { trail, get, id: report.id, send: (path: string, headers = {}) => send(started, { path, headers }) }
}

describe('GET /events/reports/<id>', () => {
  test('any principal of the account, by signature or token, and each call is an event', async () => {
    const { trail, get, id, ...route } = await start()
    const wanted = '{"index":0,"code":"InvalidJson","message":"no"}\n'
    assert.equal((await get()).text, wanted)
    assert.equal((await get(auditorKey)).text, wanted)
    const authorization = `Bearer ${exampleKey.secretAccessKey}`
    assert.equal((await route.send(`/events/reports/${id}`, { authorization })).text, wanted)
    assert.equal(trail.calls.length, 3)
    for (const call of trail.calls) {
      assert.equal(call.eventSource, 'cloudtrail-data.amazonaws.com')
      assert.equal(call.eventName, 'GetEventsReport')
      assert.equal(call.category, 'Data')
      assert.equal(call.readOnly, true)
      assert.deepEqual(call.requestParameters, { reportId: id })
      assert.equal(call.errorCode, undefined)
    }
  })

  test('another account is answered as if there were no such report', async () => {
    const { trail, get } = await start()
    const [foreignReply, missing] = [await get(foreignKey), await get(exampleKey, '0'.repeat(36))]
    assert.deepEqual([foreignReply.status, missing.status], [404, 404])
    const messageOf = ({ text }: { text: string }) => (JSON.parse(text) as { Message: string }).Message
    assert.equal(messageOf(foreignReply), messageOf(missing))
    assert.deepEqual(
      trail.calls.map(({ errorCode }) => errorCode),
      ['ResourceNotFoundException', 'ResourceNotFoundException'],
    )
  })

  test('a stranger gets nothing and is recorded as one', async () => {
    const { trail, get, id, ...route } = await start()
    const replies = [await get({ ...exampleKey, secretAccessKey: 'wrong' }), await route.send(`/events/reports/${id}`)]
    for (const reply of replies) {
      assert.ok(reply.status === 403 || reply.status === 400)
      assert.doesNotMatch(reply.text, /InvalidJson/)
    }
    assert.deepEqual(
      trail.calls.map(({ identity }) => identity.kind),
      ['unknown-key', 'unknown-key'],
    )
  })

  test('a call that cannot be recorded is not answered', async () => {
    const { trail, get } = await start()
    trail.failing = true
    const reply = await get()
    assert.equal(reply.status, 503)
    assert.doesNotMatch(reply.text, /InvalidJson/)
  })
})
