import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { afterEach, describe, test } from 'vitest'
import { parseVerifierKey, verifyGrowth, verifyProof, openCheckpoint, parseProof } from '@opentrail/core/checkpoint'
import { eventIdKey, streamId, type NewEntry } from '@opentrail/core/event'
import { createSigV4Verifier, signRequest } from '../auth/index.ts'
import { credentialOf, credentialSource, exampleKey, identityOf } from '../auth/sigv4.testing.ts'
import { systemClocks, systemRandom } from '../clock/index.ts'
import { createMemoryControlStore } from '../control/index.ts'
import { PostingsUnavailableError, type HistoryReader } from '../history/index.ts'
import { newEntry } from '../history/history-doubles.testing.ts'
import { createRefusalRecorder, type HttpServer } from '../http/index.ts'
import { auditorKey, fakeSelfTrail, home, send, startServer } from '../http/http.testing.ts'
import { createMemoryJournal } from '../journal/index.ts'
import { CipherError } from '../keyring/index.ts'
import { fakeKeyRing } from '../signing-keys/signing-keys.testing.ts'
import { openStreamTrees } from '../stream-trees/index.ts'
import { checkpointRoutes, createCheckpoints, createCheckpointSigner, openLogKey } from './index.ts'

const stream = streamId(home.account, home.region)
const producerKey = { accessKeyId: 'AKIDPRODUCER', secretAccessKey: 'producer-secret' }
const noHistory: HistoryReader = { page: async () => ({ entries: [], snapshot: 0 }) }

let server: HttpServer | undefined
afterEach(async () => {
  await server?.close(0)
})

function entryOf(eventId: string): NewEntry {
  const entry = newEntry({ eventId }, 1_000)
  return { ...entry, idKey: eventIdKey(eventId), recordHash: hash('sha256', entry.record, 'buffer') }
}

async function start(history: HistoryReader = noHistory) {
  const trail = fakeSelfTrail()
  const journal = createMemoryJournal()
  const control = createMemoryControlStore()
  const faults: unknown[] = []
  const onFault = (error: unknown) => void faults.push(error)
  const trees = await openStreamTrees({ journal, control, now: () => 0, failed: (_, __, error) => onFault(error) })
  const signer = createCheckpointSigner(
    await openLogKey({ control, keyRing: fakeKeyRing(), now: () => 0 }),
    'log.example',
  )
  const credentials = credentialSource(
    credentialOf(exampleKey),
    credentialOf(auditorKey, 'auditor'),
    credentialOf(producerKey, 'producer'),
  )
  const routes = checkpointRoutes({
    verifier: createSigV4Verifier({ credential: (id) => credentials.accessKey(id), wall: () => systemClocks.wall() }),
    credentials,
    regions: new Set(['eu-west-1', 'us-east-1']),
    home,
    leadingRegion: home.region,
    refusals: createRefusalRecorder({ selfTrail: trail, random: systemRandom, ...home, onFault }),
    trail,
    journal,
    history,
    checkpoints: createCheckpoints({ journal, trees, signer }),
    signer,
    onFault,
  })
  const started = (await startServer({ routes })).server
  server = started
  const ids = Array.from({ length: 20 }, (_, index) => `event-${index}`)
  await journal.append(stream, ids.map(entryOf))
  const get = (path: string, key = exampleKey) => {
    const headers = { host: `${started.host}:${started.port}` }
    const signed = signRequest(
      { method: 'GET', target: path, headers, body: Buffer.alloc(0) },
      identityOf({ ...key, region: 'eu-west-1', service: 'cloudtrail' }),
      Date.now(),
    )
    return send(started, { path, headers: signed })
  }
  const codeOf = async (path: string, key?: typeof exampleKey) => {
    const { status, text } = await get(path, key)
    return `${status} ${(JSON.parse(text) as { __type: string }).__type}`
  }
  return { trail, journal, trees, get, codeOf, faults, ids }
}

describe('/api/v1/checkpoint, consistency and proof', () => {
  test('answer what a verifier with the key and a kept checkpoint can verify', async () => {
    const { get, journal, ids } = await start()
    const reading = parseVerifierKey((await get('/api/v1/checkpoint/key')).text.trim())
    assert.ok(reading.ok)
    const trusted = { origin: `log.example/${stream}`, verifiers: [reading.key] }
    const kept = openCheckpoint((await get('/api/v1/checkpoint?size=7')).text, trusted)
    assert.ok(kept.ok && kept.checkpoint.size === 7)
    await journal.append(stream, [entryOf('later')])
    const growth = verifyGrowth((await get('/api/v1/consistency?from=7')).text, { ...trusted, old: kept.checkpoint })
    assert.ok(growth.ok && growth.checkpoint.size === 21)
    for (const id of [ids[0]!, ids[19]!, 'later']) {
      const { text } = await get(`/api/v1/proof?eventId=${id}`)
      const proof = parseProof(text)
      assert.ok(proof.ok && proof.proof.extra)
      assert.deepEqual(JSON.parse(Buffer.from(proof.proof.extra).toString()), { eventID: id })
      const recordHash = hash('sha256', proof.proof.extra, 'buffer')
      assert.ok(verifyProof(text, { ...trusted, recordHash }).ok)
    }
    const bare = parseProof((await get('/api/v1/proof?eventId=event-3&record=false&size=7')).text)
    assert.ok(bare.ok && bare.proof.extra === undefined && bare.proof.index === 3)
    const elsewhere = (await get('/api/v1/checkpoint?region=us-east-1')).text
    assert.match(elsewhere, new RegExp(`^log\\.example/${home.account}/us-east-1\n0\n`))
  })

  test('are for administrators and auditors, and each call is an event', async () => {
    const { get, codeOf, trail } = await start()
    assert.equal((await get('/api/v1/checkpoint?size=3', auditorKey)).status, 200)
    assert.equal(await codeOf('/api/v1/checkpoint', producerKey), '403 AccessDeniedException')
    assert.equal(await codeOf('/api/v1/proof?eventId=nope'), '404 EventNotFoundException')
    assert.deepEqual(
      trail.calls.map(({ eventName, errorCode, requestParameters, readOnly }) => [
        eventName,
        errorCode,
        requestParameters,
        readOnly,
      ]),
      [
        ['GetCheckpoint', undefined, { size: '3' }, true],
        ['GetCheckpoint', 'AccessDenied', undefined, true],
        ['GetInclusionProof', 'EventNotFoundException', { eventId: 'nope' }, true],
      ],
    )
    trail.failing = true
    assert.equal(await codeOf('/api/v1/checkpoint'), '503 ServiceUnavailable')
  })

  test('say what is wrong with what is asked', async () => {
    const { codeOf, faults } = await start()
    for (const path of [
      'checkpoint?size=21',
      'checkpoint?size=-1',
      'checkpoint?size=01',
      'checkpoint?size=99999999999999999999',
      'checkpoint?region=mars-north-1',
      'consistency',
      'consistency?from=5&to=4',
      'consistency?from=21',
      'proof',
      `proof?eventId=${'x'.repeat(2_000)}`,
      'proof?eventId=event-1&record=maybe',
    ])
      assert.equal(await codeOf(`/api/v1/${path}`), '400 ValidationException', path)
    assert.equal(await codeOf('/api/v1/proof?eventId=event-9&size=9'), '404 EventNotFoundException')
    assert.deepEqual(faults, [])
  })

  test('what is erased, removed or out of reach has an error of its own', async () => {
    let failure: Error | undefined
    const { codeOf, journal, trees, faults } = await start({
      page: () => (failure ? Promise.reject(failure) : noHistory.page(undefined as never)),
    })
    failure = new CipherError('destroyed')
    assert.equal(await codeOf('/api/v1/proof?eventId=event-1'), '410 EventErasedException')
    failure = new PostingsUnavailableError('the engine is down')
    assert.equal(await codeOf('/api/v1/proof?eventId=nope'), '503 ServiceUnavailable')
    await trees.store()
    await journal.retain(Infinity, trees.cursors())
    failure = undefined
    assert.equal(await codeOf('/api/v1/proof?eventId=event-1'), '404 EventNotFoundException')
    assert.equal(await codeOf('/api/v1/checkpoint?size=7'), '410 ProofUnavailableException')
    await journal.append(stream, [entryOf('after')])
    assert.equal(await codeOf('/api/v1/checkpoint?size=19'), '410 ProofUnavailableException')
    assert.deepEqual(faults, [])
  })
})
