import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, test } from 'vitest'
import type { NewEntry, Sequence } from '@opentrail/core/event'
import { createNodeDisk, type SimulatedDisk } from '../disk/index.ts'
import { CipherError } from '../keyring/index.ts'
import { createTestCipher } from './cipher.testing.ts'
import { account, assertHolds, entries, entry, stream, type Acknowledged } from './entries.testing.ts'
import { JournalFencedError, JournalFullError, JournalUnavailableError, type Journal } from './journal.ts'
import { journalContract } from './journal.contract.ts'
import { cipher, directory, diskWithData, openOn } from './segment-journal.testing.ts'
import { JournalCorruptError } from './segment-names.ts'
import { createWorkerSealer } from './worker-sealer.ts'

const made: string[] = []
const workers = createWorkerSealer()
afterAll(async () => {
  await workers.close()
  for (const path of made) await rm(path, { recursive: true, force: true })
})

journalContract('segments on a simulated disk', async (limits) => (await openOn(await diskWithData(), limits)).journal)
journalContract('segments on the real disk, sealed in a thread', async (limits) => {
  const path = await mkdtemp(join(tmpdir(), 'opentrail-journal-'))
  made.push(path)
  const { journal } = await openOn(createNodeDisk(), { directory: join(path, 'journal'), sealer: workers, ...limits })
  return journal
})

const logName = (number: number): string => `${String(number).padStart(20, '0')}.log`
const sealedName = (number: number): string => `${String(number).padStart(20, '0')}.seg`

/** A journal with several sealed segments, three streams, and a log in use. */
async function filled(disk: SimulatedDisk): Promise<Acknowledged> {
  const acknowledged: Acknowledged = new Map()
  const { journal } = await openOn(disk)
  for (let round = 0; round < 24; round++) {
    const batch = entries(`r${round}`, 1 + (round % 4), { admittedAt: round * 1_000, size: 200 })
    const to = stream(round % 3)
    await journal.append(to, batch)
    acknowledged.set(to, [...(acknowledged.get(to) ?? []), ...batch])
  }
  await journal.settled()
  await journal.close()
  return acknowledged
}

describe('sealing and opening', () => {
  test('sealed and unsealed segments read alike, now and after opening again', async () => {
    const disk = await diskWithData()
    const acknowledged = await filled(disk)
    const names = await disk.list(directory)
    assert.ok(names.filter((name) => name.endsWith('.seg')).length >= 2, names.join())
    assert.equal(names.filter((name) => name.endsWith('.log')).length, 1, names.join())
    const { journal, opened } = await openOn(disk)
    assert.equal(opened.tornBytesCut, 0)
    await assertHolds(journal, acknowledged)
    const own = acknowledged.get(stream(1))!
    const backwards = own.map((_, index) => (own.length - index) as Sequence)
    const got = await journal.get(stream(1), backwards)
    assert.deepEqual(
      got.map((entry) => entry?.sequence),
      backwards,
    )
    await journal.close()
  })

  test('a stream of many blocks per segment reads back byte for byte', async () => {
    const disk = await diskWithData()
    const { journal } = await openOn(disk, { segmentBytes: 600_000, blockBytes: 8_000, cacheBytesMax: 50_000 })
    const all: NewEntry[] = []
    for (let round = 0; round < 30; round++) {
      const batch = entries(`d${round}`, 40, { size: 900, admittedAt: round })
      await journal.append(stream(1), batch)
      all.push(...batch)
    }
    await journal.settled()
    assert.ok(journal.stats().segments > journal.stats().unsealedSegments)
    await assertHolds(journal, new Map([[stream(1), all]]))
    await journal.close()
  })

  test('retention survives opening again; empty segments and the log itself go too', async () => {
    const disk = await diskWithData()
    const acknowledged = await filled(disk)
    const first = await openOn(disk)
    assert.ok((await first.journal.retain(12_000, new Map())) > 0)
    const firsts = new Map(first.journal.streams().map((state) => [state.stream, state.first]))
    assert.ok([...firsts.values()].some((first) => first > 1))
    await first.journal.close()
    const second = await openOn(disk)
    for (const state of second.journal.streams()) assert.equal(state.first, firsts.get(state.stream))
    await assertHolds(second.journal, acknowledged)
    await second.journal.retain(Infinity, new Map())
    assert.equal(second.journal.stats().segments, 1)
    await second.journal.close()
    const third = await openOn(disk)
    for (const state of third.journal.streams()) assert.equal(state.first, state.last + 1)
    assert.equal(await third.journal.append(stream(1), entries('on', 1)), acknowledged.get(stream(1))!.length + 1)
    await third.journal.close()
  })

  test('a day-old log is changed although it is small', async () => {
    const { journal } = await openOn(await diskWithData(), { segmentAgeMs: 1_000 })
    await journal.append(stream(1), [entry('a', { admittedAt: 10 })])
    await journal.append(stream(1), [entry('b', { admittedAt: 1_010 })])
    assert.equal(journal.stats().segments, 1)
    await journal.append(stream(1), [entry('c', { admittedAt: 1_011 })])
    assert.equal(journal.stats().segments, 2)
    await journal.close()
  })

  test('a destroyed key is said when reading, and sealing keeps the ciphertext for the day it comes back', async () => {
    const disk = await diskWithData()
    const keys = createTestCipher()
    const { journal } = await openOn(disk, { cipher: keys, cacheBytesMax: 0 })
    const [lost, kept] = [entries('lost', 5), entries('kept', 5)]
    await journal.append(stream(1), lost)
    await journal.append(stream(2), kept)
    keys.destroy(account(1))
    await assert.rejects(journal.read(stream(1), 0, 10), CipherError)
    await assert.rejects(journal.append(stream(1), lost), CipherError)
    for (let round = 0; round < 10; round++) kept.push(...(await appended(journal, 2, entries(`more${round}`, 4))))
    await journal.settled()
    await journal.close()
    const again = await openOn(disk, { cipher: keys })
    assert.ok(again.opened.segments > again.opened.unsealedSegments)
    await assert.rejects(again.journal.get(stream(1), [1 as Sequence]), CipherError)
    await assertHolds(again.journal, new Map([[stream(2), kept]]))
    assert.deepEqual(await recentSequences(again.journal, 1), [], 'a start must not fail for a key that is gone')
    keys.restore(account(1))
    await assertHolds(again.journal, new Map([[stream(1), lost]]))
    assert.deepEqual(await recentSequences(again.journal, 1), [1, 2, 3, 4, 5])
    assert.equal((await recentSequences(again.journal, 2)).length, kept.length)
    await again.journal.close()
  })
})

test('ids that retention removes under a reader are skipped, and those behind them still come', async () => {
  const { journal } = await openOn(await diskWithData())
  for (let round = 0; round < 12; round++)
    await journal.append(stream(1), entries(`x${round}`, 4, { admittedAt: round * 1_000 }))
  await journal.settled()
  const sequences: number[] = []
  let retained = false
  for await (const { first, admittedAt } of journal.recentIds(stream(1), 0, 0)) {
    for (const index of admittedAt.keys()) sequences.push(first + index)
    if (!retained) assert.ok((await journal.retain(8_000, new Map())) > 0)
    retained = true
  }
  const kept = journal.streams()[0]!.first
  assert.ok(kept > 20 && sequences[0] === 1 && !sequences.includes(kept - 1), `${kept}: ${sequences.join()}`)
  assert.deepEqual(
    sequences.filter((sequence) => sequence >= kept),
    Array.from({ length: 49 - kept }, (_, index) => kept + index),
  )
  await journal.close()
})

async function recentSequences(journal: Journal, from: number): Promise<number[]> {
  const sequences: number[] = []
  for await (const { first, admittedAt } of journal.recentIds(stream(from), 0, 0))
    for (const index of admittedAt.keys()) sequences.push(first + index)
  return sequences
}

async function appended(journal: { append: Function }, to: number, batch: NewEntry[]): Promise<NewEntry[]> {
  await journal.append(stream(to), batch)
  return batch
}

describe('damage', () => {
  test('a tail torn at any byte of the last frame is cut; all that was acknowledged before it is there', async () => {
    const acknowledged = new Map([[stream(1), entries('kept', 3)]])
    const disk = await diskWithData()
    const { journal } = await openOn(disk)
    await journal.append(stream(1), acknowledged.get(stream(1))!)
    const before = journal.stats().bytes
    await journal.append(stream(1), entries('torn', 1))
    const after = journal.stats().bytes
    await journal.close()
    const bytes = await (await disk.open(`${directory}/${logName(1)}`, 'read')).read(0, after)
    for (let length = before; length < after; length++) {
      const copy = await diskWithData()
      await copy.makeDirectory(directory)
      const file = await copy.open(`${directory}/${logName(1)}`, 'create')
      await file.write(0, [bytes.subarray(0, length)])
      const again = await openOn(copy)
      assert.equal(again.opened.tornBytesCut, length - before)
      await assertHolds(again.journal, acknowledged)
      assert.equal(await again.journal.append(stream(1), entries('next', 1)), 4)
      await again.journal.close()
    }
  })

  test('a changed byte inside acknowledged data is refused, wherever it is', async () => {
    const disk = await diskWithData()
    const { journal } = await openOn(disk, { segmentBytes: 1 << 20 })
    for (let round = 0; round < 3; round++) await journal.append(stream(1), entries(`c${round}`, 2, { size: 10 }))
    await journal.append(stream(1), entries('witness', 1, { size: 10 }))
    const size = journal.stats().bytes
    await journal.close()
    const witness = size - 700
    for (let position = 0; position < witness; position += 3) {
      disk.corrupt(`${directory}/${logName(1)}`, position, 0x10)
      await assert.rejects(openOn(disk), JournalCorruptError, `byte ${position}`)
      disk.corrupt(`${directory}/${logName(1)}`, position, 0x10)
    }
    await (await openOn(disk)).journal.close()
  })

  test('missing, foreign and damaged files are named', async () => {
    const missing = await diskWithData()
    await filled(missing)
    await missing.unlink(`${directory}/${sealedName(2)}`)
    await assert.rejects(openOn(missing), /segments between .*1\.seg and .*3/)
    const noLog = await diskWithData()
    await filled(noLog)
    for (const name of await noLog.list(directory))
      if (name.endsWith('.log')) await noLog.unlink(`${directory}/${name}`)
    await assert.rejects(openOn(noLog), /the newest file is missing/)
    const foreign = await diskWithData()
    await filled(foreign)
    await foreign.open(`${directory}/notes.txt`, 'create')
    await assert.rejects(openOn(foreign), /notes\.txt is not a file of the journal/)
    const index = await diskWithData()
    await filled(index)
    const file = await index.open(`${directory}/${sealedName(1)}`, 'read')
    index.corrupt(`${directory}/${sealedName(1)}`, (await file.size()) - 60, 1)
    await assert.rejects(openOn(index), /the index of .*1\.seg is damaged/)
  })
})

describe('failing disks', () => {
  test('a full disk refuses whole appends and goes on in the same file once there is space', async () => {
    const disk = await diskWithData()
    const { journal } = await openOn(disk, { segmentBytes: 1 << 20 })
    const kept = await appended(journal, 1, entries('kept', 4))
    disk.setCapacity(journal.stats().bytes + 20 + 300)
    await assert.rejects(journal.append(stream(1), entries('refused', 4)), JournalFullError)
    await assert.rejects(journal.append(stream(1), entries('refused', 4)), JournalFullError)
    await assertHolds(journal, new Map([[stream(1), kept]]))
    disk.setCapacity(Infinity)
    kept.push(...(await appended(journal, 1, entries('more', 4))))
    assert.equal(journal.stats().segments, 1)
    disk.crash(() => 0.9)
    await assertHolds((await openOn(disk)).journal, new Map([[stream(1), kept]]))
  })

  for (const kind of ['write', 'datasync'] as const)
    for (const when of ['before', 'half', 'after'] as const)
      test(`a ${kind} that fails ${when} it took effect acknowledges nothing and is put right`, async () => {
        const disk = await diskWithData()
        const { journal } = await openOn(disk, { segmentBytes: 1 << 20 })
        const kept = await appended(journal, 1, entries('kept', 4))
        let failures = 1
        disk.setFault((operation) => (operation.kind === kind && failures-- > 0 ? { kind: 'fail', when } : undefined))
        await assert.rejects(journal.append(stream(1), entries('refused', 3)), JournalUnavailableError)
        kept.push(...(await appended(journal, 1, entries('more', 2))))
        await journal.settled()
        await assertHolds(journal, new Map([[stream(1), kept]]))
        disk.crash(() => 0.1)
        const again = await openOn(disk)
        await assertHolds(again.journal, new Map([[stream(1), kept]]))
        await again.journal.close()
      })

  test('a disk that stays broken is asked ever more rarely, and recovers', async () => {
    const disk = await diskWithData()
    const { journal } = await openOn(disk)
    const kept = await appended(journal, 1, entries('kept', 2))
    let asked = 0
    disk.setFault(({ kind }) => (kind === 'read' ? undefined : (asked++, { kind: 'fail', when: 'before' })))
    for (let round = 0; round < 300; round++)
      await assert.rejects(journal.append(stream(1), entries('refused', 1)), JournalUnavailableError)
    assert.ok(asked < 40, `asked ${asked} times`)
    disk.setFault(undefined)
    let refused = 0
    for (; refused < 70; refused++) {
      const done = await appended(journal, 1, entries('more', 1)).catch(() => undefined)
      if (done) {
        kept.push(...done)
        break
      }
    }
    assert.ok(refused <= 64)
    await assertHolds(journal, new Map([[stream(1), kept]]))
    await journal.close()
  })

  test('a second opener fences the first', async () => {
    const disk = await diskWithData()
    const first = await openOn(disk)
    const kept = await appended(first.journal, 1, entries('first', 2))
    const second = await openOn(disk)
    kept.push(...(await appended(second.journal, 1, entries('second', 2))))
    await assert.rejects(first.journal.append(stream(1), entries('late', 2)), JournalFencedError)
    await assert.rejects(first.journal.append(stream(1), entries('later', 2)), JournalFencedError)
    await second.journal.close()
    const third = await openOn(disk)
    await assertHolds(third.journal, new Map([[stream(1), kept]]))
    await third.journal.close()
  })

  test('sealing that fails leaves the log readable and is tried again', async () => {
    const disk = await diskWithData()
    const faults: string[] = []
    const { journal } = await openOn(disk, { onFault: (what) => faults.push(what) })
    disk.setFault(({ kind }) => (kind === 'rename' ? { kind: 'fail', when: 'before' } : undefined))
    const kept: NewEntry[] = []
    for (let round = 0; round < 8; round++) kept.push(...(await appended(journal, 1, entries(`s${round}`, 4))))
    await journal.settled()
    assert.ok(faults.length > 0)
    assert.ok(journal.stats().unsealedSegments > 1)
    await assertHolds(journal, new Map([[stream(1), kept]]))
    disk.setFault(undefined)
    await journal.retain(0, new Map())
    await journal.settled()
    assert.equal(journal.stats().unsealedSegments, 1)
    await assertHolds(journal, new Map([[stream(1), kept]]))
    await journal.close()
  })

  test('a disk that cannot be read makes the journal unavailable, not broken', async () => {
    const disk = await diskWithData()
    const first = await openOn(disk)
    const kept = await appended(first.journal, 1, entries('r', 5))
    await first.journal.close()
    // Opened anew, so that nothing is in memory.
    const { journal } = await openOn(disk)
    disk.setFault(({ kind }) => (kind === 'read' ? { kind: 'fail', when: 'before' } : undefined))
    await assert.rejects(journal.get(stream(1), [1 as Sequence]), JournalUnavailableError)
    await assert.rejects(journal.read(stream(1), 0, 10), JournalUnavailableError)
    disk.setFault(undefined)
    await assertHolds(journal, new Map([[stream(1), kept]]))
    await journal.close()
  })

  test('closing twice and with appends under way answers them all', async () => {
    const { journal } = await openOn(await diskWithData(), { cipher })
    const appends = Array.from({ length: 5 }, (_, i) => journal.append(stream(i), entries(`c${i}`, 2)))
    const closing = Promise.allSettled([journal.close(), journal.close()])
    const answers = await Promise.allSettled(appends)
    assert.equal(answers.length, 5)
    for (const answer of answers) if (answer.status === 'fulfilled') assert.equal(answer.value, 2)
    assert.ok((await closing).every(({ status }) => status === 'fulfilled'))
    await assert.rejects(journal.append(stream(1), entries('late', 1)), JournalUnavailableError)
  })
})
