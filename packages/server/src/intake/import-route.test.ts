import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { ApiImportAnswer } from '@opentrail/core/api'
import { afterEach, beforeEach, describe, test } from 'vitest'
import { importDescription } from '../api/index.ts'
import { createSigV4Verifier, signRequest } from '../auth/index.ts'
import { credentialOf, credentialSource, exampleKey, identityOf } from '../auth/sigv4.testing.ts'
import { systemClocks, systemRandom } from '../clock/index.ts'
import { createRefusalRecorder, type HttpServer } from '../http/index.ts'
import { auditorKey, fakeSelfTrail, home, send, startServer } from '../http/http.testing.ts'
import { createMemoryJournal } from '../journal/index.ts'
import { createInPlaceAdmission } from './admission-pool.ts'
import { importRoute } from './import-route.ts'
import { createImporter } from './importer.ts'
import { indexOf } from './importer.testing.ts'
import { recordText } from './intake.testing.ts'
import { openRecordWriter } from './record-writer.ts'

let directory: string
const servers: HttpServer[] = []
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'opentrail-import-'))
})
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)))
  await rm(directory, { recursive: true })
})

const { account } = credentialOf(exampleKey).principal
const other = '310000000009'
const old = (members: object = {}) =>
  recordText({ eventTime: '2019-01-02T03:04:05Z', awsRegion: 'eu-west-1', ...members })

async function start() {
  const journal = createMemoryJournal()
  const trail = fakeSelfTrail()
  const credentials = credentialSource(credentialOf(exampleKey), credentialOf(auditorKey, 'auditor'))
  const regions = new Set(['eu-west-1', 'us-east-1'])
  const bodyBytesMax = 1_000_000
  const importer = createImporter({
    admission: createInPlaceAdmission(randomUUID),
    writer: await openRecordWriter(journal, systemClocks.domain, () => 1),
    journal,
    search: indexOf(journal),
    regions,
    configVersion: () => 1,
    now: systemClocks.domain,
    bodyBytesMax,
  })
  const { server } = await startServer({
    routes: [
      importRoute({
        importer,
        bodyBytesMax,
        verifier: createSigV4Verifier({ credential: (id) => credentials.accessKey(id), wall: systemClocks.wall }),
        credentials,
        regions,
        home,
        refusals: createRefusalRecorder({ selfTrail: trail, random: systemRandom, ...home, onFault: () => {} }),
        leadingRegion: home.region,
        spoolDirectory: join(directory, 'spool'),
        accountsOf: () => new Set([account, other]),
        trail,
        report: () => {},
      }),
    ],
  })
  servers.push(server)
  const post = async (body: string | Uint8Array, { query = '', headers = {}, key = exampleKey } = {}) => {
    const target = `/api/v1/import${query}`
    const host = `${server.host}:${server.port}`
    const bytes = Buffer.from(body)
    const signed = signRequest(
      { method: 'POST', target, headers: { host, ...headers }, body: bytes },
      identityOf({ ...key, region: 'eu-west-1', service: 'cloudtrail' }),
      Date.now(),
    )
    const reply = await send(server, { method: 'POST', path: target, headers: signed, body: bytes })
    // Whatever is answered has the shape that the document tells.
    const shape = reply.status === 200 ? importDescription.answer.json : importDescription.error
    shape.parse(JSON.parse(reply.text))
    return { status: reply.status, answer: JSON.parse(reply.text) as ApiImportAnswer & { __type?: string } }
  }
  return { trail, journal, post }
}

describe('POST /api/v1/import', () => {
  test('answers with counts, and each call is an event with them and the name of the file', async () => {
    const { trail, post } = await start()
    const file = 's3://logs/a b.json.gz'
    const body = gzipSync(`{"Records":[${old()},${old({ awsRegion: 'x-y-1' })}]}`)
    const query = `?file=${encodeURIComponent(file)}`
    const { status, answer } = await post(body, { query, headers: { 'content-encoding': 'gzip' } })
    assert.equal(status, 200)
    assert.deepEqual([answer.records, answer.imported, answer.refused[0]?.code], [2, 1, 'UnknownRegion'])
    const [call] = trail.calls
    assert.equal(trail.calls.length, 1)
    assert.deepEqual([call?.eventName, call?.readOnly, call?.category], ['ImportEvents', false, 'Data'])
    assert.deepEqual(call?.requestParameters, { fileName: file })
    assert.deepEqual(call?.responseElements, { records: 2, imported: 1, alreadyThere: 0, refused: 1 })
  })

  test('of old records without account and Region is told whose they are', async () => {
    const { journal, post } = await start()
    const bare = old({ awsRegion: undefined })
    await post(bare, { query: `?account=${other}&region=us-east-1` })
    assert.deepEqual(
      journal.streams().map(({ stream }) => stream),
      [`${other}/us-east-1`],
    )
    assert.equal((await post(bare, { query: '?account=999999999999' })).answer.__type, 'UnknownAccount')
    assert.equal((await post(bare, { query: '?region=mars' })).answer.__type, 'UnknownRegion')
  })

  test('is for administrators; a refused call is an event, too', async () => {
    const { journal, trail, post } = await start()
    const { status, answer } = await post(old(), { key: auditorKey })
    assert.deepEqual([status, answer.__type], [403, 'AccessDeniedException'])
    assert.deepEqual([trail.calls[0]?.eventName, trail.calls[0]?.errorCode], ['ImportEvents', 'AccessDenied'])
    assert.deepEqual(journal.streams(), [])
  })

  test('of a damaged file says so, with what was taken of it', async () => {
    const { trail, post } = await start()
    const packed = gzipSync(old())
    const headers = { 'content-encoding': 'gzip' }
    const { status, answer } = await post(packed.subarray(0, packed.length - 4), { headers })
    assert.deepEqual([status, answer.__type, answer.imported], [400, 'InvalidBodyException', 0])
    assert.equal(trail.calls[0]?.errorCode, 'InvalidBodyException')
  })

  test('that finds another event under an id makes an event of its own about it', async () => {
    const { trail, post } = await start()
    const eventID = randomUUID()
    await post(old({ eventID }))
    await post(old({ eventID, eventName: 'Forged' }))
    const last = trail.calls.at(-1)
    assert.deepEqual([last?.eventName, last?.category], ['EventIdReused', 'Management'])
  })
})
