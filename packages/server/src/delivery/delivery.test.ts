import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { ControlUnavailableError } from '../control/index.ts'
import type { NewObject } from '../buckets/index.ts'
import { JournalFullError } from '../journal/index.ts'
import { streamId } from '@opentrail/core/event'
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
} from './delivery.testing.ts'
import { ledgersPrefix, type LedgerEntry } from './lane-document.ts'

async function logging(bench: Bench, name = 'audit'): Promise<void> {
  await changeTrail(bench, 'StartLogging', name, { isLogging: true, startedAt: bench.now() })
}
const ids = async (bench: Bench, bucket?: string): Promise<string[]> => (await bench.delivered(bucket)).flat()
const ledger = async ({ stores }: Bench): Promise<LedgerEntry[]> =>
  (await stores.control.list<LedgerEntry>(ledgersPrefix)).map(({ value }) => value)

describe('delivery', () => {
  test('what a trail selects is in one file at the next interval, and the ledger names it', async () => {
    const bench = await createBench()
    await bench.write(homeStream, event('before'))
    await logging(bench)
    await bench.write(homeStream, event('a'), event('b'))
    await bench.pass(minuteMs)
    assert.deepEqual(await bench.delivered(), [['StartLogging', 'a', 'b']])
    await bench.pass(10 * minuteMs)
    assert.equal(bench.puts.length, 1)
    await bench.write(homeStream, event('c'))
    await bench.pass(minuteMs)
    assert.deepEqual((await ids(bench)).sort(), ['StartLogging', 'a', 'b', 'c'])
    const entries = await ledger(bench)
    assert.deepEqual(
      entries.map((entry) => [entry.ordinal, entry.from, entry.to, entry.count]),
      [
        [1, 1, 4, 3],
        [2, 4, 5, 1],
      ],
    )
    const [first] = entries
    assert.ok(first && 'key' in first)
    assert.match(
      first.key,
      /^AWSLogs\/111122223333\/CloudTrail\/eu-west-1\/2026\/03\/04\/111122223333_CloudTrail_eu-west-1_20260304T1205Z_\w{16}\.json\.gz$/,
    )
  })

  test('a StopLogging ends what is delivered at its own place, and is delivered itself', async () => {
    const bench = await createBench()
    await logging(bench)
    await bench.write(homeStream, event('in'))
    await changeTrail(bench, 'StopLogging', 'audit', { isLogging: false })
    await bench.write(homeStream, event('out'))
    await bench.pass(minuteMs)
    await logging(bench)
    await bench.write(homeStream, event('again'))
    await bench.pass(minuteMs)
    assert.deepEqual((await ids(bench)).sort(), ['StartLogging', 'StartLogging', 'StopLogging', 'again', 'in'])
  })

  test('a multi-Region trail delivers each Region by itself, also one that is first used later', async () => {
    const bench = await createBench()
    const far = streamId(account, elsewhere)
    await changeTrail(bench, 'CreateTrail', 'audit', { settings: { isMultiRegion: true } })
    await logging(bench)
    await bench.write(far, event('far'))
    await bench.write(homeStream, event('near'))
    await bench.pass(2 * minuteMs)
    assert.deepEqual((await ids(bench)).sort(), ['StartLogging', 'far', 'near'])
    await changeTrail(bench, 'UpdateTrail', 'audit', { settings: { isMultiRegion: false } })
    await bench.write(far, event('no more'))
    await bench.pass(2 * minuteMs)
    assert.deepEqual((await ids(bench)).sort(), ['StartLogging', 'UpdateTrail', 'far', 'near'])
  })

  test('a bucket that fails delays its own trail alone, is tried again, and shows in the status', async () => {
    const bench = await createBench()
    await bench.buckets.createBucket('other', { owner: account, region: home })
    const broken = await changeTrail(bench, 'CreateTrail', 'broken', { settings: { bucket: 'other' } })
    await logging(bench, 'broken')
    await logging(bench, 'fine')
    bench.fault = ({ bucket }) => (bucket === 'other' ? failing('AccessDenied') : undefined)
    await bench.write(homeStream, event('a'))
    await bench.pass(minuteMs)
    assert.ok((await ids(bench)).includes('a'))
    assert.deepEqual(await ids(bench, 'other'), [])
    const status = bench.service.delivery.status(broken.id, home)
    assert.equal(status.latestError, 'AccessDenied')
    assert.equal(status.latestDeliveryAt, undefined)
    await bench.pass(60 * minuteMs)
    const attempts = bench.puts.length
    assert.ok(attempts > 10 && attempts < 40, `${attempts} attempts within an hour`)
    bench.fault = undefined
    await bench.pass(5 * minuteMs)
    assert.ok((await ids(bench, 'other')).includes('a'))
    assert.equal(bench.service.delivery.status(broken.id, home).latestError, undefined)
    assert.ok(bench.service.delivery.status(broken.id, home).latestDeliveryAt)
  })

  for (const isConditional of [true, false])
    test(`a put that took effect without an answer is in the bucket once (${isConditional ? 'with' : 'without'} conditions)`, async () => {
      const bench = await createBench({ isConditional })
      await logging(bench)
      await bench.write(homeStream, event('a'))
      bench.fault = () => failing('RequestTimeout', true)
      await bench.pass(minuteMs)
      bench.fault = undefined
      await bench.pass(10 * minuteMs)
      assert.deepEqual(await bench.delivered(), [['StartLogging', 'a']])
      assert.equal((await ledger(bench)).length, 1)
    })

  test('what a process left planned is delivered by the next one, under the same key', async () => {
    const bench = await createBench()
    await logging(bench)
    await bench.write(homeStream, event('a'))
    for (const isStored of [false, true]) {
      bench.fault = () => failing('SlowDown', isStored, true)
      await bench.pass(minuteMs)
      await bench.restart()
    }
    bench.fault = undefined
    await bench.pass(minuteMs)
    assert.deepEqual(await bench.delivered(), [['StartLogging', 'a']])
    assert.equal(new Set(bench.puts).size, 1)
  })

  test('somebody else’s object under the planned key stays, and the file gets another one', async () => {
    const bench = await createBench()
    await logging(bench)
    await bench.write(homeStream, event('a'))
    let squatted: string | undefined
    bench.fault = ({ key, caller }) => {
      if (squatted !== undefined || caller.kind !== 'delivery') return undefined
      squatted = key
      void bench.buckets.put({ bucket: 'logs', key, body: Buffer.from('mine'), caller: { kind: 'owner' } })
      return undefined
    }
    await bench.pass(2 * minuteMs)
    const { objects } = await bench.buckets.list('logs', {})
    assert.equal(objects.length, 2)
    const other = objects.find(({ key }) => key !== squatted)!
    assert.ok((await bench.buckets.get('logs', other.key, { bytesMax: 1 << 20 })).size > 4)
  })

  test('UpdateTrail to another bucket rescues what the missing one did not take', async () => {
    const bench = await createBench()
    await changeTrail(bench, 'CreateTrail', 'audit', { settings: { bucket: 'gone' } })
    await logging(bench)
    await bench.write(homeStream, event('a'))
    await bench.pass(3 * minuteMs)
    assert.deepEqual(await ids(bench), [])
    await bench.restart()
    await changeTrail(bench, 'UpdateTrail', 'audit', { settings: { bucket: 'logs' } })
    await bench.pass(20 * minuteMs)
    assert.deepEqual((await ids(bench)).sort(), ['StartLogging', 'UpdateTrail', 'a'])
  })

  test('what is moved to another bucket is not in the old one as well, though its put arrives late there', async () => {
    const bench = await createBench()
    await bench.buckets.createBucket('other', { owner: account, region: home })
    await logging(bench)
    let late: NewObject | undefined
    bench.fault = (object) => {
      if (object.caller.kind === 'owner') return undefined
      late ??= object
      return failing(object === late ? 'RequestTimeout' : 'AccessDenied', false, object === late)
    }
    await bench.pass(minuteMs)
    await changeTrail(bench, 'UpdateTrail', 'audit', { settings: { bucket: 'other' } })
    await bench.pass(5 * minuteMs)
    bench.fault = undefined
    await bench.buckets.put(late!)
    await bench.pass(30 * minuteMs)
    assert.deepEqual([await ids(bench), await ids(bench, 'other')], [['StartLogging'], ['UpdateTrail']])
  })

  test('a deleted trail delivers what it took, then nothing of it is kept but its ledger', async () => {
    const bench = await createBench()
    await logging(bench)
    await bench.write(homeStream, event('a'))
    await changeTrail(bench, 'DeleteTrail', 'audit', undefined)
    await bench.write(homeStream, event('after'))
    await bench.pass(5 * 60 * minuteMs)
    assert.deepEqual(await ids(bench), ['StartLogging', 'a', 'DeleteTrail'])
    assert.deepEqual(bench.service.delivery.lanes(), [])
    assert.deepEqual(bench.service.trails.trailIds(), [])
    assert.equal((await ledger(bench)).length, 1)
  })

  test('after 30 days a range is written off in the ledger, the metrics and an event, and delivery goes on', async () => {
    const bench = await createBench()
    await logging(bench)
    await bench.write(homeStream, event('lost'))
    bench.fault = ({ caller }) => (caller.kind === 'delivery' ? failing('AccessDenied') : undefined)
    await bench.pass(29 * dayMs)
    assert.equal((await ledger(bench)).length, 0)
    await bench.pass(1.1 * dayMs)
    bench.fault = undefined
    await bench.write(homeStream, event('kept'))
    await bench.pass(10 * minuteMs)
    assert.deepEqual((await ids(bench)).sort(), ['AbandonDelivery', 'kept'])
    const [first] = await ledger(bench)
    assert.ok(first && 'reason' in first)
    assert.deepEqual([first.reason, first.count, first.from], ['expired', 2, 0])
    assert.ok(bench.reported.some(({ kind }) => kind === 'delivery-abandoned'))
  })

  test('what waited for too long is tried before it is given up', async () => {
    const bench = await createBench({ limits: { giveUpMs: 1_000 } })
    await logging(bench)
    await bench.write(homeStream, event('waited'))
    await bench.pass(2 * minuteMs)
    assert.deepEqual(await ids(bench), ['StartLogging', 'waited'])
    bench.fault = ({ caller }) => (caller.kind === 'delivery' ? failing('SlowDown') : undefined)
    await bench.write(homeStream, event('unlucky'))
    await bench.pass(minuteMs)
    bench.fault = undefined
    await bench.pass(10 * minuteMs)
    assert.deepEqual(await ids(bench), ['StartLogging', 'waited', 'unlucky'])
  })

  test('a range is written off even where the journal has no room for the event that says so, which comes later', async () => {
    const bench = await createBench({ limits: { giveUpMs: 1_000 } })
    await logging(bench)
    bench.fault = ({ caller }) => (caller.kind === 'delivery' ? failing('AccessDenied') : undefined)
    const { journal, control } = bench.stores
    const { append, stats } = journal
    journal.append = () => Promise.reject(new JournalFullError('no room'))
    journal.stats = () => ({ ...stats.call(journal), bytes: 1_000, bytesMax: 1_000 })
    await bench.pass(60 * minuteMs)
    assert.deepEqual(
      (await ledger(bench)).map((entry) => 'reason' in entry && entry.reason),
      ['expired'],
    )
    assert.equal((await control.list('outbox/')).length, 1)
    Object.assign(journal, { append, stats })
    bench.fault = undefined
    await bench.pass(2 * 60 * minuteMs)
    assert.deepEqual(await ids(bench), ['AbandonDelivery'])
  })

  test('the event of a change that comes after those of later ones is delivered all the same', async () => {
    const bench = await createBench()
    const { journal } = bench.stores
    const { append } = journal
    journal.append = () => Promise.reject(new JournalFullError('no room'))
    await logging(bench)
    journal.append = append
    await changeTrail(bench, 'StopLogging', 'audit', { isLogging: false })
    await bench.write(homeStream, event('out'))
    await bench.pass(5 * minuteMs)
    assert.deepEqual(await ids(bench), ['StopLogging'])
    await bench.pass(2 * 60 * minuteMs)
    assert.deepEqual((await ids(bench)).sort(), ['StartLogging', 'StopLogging'])
  })

  test('a lane that was made without an answer is found again, and others are made after it', async () => {
    const bench = await createBench()
    const { control } = bench.stores
    const { transact } = control
    control.transact = async (writes) => {
      await transact(writes)
      if (!writes.some(({ key }) => key.startsWith('delivery/lane/'))) return
      control.transact = transact
      throw new ControlUnavailableError('no answer')
    }
    await logging(bench)
    await logging(bench, 'second')
    await bench.pass(3 * minuteMs)
    assert.equal(bench.service.delivery.lanes().length, 2)
    assert.ok(bench.service.delivery.isComplete())
    assert.equal((await ids(bench)).length, 3)
  })

  test('an object that is read back as nonsense is not taken for somebody else’s', async () => {
    const bench = await createBench()
    await logging(bench)
    bench.garbledReads = 3
    bench.fault = () => failing('RequestTimeout', true)
    await bench.pass(minuteMs)
    bench.fault = undefined
    await bench.pass(10 * minuteMs)
    assert.equal(bench.garbledReads, 0)
    assert.deepEqual(await bench.delivered(), [['StartLogging']])
    assert.equal(new Set(bench.puts).size, 1)
  })

  test('a file that could not be removed from the spool is removed later', async () => {
    const bench = await createBench({ limits: { backlogBytesMax: 100 } })
    const { spool } = bench.stores
    const { remove } = spool
    await logging(bench)
    bench.fault = () => failing('SlowDown')
    await bench.pass(minuteMs)
    bench.fault = undefined
    let failed = 0
    spool.remove = async () => {
      if (failed++ > 0) spool.remove = remove
      throw new Error('injected')
    }
    await bench.pass(30 * minuteMs)
    assert.deepEqual(await ids(bench), ['StartLogging'])
    assert.deepEqual([failed, spool.bytes()], [2, 0])
  })

  test('a backlog beyond its quota waits in the spool, and the journal may let go of it', async () => {
    const bench = await createBench({ limits: { backlogBytesMax: 3_000 }, fileEvents: 3 })
    await logging(bench)
    bench.fault = () => failing('SlowDown')
    for (let round = 0; round < 5; round++) {
      await bench.write(homeStream, ...Array.from({ length: 4 }, (_, index) => event(`${round}-${index}`)))
      await bench.pass(6 * minuteMs)
    }
    const held = bench.service.delivery.cursors().get(homeStream)!
    assert.ok(held > 10, `the journal is held at ${held}`)
    assert.ok(bench.stores.spool.bytes() > 0)
    await bench.restart()
    bench.fault = undefined
    await bench.pass(10 * minuteMs)
    const all = await ids(bench)
    assert.equal(new Set(all).size, 21)
    assert.equal(all.length, 21)
    assert.equal(bench.stores.spool.bytes(), 0)
  })

  test('what even the spool does not take is written off, oldest first', async () => {
    const limits = { backlogBytesMax: 2_000, spoolBytesMax: 600, keptMs: 3 * minuteMs }
    const bench = await createBench({ limits, fileEvents: 3 })
    await logging(bench)
    bench.fault = ({ caller }) => (caller.kind === 'delivery' ? failing('SlowDown') : undefined)
    for (let round = 0; round < 8; round++) {
      await bench.write(homeStream, ...Array.from({ length: 4 }, (_, index) => event(`${round}-${index}`)))
      await bench.pass(6 * minuteMs)
    }
    bench.fault = undefined
    await bench.pass(10 * minuteMs)
    const abandoned = (await ledger(bench)).filter((entry) => 'reason' in entry)
    assert.ok(abandoned.length > 0 && abandoned.every((entry) => 'reason' in entry && entry.reason === 'backlog'))
    const found = (await ids(bench)).filter((id) => /^\d-\d$/.test(id))
    assert.equal(new Set(found).size, found.length)
    assert.ok(found.includes('7-3') && !found.includes('0-0'))
    // Nothing is silently gone: each event is in a file or in a range that was written off.
    const entries = await ledger(bench)
    assert.deepEqual(
      entries.map(({ from }) => from),
      entries.map((_, index) => (index === 0 ? 0 : entries[index - 1]!.to)),
    )
  })

  test('what the journal keeps anyway is not written off, however full the spool is', async () => {
    const bench = await createBench({ limits: { backlogBytesMax: 2_000, spoolBytesMax: 600 }, fileEvents: 3 })
    await logging(bench)
    bench.fault = ({ caller }) => (caller.kind === 'delivery' ? failing('SlowDown') : undefined)
    for (let round = 0; round < 8; round++) {
      await bench.write(homeStream, ...Array.from({ length: 4 }, (_, index) => event(`${round}-${index}`)))
      await bench.pass(6 * minuteMs)
    }
    bench.fault = undefined
    await bench.pass(10 * minuteMs)
    assert.ok((await ledger(bench)).every((entry) => 'deliveredAt' in entry))
    assert.equal((await ids(bench)).length, 33)
  })

  test('credentials that may only put need not look: a repeated put that is refused has been stored', async () => {
    const bench = await createBench()
    await logging(bench)
    await bench.write(homeStream, event('a'))
    bench.fault = () => failing('RequestTimeout', true)
    await bench.pass(minuteMs)
    bench.fault = undefined
    bench.mayOnlyPut = true
    await bench.pass(10 * minuteMs)
    bench.mayOnlyPut = false
    assert.deepEqual(await bench.delivered(), [['StartLogging', 'a']])
  })

  test('a trail that takes nothing passes what comes without reading it', async () => {
    const bench = await createBench()
    await logging(bench)
    await changeTrail(bench, 'StopLogging', 'audit', { isLogging: false })
    await bench.pass(2 * minuteMs)
    const reads: number[] = []
    const { journal } = bench.stores
    const read = journal.read.bind(journal)
    journal.read = (stream, after, limit) => {
      reads.push(after)
      return read(stream, after, limit)
    }
    await bench.write(homeStream, event('x'), event('y'))
    const lane = () => bench.service.delivery.lanes()[0]!
    await bench.pass(2 * minuteMs)
    assert.equal(lane().cursor, journal.durable(homeStream))
    assert.deepEqual(
      reads.filter((after) => after >= 2),
      [],
    )
  })

  test('files, digests and manifests are encrypted under the key that the trail has when they are put', async () => {
    const bench = await createBench()
    const key = (name: string) => `arn:aws:kms:eu-west-1:111122223333:key/${name}`
    const settings = { validatesLogFiles: true, encryptionKey: key('old') }
    await changeTrail(bench, 'StartLogging', 'audit', { isLogging: true, settings })
    const under = new Map<string, string | undefined>()
    let isDown = true
    bench.fault = ({ key: name, encryption }) => {
      if (isDown) return failing('KMS.DisabledException')
      under.set(name, encryption?.kind === 'aws:kms' ? encryption.keyId : undefined)
      return undefined
    }
    await bench.write(homeStream, event('queued'))
    await bench.pass(2 * minuteMs)
    const [lane] = bench.service.delivery.lanes()
    assert.equal(lane?.latestError, 'KMS.DisabledException')
    isDown = false
    await changeTrail(bench, 'UpdateTrail', 'audit', { settings: { encryptionKey: key('new') } })
    await bench.pass(90 * minuteMs)
    assert.ok((await bench.delivered()).flat().includes('queued'))
    for (const folder of ['CloudTrail', 'CloudTrail-Digest', 'OpenTrail-Manifest'])
      assert.ok(
        [...under.keys()].some((name) => name.includes(`/${folder}/`)),
        folder,
      )
    assert.deepEqual([...new Set(under.values())], [key('new')])
  })
})
