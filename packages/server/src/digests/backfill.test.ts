import assert from 'node:assert/strict'
import { gunzipSync } from 'node:zlib'
import { describe, test } from 'vitest'
import { parseDigestKey, publicKeys, type DigestFile, type ExpectedChain } from '@opentrail/core/digest'
import { verifyObjects, type Objects } from '../../../core/src/digest/tampering.testing.ts'
import { ControlUnavailableError, type ControlStore } from '../control/index.ts'
import {
  account,
  changeTrail,
  createBench,
  dayMs,
  elsewhere,
  event,
  failing,
  home,
  homeStream,
  minuteMs,
  type Bench,
  type TrailEdit,
} from '../delivery/delivery.testing.ts'
import { createFixedSigningKeys } from '../signing-keys/fixed-signing-keys.testing.ts'
import { backfillPrefix, coveredPrefix } from './backfill-document.ts'

const hour = 60 * minuteMs

const change = (bench: Bench, edit: TrailEdit | undefined) => changeTrail(bench, 'UpdateTrail', 'audit', edit)
const validation = (validatesLogFiles: boolean): TrailEdit => ({ isLogging: true, settings: { validatesLogFiles } })

/** Two files in each of so many hours. */
async function live(bench: Bench, hours: number): Promise<void> {
  for (let half = 0; half < 2 * hours; half++) {
    await bench.write(homeStream, event(`at ${bench.now()}`))
    await bench.pass(hour / 2)
  }
}

async function run(bench: Bench) {
  const trail = bench.service.trails.find(account, home, 'audit')
  assert.ok(trail)
  const [done, ...others] = await bench.service.backfill.run(trail, [home, elsewhere])
  assert.deepEqual(others, [])
  const { digests, files, left } = done!
  return { digests, files, left }
}

async function objectsOf({ buckets }: Bench, bucket = 'logs'): Promise<Objects> {
  const objects: Objects = new Map()
  const listed = await buckets.list(bucket, {})
  for (const { key } of listed.objects) {
    const { body, metadata = {} } = await buckets.get(bucket, key, { bytesMax: 1 << 24 })
    if (key.endsWith('.gz') && !key.includes('/OpenTrail-')) objects.set(`${bucket}/${key}`, { body, metadata })
  }
  return objects
}

const digestsIn = (objects: Objects, isBackfill: boolean): DigestFile[] =>
  [...objects].flatMap(([name, { body }]) =>
    parseDigestKey(name)?.isBackfill === isBackfill ? [JSON.parse(gunzipSync(body).toString()) as DigestFile] : [],
  )
const windows = (digests: readonly DigestFile[]) =>
  digests.map(({ digestEndTime, logFiles }) => [digestEndTime.slice(11, 19), logFiles.length])

/** Kinds of all that a verification finds. */
async function findings(bench: Bench): Promise<string[]> {
  const [key] = await createFixedSigningKeys().list(home, 0, 0)
  const keys = publicKeys([{ der: key!.publicKey, validityStart: 0, validityEnd: Number.MAX_SAFE_INTEGER }])
  const expected: ExpectedChain = { account, trailName: 'audit', homeRegion: home, sourceRegion: home }
  const chains = [{ expected }, { expected: { ...expected, isBackfill: true } }]
  return verifyObjects(await objectsOf(bench), chains, keys).map(({ kind }) => kind)
}

describe('backfill digests', () => {
  test('list what was delivered before validation was turned on, hour by hour, once', async () => {
    const bench = await createBench()
    await change(bench, validation(false))
    await bench.pass(11_000)
    await live(bench, 2)
    await bench.pass(3 * hour)
    await live(bench, 1)
    await change(bench, validation(true))
    await live(bench, 2)
    await bench.pass(2 * minuteMs)
    assert.deepEqual(await run(bench), { digests: 3, files: 6, left: 'done' })
    assert.deepEqual(await run(bench), { digests: 0, files: 0, left: 'done' })
    const objects = await objectsOf(bench)
    const backfill = digestsIn(objects, true)
    // At the minute and second at which the chain began.
    assert.deepEqual(windows(backfill), [
      ['13:00:11', 2],
      ['14:00:11', 2],
      ['18:00:11', 2],
    ])
    const listed = [...backfill, ...digestsIn(objects, false)].flatMap(({ logFiles }) => logFiles)
    assert.equal(new Set(listed.map(({ s3Object }) => s3Object)).size, listed.length)
    assert.equal(listed.length, (await bench.delivered()).length)
    assert.deepEqual(await findings(bench), [])
  })

  test('where there was no chain they cover whole hours, and the hour that is not over waits', async () => {
    const bench = await createBench()
    await bench.pass(20 * minuteMs)
    await change(bench, validation(false))
    await live(bench, 2)
    // Delivered at 12:21, 12:51, 13:21, 13:51; now it is 14:20.
    assert.deepEqual(await run(bench), { digests: 2, files: 4, left: 'done' })
    await bench.write(homeStream, event('now'))
    await bench.pass(5 * minuteMs)
    assert.deepEqual(await run(bench), { digests: 0, files: 0, left: 'waiting' })
    await bench.pass(hour)
    assert.deepEqual(await run(bench), { digests: 1, files: 1, left: 'done' })
    assert.deepEqual(windows(digestsIn(await objectsOf(bench), true)), [
      ['13:00:00', 2],
      ['14:00:00', 2],
      ['15:00:00', 1],
    ])
    assert.deepEqual(await findings(bench), ['no-digests'])
  })

  test('between two chains, and after the last, they go on in the one chain', async () => {
    const bench = await createBench()
    await change(bench, validation(true))
    await live(bench, 2)
    await change(bench, validation(false))
    await live(bench, 3)
    assert.equal((await run(bench)).left, 'waiting')
    await live(bench, 1)
    await bench.pass(17 * minuteMs)
    await change(bench, validation(true))
    await live(bench, 2)
    assert.equal((await run(bench)).left, 'done')
    await change(bench, validation(false))
    await live(bench, 4)
    await bench.pass(hour)
    await bench.restart()
    assert.equal((await run(bench)).left, 'done')
    const objects = await objectsOf(bench)
    const listed = [true, false].flatMap((kind) => digestsIn(objects, kind)).flatMap(({ logFiles }) => logFiles)
    assert.equal(new Set(listed.map(({ s3Object }) => s3Object)).size, listed.length)
    assert.equal(listed.length, (await bench.delivered()).length)
    assert.deepEqual(await findings(bench), ['gap'])
  })

  test('a bucket that fails ends the run, and the next one goes on where it was', async () => {
    const bench = await createBench()
    await change(bench, validation(false))
    await live(bench, 3)
    await bench.pass(hour)
    let left = 1
    bench.fault = ({ key }) => (key.includes('_backfill') && left-- <= 0 ? failing('AccessDenied') : undefined)
    await assert.rejects(run(bench), /AccessDenied/)
    await assert.rejects(run(bench), /AccessDenied/)
    bench.fault = undefined
    assert.equal((await run(bench)).digests, 2)
    assert.deepEqual(await findings(bench), ['no-digests'])
  })

  test('a trail that has left a failing bucket has its digests in the other', async () => {
    const bench = await createBench()
    await bench.buckets.createBucket('other', { owner: account, region: home })
    await change(bench, validation(false))
    await live(bench, 2)
    await bench.pass(hour)
    bench.fault = ({ bucket }) => (bucket === 'logs' ? failing('NoSuchBucket') : undefined)
    await assert.rejects(run(bench), /NoSuchBucket/)
    await change(bench, { settings: { bucket: 'other' } })
    assert.equal((await run(bench)).digests, 2)
    assert.equal(digestsIn(await objectsOf(bench, 'other'), true).length, 2)
  })

  test('wherever the process dies, the same digests are there at the end', async () => {
    const reference = await interrupted(undefined)
    assert.ok(reference.steps >= 9, String(reference.steps))
    for (let step = 0; step < reference.steps; step++)
      for (const isDone of [false, true]) {
        const { contents } = await interrupted({ step, isDone })
        assert.deepEqual(contents, reference.contents, `step ${step}, ${isDone ? 'done' : 'not done'}`)
      }
  })

  test('a plan whose ledger entries are gone gives way to another', async () => {
    const bench = await createBench()
    await change(bench, validation(false))
    await live(bench, 2)
    await bench.pass(hour)
    bench.fault = ({ key }) => (key.includes('_backfill') ? failing('AccessDenied') : undefined)
    await assert.rejects(run(bench), /AccessDenied/)
    bench.fault = undefined
    const { control } = bench.stores
    const [oldest] = await control.list('delivery/ledger/', { limit: 1 })
    await control.transact([{ key: oldest!.key, value: undefined }])
    assert.deepEqual(await run(bench), { digests: 2, files: 3, left: 'done' })
  })

  test('nothing is kept of trails, and of ledger entries, that are gone', async () => {
    const bench = await createBench()
    const { control } = bench.stores
    const kept = async () =>
      Promise.all([coveredPrefix, backfillPrefix].map(async (prefix) => (await control.list(prefix)).length))
    await change(bench, validation(false))
    await live(bench, 2)
    await change(bench, validation(true))
    await live(bench, 2)
    await change(bench, validation(false))
    await live(bench, 3)
    await run(bench)
    await bench.pass(dayMs)
    assert.deepEqual(await kept(), [1, 1])
    await bench.pass(95 * dayMs)
    assert.deepEqual(await kept(), [0, 1])
    await change(bench, undefined)
    await bench.pass(2 * dayMs)
    assert.deepEqual(await kept(), [0, 0])
  })
})

/** Where the machine stops: at a step of the store or the bucket, before or after it took effect. */
interface Interruption {
  readonly step: number
  readonly isDone: boolean
}

/** Three hours to make up for; at the interruption the process dies, and another one goes on. */
async function interrupted(at: Interruption | undefined) {
  const bench = await createBench()
  await change(bench, validation(false))
  await live(bench, 3)
  await bench.pass(hour)
  let step = 0
  const isNow = (): boolean => step++ === at?.step
  const { control } = bench.stores
  const { transact } = control
  const dying: ControlStore['transact'] = async (writes) => {
    const isHit = writes.some(({ key }) => key.startsWith(backfillPrefix)) && isNow()
    if (!isHit || at?.isDone) await transact(writes)
    if (isHit) throw new ControlUnavailableError('the process is gone')
  }
  control.transact = dying
  bench.fault = ({ key }) =>
    key.includes('_backfill') && isNow() ? failing('RequestTimeout', at?.isDone ?? false) : undefined
  const outcome = await run(bench).catch(() => undefined)
  assert.equal(outcome === undefined, at !== undefined)
  control.transact = transact
  bench.fault = undefined
  if (outcome === undefined) {
    await bench.restart()
    assert.equal((await run(bench)).left, 'done')
  }
  assert.deepEqual(await findings(bench), ['no-digests'])
  const digests = [...(await objectsOf(bench))].filter(([name]) => name.includes('_backfill'))
  return {
    steps: step,
    contents: digests.map(([name, { body, metadata }]) => [name, gunzipSync(body).toString(), metadata]),
  }
}
