import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { describe, test } from 'vitest'
import { byNewest, parseDigestKey, publicKeys, readDigest, type Place } from '@opentrail/core/digest'
import type { BelievableDigest, ManifestFinding } from '@opentrail/core/manifest'
import type { SelectingVersion } from '@opentrail/core/delivery'
import { streamParts } from '@opentrail/core/event'
import { twoKinds, networkEvent } from '../delivery/content.testing.ts'
import {
  changeTrail,
  createBench,
  event,
  failing,
  home,
  homeStream,
  minuteMs,
  type Bench,
} from '../delivery/delivery.testing.ts'
import { entryOf } from '../../../core/src/delivery/delivery.testing.ts'
import { createFixedSigningKeys } from '../signing-keys/fixed-signing-keys.testing.ts'
import { CipherError } from '../keyring/index.ts'
import { chainKey, type ChainDocument } from './chain-document.ts'
import { verifyManifests } from './verify-manifests.testing.ts'

const hour = 60 * minuteMs

const readFrom =
  ({ buckets }: Bench) =>
  ({ bucket, key }: Place) =>
    buckets.get(bucket, key, { bytesMax: 1 << 26 }).catch(() => undefined)

async function digestsOf(bench: Bench): Promise<BelievableDigest[]> {
  const { objects } = await bench.buckets.list('logs', {})
  const places = objects.flatMap(({ key }) => (parseDigestKey(key) ? [{ bucket: 'logs', key }] : [])).sort(byNewest)
  return Promise.all(
    places.map(async (place) => {
      const bytes = gunzipSync((await bench.buckets.get(place.bucket, place.key, { bytesMax: 1 << 26 })).body)
      const read = readDigest(bytes)
      assert.ok(read.ok)
      return { place, digest: read.digest, sha256: hash('sha256', bytes) }
    }),
  )
}

async function verify(bench: Bench): Promise<readonly ManifestFinding[]> {
  const views = await createFixedSigningKeys().list(home, 0, Infinity)
  const keys = publicKeys(
    views.map(({ publicKey, fingerprint }) => {
      return { der: publicKey, validityStart: 0, validityEnd: Number.MAX_SAFE_INTEGER, fingerprint }
    }),
  )
  const { account, region } = streamParts(homeStream)
  return verifyManifests(await digestsOf(bench), { account, region, keys }, readFrom(bench))
}

const kindsOf = (findings: readonly ManifestFinding[]): string[] => [...new Set(findings.map(({ kind }) => kind))]
/** Some events that a trail of management and network events takes, in two kinds of files, and some that it leaves. */
const mixed = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => {
    const id = `e${from + index}`
    if (index % 3 === 0) return event(id)
    return index % 3 === 1 ? entryOf(networkEvent({ id })) : entryOf({ id, category: 'Data' })
  })
const networkOnly: Pick<SelectingVersion, 'selectors'> = {
  selectors: {
    kind: 'advanced',
    selectors: [
      {
        FieldSelectors: [
          { Field: 'eventCategory', Equals: ['NetworkActivity'] },
          { Field: 'eventSource', Equals: ['kms.amazonaws.com'] },
        ],
      },
    ],
  },
}
const start = (bench: Bench) =>
  changeTrail(bench, 'StartLogging', 'audit', {
    isLogging: true,
    settings: { validatesLogFiles: true },
    selectors: twoKinds().selectors,
    hasCustomSelectors: true,
  })

describe('manifests', () => {
  test('account for every entry, in files of two kinds and left out, over hours, stops and starts', async () => {
    const bench = await createBench({ fileEvents: 7 })
    await bench.write(homeStream, ...mixed(0, 10))
    await start(bench)
    for (let round = 1; round <= 3; round++) {
      await bench.write(homeStream, ...mixed(round * 100, 40))
      await bench.pass(40 * minuteMs)
    }
    await bench.restart()
    await bench.pass(2 * hour)
    assert.deepEqual(await verify(bench), [])

    await changeTrail(bench, 'StopLogging', 'audit', { isLogging: false })
    await bench.pass(3 * hour)
    await bench.write(homeStream, ...mixed(1_000, 20))
    await start(bench)
    await bench.write(homeStream, ...mixed(2_000, 20))
    await bench.pass(3 * hour)
    assert.deepEqual(kindsOf(await verify(bench)), ['manifests-restarted'])
  })

  test('what is planned and not delivered yet belongs to a later one, and a range that is given up is told', async () => {
    const bench = await createBench({ limits: { giveUpMs: 4 * hour } })
    await start(bench)
    await bench.write(homeStream, ...mixed(0, 10))
    bench.fault = ({ key }) => (key.includes('/CloudTrail/') ? failing('SlowDown') : undefined)
    await bench.pass(2 * hour)
    assert.deepEqual(await verify(bench), [])
    bench.fault = undefined
    await bench.pass(2 * hour)
    assert.deepEqual(await verify(bench), [])
    assert.equal(
      (await digestsOf(bench)).flatMap(({ digest }) => digest.logFiles).length,
      (await bench.delivered()).length,
    )

    bench.fault = ({ key }) => (key.includes('/CloudTrail/') ? failing('SlowDown') : undefined)
    await bench.write(homeStream, ...mixed(100, 10))
    await bench.pass(6 * hour)
    bench.fault = undefined
    await bench.pass(2 * hour)
    assert.deepEqual(kindsOf(await verify(bench)), ['range-abandoned'])
  })

  test('a digest that is there has its manifest, whichever put fails', async () => {
    const bench = await createBench()
    await start(bench)
    for (const folder of ['/OpenTrail-Manifest/', '/CloudTrail-Digest/'])
      for (const isStored of [false, true]) {
        await bench.write(homeStream, ...mixed(0, 4))
        let failures = 3
        bench.fault = ({ key }) =>
          key.includes(folder) && failures-- > 0 ? failing('InternalError', isStored, true) : undefined
        await bench.pass(hour + 5 * minuteMs)
        await bench.restart()
        await bench.pass(hour)
        assert.deepEqual(await verify(bench), [], `${folder} ${isStored}`)
      }
  })

  test('where it was not written down which entries a file holds, the range is stated as lost and the chain goes on', async () => {
    const bench = await createBench()
    await start(bench)
    await bench.pass(10 * minuteMs)
    await bench.write(homeStream, ...mixed(0, 9))
    await bench.pass(2 * minuteMs)
    const { control } = bench.stores
    const selected = await control.list('delivery/selected/')
    assert.ok(selected.length > 0)
    await control.transact(selected.map(({ key }) => ({ key, value: undefined })))
    await bench.pass(hour)
    await bench.write(homeStream, ...mixed(50, 9))
    await bench.pass(2 * hour)
    assert.deepEqual(kindsOf(await verify(bench)).sort(), ['file-before-manifests', 'range-lost'])
  })

  test('entries whose key is destroyed before their manifest was made are stated as lost, and the chain goes on', async () => {
    const bench = await createBench()
    await start(bench)
    await bench.write(homeStream, ...mixed(0, 9))
    await bench.pass(10 * minuteMs)
    const { journal } = bench.stores
    const erased = () => Promise.reject(new CipherError('the key is destroyed'))
    Object.assign(journal, { get: erased, read: erased })
    await bench.pass(2 * hour)
    assert.deepEqual(kindsOf(await verify(bench)).sort(), ['file-before-manifests', 'range-lost'])
    assert.equal((await digestsOf(bench)).filter(({ place }) => place.key.includes(`-Digest/${home}/`)).length, 3)
  })

  test('a chain that has had none so far gets them from its next digest on', async () => {
    const bench = await createBench()
    const trail = await start(bench)
    await bench.pass(10 * minuteMs)
    await bench.write(homeStream, ...mixed(0, 9))
    await bench.pass(10 * minuteMs)
    const { control } = bench.stores
    const key = chainKey(trail.id, home)
    const { provenTo: _, ...before } = (await control.get<ChainDocument>(key))!.value
    await control.transact([{ key, value: before }])
    await bench.restart()
    await bench.pass(2 * hour)
    assert.deepEqual(kindsOf(await verify(bench)), ['manifests-restarted'])
  })

  test('a stored tree that is not the journal’s leaves digests without manifests, and ends no chain', async () => {
    const bench = await createBench()
    await start(bench)
    await bench.write(homeStream, ...mixed(0, 9))
    await bench.pass(hour + 10 * minuteMs)
    const { control } = bench.stores
    const key = `tree/${homeStream}`
    const tree = (await control.get<{ readonly nodes: readonly string[] }>(key))!.value
    const nodes = tree.nodes.map(() => Buffer.alloc(32, 7).toString('base64'))
    await control.transact([{ key, value: { ...tree, nodes } }])
    await bench.restart()
    await bench.write(homeStream, ...mixed(50, 9))
    await bench.pass(2 * hour)
    const digests = await digestsOf(bench)
    assert.deepEqual(kindsOf(await verify(bench)), ['manifest-missing'])
    assert.equal(digests.filter(({ place }) => place.key.includes(`-Digest/${home}/`)).length, 4)
  })

  test('a bucket that takes digests and no log files does not fill the journal', async () => {
    const bench = await createBench({ retentionDays: 1, limits: { backlogBytesMax: 0 } })
    // It writes by real time, and is not what holds the journal here.
    Object.assign(bench.service.history, { cursors: () => new Map([[homeStream, 10]]) })
    await start(bench)
    await bench.pass(10 * minuteMs)
    bench.fault = ({ key }) => (key.includes('/CloudTrail/') ? failing('SlowDown') : undefined)
    await bench.write(homeStream, ...mixed(0, 9))
    await bench.pass(47 * hour)
    assert.equal(bench.stores.journal.streams()[0]?.first, 2)
    await bench.pass(3 * hour)
    assert.equal(bench.stores.journal.streams()[0]?.first, 11)
    bench.fault = undefined
    await bench.pass(2 * hour)
    assert.deepEqual(kindsOf(await verify(bench)).sort(), ['file-before-manifests', 'range-lost'])
  })

  test('versions that every manifest has behind it go, and those that the next one needs stay', async () => {
    const bench = await createBench()
    const { id } = await start(bench)
    for (let round = 1; round <= 12; round++) {
      const { selectors } = round % 2 === 0 ? twoKinds() : networkOnly
      await changeTrail(bench, 'PutEventSelectors', 'audit', { selectors })
      await bench.write(homeStream, ...mixed(round * 100, 9))
      await bench.pass(50 * minuteMs)
    }
    assert.deepEqual(await verify(bench), [])
    assert.ok(bench.service.trails.versions(id).length <= 6)
    bench.fault = ({ key }) => (key.includes('Manifest') ? failing('SlowDown') : undefined)
    const newest = bench.service.trails.configVersion()
    await changeTrail(bench, 'PutEventSelectors', 'audit', { selectors: networkOnly.selectors })
    await bench.pass(6 * hour)
    assert.ok(bench.service.trails.versions(id).some(({ since }) => since <= newest))
    bench.fault = undefined
    await bench.pass(4 * hour)
    assert.equal(bench.service.trails.versions(id).length, 1)
    assert.deepEqual(await verify(bench), [])
  })
})
