import assert from 'node:assert/strict'
import { gunzipSync } from 'node:zlib'
import { describe, test } from 'vitest'
import type { DigestFile } from '@opentrail/core/digest'
import { ControlUnavailableError } from '../control/index.ts'
import {
  account,
  changeTrail,
  createBench,
  elsewhere,
  event,
  failing,
  home,
  homeStream,
  minuteMs,
} from '../delivery/delivery.testing.ts'
import type { Bench, TrailEdit } from '../delivery/delivery.testing.ts'

const hour = 60 * minuteMs

interface FoundDigest extends DigestFile {
  readonly key: string
  readonly signature: string
}

async function digests({ buckets }: Bench, region: string = home, bucket = 'logs'): Promise<FoundDigest[]> {
  const { objects } = await buckets.list(bucket, {})
  const keys = objects.map(({ key }) => key).filter((key) => key.includes(`/CloudTrail-Digest/${region}/`))
  return Promise.all(
    keys.map(async (key) => {
      const { body, metadata } = await buckets.get(bucket, key, { bytesMax: 1 << 24 })
      const digest = JSON.parse(gunzipSync(body).toString()) as DigestFile
      return { ...digest, key, signature: metadata!['signature']! }
    }),
  )
}

const validating: TrailEdit = { isLogging: true, settings: { validatesLogFiles: true } }
const start = (bench: Bench, edit: TrailEdit = validating) => changeTrail(bench, 'StartLogging', 'audit', edit)

/** Each digest names the one before, by place, hash and signature. */
function assertChained(chain: readonly FoundDigest[]): void {
  for (const [index, digest] of chain.entries()) {
    const before = chain[index - 1]
    assert.equal(digest.previousDigestS3Object, before?.key ?? null)
    assert.equal(digest.previousDigestSignature, before?.signature ?? null)
    if (before) assert.equal(digest.digestStartTime, before.digestEndTime)
    assert.equal(Date.parse(digest.digestEndTime) - Date.parse(digest.digestStartTime), hour)
  }
}

describe('digests', () => {
  test('an hourly chain lists every file once, idle hours too, beginning with an empty one', async () => {
    const bench = await createBench()
    await bench.pass(11_000)
    await start(bench)
    await bench.write(homeStream, event('a'))
    await bench.pass(hour)
    await bench.write(homeStream, event('b'))
    await bench.pass(3 * hour)
    const chain = await digests(bench)
    assertChained(chain)
    assert.deepEqual(
      chain.map(({ logFiles, digestEndTime }) => [digestEndTime, logFiles.length]),
      [
        ['2026-03-04T12:00:11Z', 0],
        ['2026-03-04T13:00:11Z', 1],
        ['2026-03-04T14:00:11Z', 1],
        ['2026-03-04T15:00:11Z', 0],
      ],
    )
    const { objects } = await bench.buckets.list('logs', {})
    const files = objects.map(({ key }) => key).filter((key) => key.includes('/CloudTrail/eu-west-1/'))
    const listed = chain.flatMap(({ logFiles }) => logFiles.map(({ s3Object }) => s3Object))
    assert.deepEqual(new Set(listed), new Set(files))
    assert.equal(listed.length, files.length)
  })

  test('each Region of a multi-Region trail has its chain, used or not', async () => {
    const bench = await createBench()
    await start(bench, { isLogging: true, settings: { validatesLogFiles: true, isMultiRegion: true } })
    await bench.pass(2 * hour + minuteMs)
    for (const region of [home, elsewhere]) assert.equal((await digests(bench, region)).length, 3)
  })

  test('a digest that took effect without an answer is there once, and its successor names it', async () => {
    const bench = await createBench()
    await start(bench)
    await bench.write(homeStream, event('a'))
    bench.fault = ({ key }) => (key.includes('CloudTrail-Digest') ? failing('RequestTimeout', true) : undefined)
    await bench.pass(hour)
    await bench.restart()
    bench.fault = undefined
    await bench.pass(2 * hour)
    const chain = await digests(bench)
    assertChained(chain)
    assert.equal(chain.flatMap(({ logFiles }) => logFiles).length, 1)
  })

  test('an object of somebody else under the key of a digest is replaced, however large', async () => {
    const bench = await createBench()
    await start(bench)
    await bench.pass(2 * minuteMs)
    const [first] = await digests(bench)
    const key = first!.key.replace('T120000Z', 'T130000Z')
    const caller = { kind: 'delivery' as const, trailArn: 'arn:of:another', account }
    await bench.buckets.put({ bucket: 'logs', key, body: new Uint8Array(1 << 20), contentType: 'text/plain', caller })
    await bench.pass(2 * hour)
    const chain = await digests(bench)
    assertChained(chain)
    assert.deepEqual([chain.length, chain[1]?.key], [3, key])
  })

  test('with credentials that may only put, a digest that was stored without an answer is put again', async () => {
    const bench = await createBench()
    await start(bench)
    await bench.pass(2 * minuteMs)
    bench.mayOnlyPut = true
    const tried = new Set<string>()
    bench.fault = ({ key }) => {
      if (!key.includes('-Digest/') || tried.has(key)) return undefined
      tried.add(key)
      return failing('InternalError', true)
    }
    await bench.pass(2 * hour)
    const chain = await digests(bench)
    assertChained(chain)
    assert.equal(chain.length, 3)
  })

  test('a chain that was made without an answer is found again, and others are made after it', async () => {
    const bench = await createBench()
    const { control } = bench.stores
    const { transact } = control
    control.transact = async (writes) => {
      await transact(writes)
      if (!writes.some(({ key }) => key.startsWith('digest/chain/'))) return
      control.transact = transact
      throw new ControlUnavailableError('no answer')
    }
    await start(bench, { isLogging: true, settings: { validatesLogFiles: true, isMultiRegion: true } })
    await bench.pass(hour + 2 * minuteMs)
    for (const region of [home, elsewhere]) assert.equal((await digests(bench, region)).length, 2)
  })

  test('a bucket that fails delays the chain, and then every hour is there', async () => {
    const bench = await createBench()
    const trail = await start(bench)
    await bench.pass(hour)
    bench.fault = ({ key }) => (key.includes('CloudTrail-Digest') ? failing('AccessDenied') : undefined)
    await bench.write(homeStream, event('a'))
    await bench.pass(5 * hour)
    assert.equal(bench.service.digests.status(trail.id, home).latestDigestError, 'AccessDenied')
    bench.fault = undefined
    await bench.pass(10 * minuteMs)
    const chain = await digests(bench)
    assertChained(chain)
    assert.equal(chain.length, 7)
    assert.equal(bench.service.digests.status(trail.id, home).latestDigestError, undefined)
  })

  test('StopLogging ends the chain with its hour, the next start begins another', async () => {
    const bench = await createBench()
    await start(bench)
    await bench.write(homeStream, event('a'))
    await bench.pass(30 * minuteMs)
    await changeTrail(bench, 'StopLogging', 'audit', { isLogging: false })
    await bench.pass(5 * hour)
    const ended = await digests(bench)
    assertChained(ended)
    assert.equal(ended.length, 2)
    assert.equal(ended.at(-1)!.logFiles.length, 2)
    await start(bench)
    await bench.pass(hour + 2 * minuteMs)
    const [starting, ...rest] = (await digests(bench)).slice(2)
    assert.equal(starting!.previousDigestSignature, null)
    assert.equal(rest.length, 1)
  })

  test('what a failing bucket still owes after a StopLogging is in a later digest of the chain', async () => {
    const bench = await createBench()
    await start(bench)
    await bench.write(homeStream, event('late'))
    bench.fault = ({ key }) => (key.includes('/CloudTrail/') ? failing('SlowDown') : undefined)
    await bench.pass(10 * minuteMs)
    await changeTrail(bench, 'StopLogging', 'audit', { isLogging: false })
    await bench.pass(3 * hour)
    bench.fault = undefined
    await bench.pass(3 * hour)
    const chain = await digests(bench)
    assertChained(chain)
    assert.equal(chain.flatMap(({ logFiles }) => logFiles).length, (await bench.delivered()).length)
    assert.ok(chain.length >= 5)
  })

  test('files delivered while validation is off have no digest; a deleted trail has its last one', async () => {
    const bench = await createBench()
    await start(bench, { isLogging: true })
    await bench.write(homeStream, event('before'))
    await bench.pass(hour)
    assert.deepEqual(await digests(bench), [])
    await changeTrail(bench, 'UpdateTrail', 'audit', { settings: { validatesLogFiles: true } })
    await bench.write(homeStream, event('during'))
    await bench.pass(10 * minuteMs)
    await changeTrail(bench, 'DeleteTrail', 'audit', undefined)
    await bench.pass(6 * hour)
    const chain = await digests(bench)
    assertChained(chain)
    const listed = chain.flatMap(({ logFiles }) => logFiles)
    const files = await bench.delivered()
    assert.ok(files.flat().includes('before') && files.flat().includes('DeleteTrail'))
    assert.equal(listed.length, files.length - 1)
    assert.deepEqual(bench.service.trails.trailIds(), [])
  })

  test('UpdateTrail to another bucket: the next digest is there and names the last one in the old', async () => {
    const bench = await createBench()
    await bench.buckets.createBucket('other', { owner: '111122223333', region: home })
    await start(bench)
    await bench.pass(hour + 2 * minuteMs)
    await changeTrail(bench, 'UpdateTrail', 'audit', { settings: { bucket: 'other', keyPrefix: 'moved' } })
    await bench.pass(hour)
    const last = (await digests(bench)).at(-1)!
    const [next] = await digests(bench, home, 'other')
    assert.deepEqual([next?.previousDigestS3Bucket, next?.previousDigestS3Object], ['logs', last.key])
    assert.ok(next!.key.startsWith('moved/AWSLogs/'))
  })

  test('UpdateTrail away from a bucket that refuses: the digest it did not take is put in the other, in the same chain', async () => {
    const bench = await createBench()
    await bench.buckets.createBucket('other', { owner: account, region: home })
    await start(bench)
    await bench.pass(hour + 2 * minuteMs)
    bench.fault = ({ bucket }) => (bucket === 'logs' ? failing('NoSuchBucket') : undefined)
    await bench.pass(2 * hour)
    await changeTrail(bench, 'UpdateTrail', 'audit', { settings: { bucket: 'other' } })
    await bench.pass(10 * minuteMs)
    const chain = [...(await digests(bench)), ...(await digests(bench, home, 'other'))]
    assertChained(chain)
    assert.equal(chain.length, 4)
  })

  test('a digest that the left bucket may have taken is not put in the other as well', async () => {
    const bench = await createBench()
    await bench.buckets.createBucket('other', { owner: account, region: home })
    await start(bench)
    await bench.pass(2 * minuteMs)
    const taken = new Set<string>()
    bench.fault = ({ key }) => {
      const isFirst = !taken.has(key)
      taken.add(key)
      return key.includes('-Digest/') ? failing('InternalError', isFirst, true) : undefined
    }
    await bench.pass(hour)
    await changeTrail(bench, 'UpdateTrail', 'audit', { settings: { bucket: 'other' } })
    await bench.pass(10 * minuteMs)
    bench.fault = undefined
    await bench.pass(hour)
    const chain = [...(await digests(bench)), ...(await digests(bench, home, 'other'))]
    assertChained(chain)
    assert.equal(chain.length, 3)
  })

  test('a trail that is deleted and made again within the hour has its chain after that of the first', async () => {
    const bench = await createBench()
    await start(bench)
    await bench.pass(10 * minuteMs)
    await changeTrail(bench, 'DeleteTrail', 'audit', undefined)
    await bench.pass(minuteMs)
    await start(bench)
    await bench.write(homeStream, event('again'))
    await bench.pass(4 * hour)
    const chain = await digests(bench)
    const began = chain.flatMap(({ previousDigestSignature }, index) =>
      previousDigestSignature === null ? [index] : [],
    )
    assert.deepEqual(began, [0, 2])
    assertChained(chain.slice(0, 2))
    assertChained(chain.slice(2))
    assert.equal(chain.slice(2).flatMap(({ logFiles }) => logFiles).length, 1)
  })
})
