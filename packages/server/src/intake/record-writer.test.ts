import assert from 'node:assert/strict'
import { admit, type NewEntry, type StreamId } from '@opentrail/core/event'
import { describe, test, vi } from 'vitest'
import { createMemoryJournal, JournalFullError, JournalUnavailableError, type Journal } from '../journal/index.ts'
import { testEntry } from './entries.testing.ts'
import { windowMs } from './event-window.ts'
import { intakeContext, recordText } from './intake.testing.ts'
import { openRecordWriter, WriterBusyError, type RecordWriter } from './record-writer.ts'

const stream = '111122223333/us-east-1' as StreamId
const noon = 1_800_000_000_000

interface Append {
  readonly ids: readonly string[]
  readonly reserve: boolean
}
const idOf = (entry: NewEntry) => (JSON.parse(Buffer.from(entry.record).toString()) as { eventID: string }).eventID

/** A journal whose appends can be held up and made to fail. */
function watchedJournal(journal: Journal = createMemoryJournal()) {
  const appends: Append[] = []
  const held: (() => void)[] = []
  const state = { holding: false, failure: undefined as Error | undefined }
  const watched: Journal = {
    ...journal,
    async append(name, entries, options) {
      appends.push({ ids: entries.map(idOf), reserve: options?.reserve ?? false })
      if (state.holding) await new Promise<void>((resolve) => held.push(resolve))
      if (state.failure) throw state.failure
      return journal.append(name, entries, options)
    },
  }
  const release = () => {
    state.holding = false
    for (const go of held.splice(0)) go()
  }
  return { journal: watched, appends, state, release }
}

async function fixture(journal?: Journal) {
  const watched = watchedJournal(journal)
  return {
    ...watched,
    writer: await openRecordWriter(
      watched.journal,
      () => noon,
      () => 1,
    ),
  }
}
const kinds = async (writer: RecordWriter, ...entries: NewEntry[]) =>
  (await writer.write(stream, entries)).map(({ kind, sequence }) => `${kind} ${sequence}`)

/** What was answered may still have to be put away; after a turn of the event loop the next write begins an append of its own. */
const writerIsIdle = () => new Promise(setImmediate)

describe('record writer', () => {
  test('judges against what is stored, what is in the same append and what is in flight', async () => {
    const { writer, journal, appends, state, release } = await fixture()
    assert.deepEqual(
      await kinds(writer, testEntry('a'), testEntry('b'), testEntry('a'), testEntry('b', 'other bytes')),
      ['stored 1', 'stored 2', 'duplicate 1', 'reused 2'],
    )
    assert.deepEqual(await kinds(writer, testEntry('b'), testEntry('c')), ['duplicate 2', 'stored 3'])
    assert.deepEqual(await kinds(writer, testEntry('c', 'x')), ['reused 3'])
    await writerIsIdle()
    state.holding = true
    const first = kinds(writer, testEntry('d'))
    const retry = kinds(writer, testEntry('d'))
    const thief = kinds(writer, testEntry('d', 'x'), testEntry('e'))
    await vi.waitFor(() => assert.equal(appends.length, 3), { timeout: 60_000 })
    release()
    assert.deepEqual(await first, ['stored 4'])
    assert.deepEqual(await retry, ['duplicate 4'])
    assert.deepEqual(await thief, ['reused 4', 'stored 5'])
    assert.deepEqual(appends.at(-1)!.ids, ['e'])
    assert.equal(journal.durable(stream), 5)
  })

  test('an id made from an Idempotency-Key is a duplicate whatever was filled in; one that was sent must bring the same bytes', async () => {
    const { writer } = await fixture()
    const filled = (content: string) => testEntry('a', content, { idFromKey: true })
    assert.deepEqual(
      await kinds(writer, filled('10:00'), filled('10:01'), testEntry('a', '10:00'), testEntry('a', '10:01')),
      ['stored 1', 'duplicate 1', 'duplicate 1', 'reused 1'],
    )
    assert.deepEqual(await kinds(writer, filled('10:02'), testEntry('a', '10:00'), testEntry('a', '10:01')), [
      'duplicate 1',
      'duplicate 1',
      'reused 1',
    ])
  })

  test('an id without a time is a duplicate though another time is filled in, across a restart, too', async () => {
    const journal = createMemoryJournal()
    const admitAt = (seconds: number, members: object = {}) => {
      const text = recordText({ eventID: '6f1e8a52-0000-4000-8000-000000000001', eventTime: undefined, ...members })
      const context = { ...intakeContext, now: intakeContext.now + seconds * 1_000 }
      const admission = admit(Buffer.from(text), context, () => assert.fail('the record has an id'))
      assert.ok(admission.ok)
      return admission
    }
    const { stream, entry } = admitAt(0)
    const open = () =>
      openRecordWriter(
        journal,
        () => intakeContext.now + 60_000,
        () => 1,
      )
    const kinds = async (writer: RecordWriter, ...entries: NewEntry[]) =>
      (await writer.write(stream, entries)).map(({ kind }) => kind)
    const writer = await open()
    assert.deepEqual(await kinds(writer, entry, admitAt(1).entry), ['stored', 'duplicate'])
    for (const each of [writer, await open()])
      assert.deepEqual(await kinds(each, admitAt(2).entry, admitAt(2, { eventName: 'Harmless' }).entry), [
        'duplicate',
        'reused',
      ])
  })

  test('streams know nothing of one another', async () => {
    const { writer } = await fixture()
    const elsewhere = '111122223333/eu-west-1' as StreamId
    await writer.write(stream, [testEntry('a')])
    assert.deepEqual(await writer.write(elsewhere, [testEntry('a', 'x')]), [{ kind: 'stored', sequence: 1 }])
    assert.deepEqual(await writer.write(elsewhere, []), [])
  })

  test('a refusal of the journal meets everybody in the append, and nothing is remembered', async () => {
    for (const failure of [new JournalFullError('full'), new JournalUnavailableError('broken')]) {
      const { writer, state, release, journal } = await fixture()
      await writer.write(stream, [testEntry('known')])
      state.holding = true
      const ahead = writer.write(stream, [testEntry('ahead')])
      const group = [
        writer.write(stream, [testEntry('a')]),
        // A duplicate rests on nothing of this append but is answered with it.
        writer.write(stream, [testEntry('known'), testEntry('a')]),
      ]
      state.failure = failure
      release()
      const settled = await Promise.allSettled([ahead, ...group])
      assert.deepEqual(
        settled.map((outcome) => outcome.status === 'rejected' && outcome.reason === failure),
        [true, true, true],
      )
      state.failure = undefined
      assert.equal(journal.durable(stream), 1)
      assert.deepEqual(await kinds(writer, testEntry('a', 'x'), testEntry('ahead')), ['stored 2', 'stored 3'])
    }
  })

  test('own events share an append with others, and go alone where only the reserve has room', async () => {
    const journal = createMemoryJournal({ bytesMax: 4_000, reserveBytes: 2_000 })
    const { writer, appends, state, release } = await fixture(journal)
    const writeBehind = async (blocker: NewEntry, ids: readonly (readonly [id: string, reserve: boolean])[]) => {
      await writerIsIdle()
      state.holding = true
      const first = writer.write(stream, [blocker])
      const others = ids.map(([id, reserve]) => writer.write(stream, [testEntry(id)], { reserve }))
      release()
      return (await Promise.allSettled([first, ...others])).map(({ status }) => status)
    }
    const mixed = [
      ['a', false],
      ['own', true],
      ['b', false],
    ] as const
    assert.deepEqual(await writeBehind(testEntry('blocker'), mixed), Array(4).fill('fulfilled'))
    assert.deepEqual(appends.splice(0), [
      { ids: ['blocker'], reserve: false },
      { ids: ['a', 'own', 'b'], reserve: false },
    ])

    await writer.write(stream, [testEntry('filler', 'x'.repeat(2_000 - journal.stats().bytes - 500))])
    appends.splice(0)
    const more = [
      ['c', false],
      ['own2', true],
      ['d', false],
      ['own3', true],
    ] as const
    const settled = await writeBehind(testEntry('blocker'), more)
    assert.deepEqual(settled, ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'])
    assert.deepEqual(appends.at(-1), { ids: ['own2', 'own3'], reserve: true })
    assert.deepEqual(await kinds(writer, testEntry('own2')), ['duplicate 6'])
  })

  test('an append holds about 2 MiB, and what waits is bounded, a little less tightly for own events', async () => {
    const { writer, appends, state, release } = await fixture()
    state.holding = true
    const large = 'x'.repeat(900_000)
    const waiting = [writer.write(stream, [testEntry('blocker')])]
    let number = 0
    const busy = async (reserve: boolean) => {
      for (;;) {
        const next = writer.write(stream, [testEntry(`large-${number++}`, large)], { reserve })
        const refused = await Promise.race([
          next.then(
            () => false,
            (error: unknown) => error,
          ),
          Promise.resolve(false),
        ])
        if (refused) return refused
        // A rejection is seen one turn later.
        const late = await Promise.race([next.catch((error: unknown) => error), new Promise((go) => setImmediate(go))])
        if (late) return late
        waiting.push(next)
      }
    }
    assert.ok((await busy(false)) instanceof WriterBusyError)
    const ordinary = waiting.length
    assert.ok(ordinary > 130 && ordinary < 160, `${ordinary}`)
    assert.ok((await busy(true)) instanceof WriterBusyError)
    const own = waiting.length - ordinary
    assert.ok(own > 10 && own < 25, `${own}`)
    release()
    await Promise.all(waiting)
    assert.ok(appends.every(({ ids }) => ids.length <= 2))
    assert.deepEqual(await kinds(writer, testEntry('after')), [`stored ${waiting.length + 1}`])
  })
})

describe('the window after a restart', () => {
  const reopened = (journal: Journal) =>
    openRecordWriter(
      journal,
      () => noon,
      () => 1,
    )

  test('retries are still duplicates, reused ids still refused', async () => {
    const { writer, journal } = await fixture()
    const keyed = testEntry('k', 'filled in', { idFromKey: true, admittedAt: noon })
    await writer.write(stream, [testEntry('a', 'x', { admittedAt: noon }), keyed])
    const next = await reopened(journal)
    const again = testEntry('k', 'filled in later', { idFromKey: true, admittedAt: noon })
    assert.deepEqual(await kinds(next, testEntry('a', 'x'), again, testEntry('a', 'y')), [
      'duplicate 1',
      'duplicate 2',
      'reused 1',
    ])
  })

  test('reaches back for an hour, past events of our own that had waited in the outbox', async () => {
    const journal = createMemoryJournal()
    const at = (index: number) => {
      // 3,000 entries in the middle were admitted long before they could be stored.
      if (index >= 20_000 && index < 23_000) return noon - 5 * windowMs
      return noon - windowMs * 2 + Math.floor((index / 30_000) * windowMs * 2)
    }
    const entries = Array.from({ length: 30_000 }, (_, index) =>
      testEntry(`id-${index}`, 'x', { admittedAt: at(index) }),
    )
    for (let from = 0; from < entries.length; from += 5_000)
      await journal.append(stream, entries.slice(from, from + 5_000))
    const writer = await reopened(journal)
    const probe = Array.from({ length: 150 }, (_, index) => entries[15_000 + index * 100]!)
    const outcomes = await writer.write(stream, probe)
    assert.deepEqual(
      outcomes,
      probe.map((_, index) => ({ kind: 'duplicate', sequence: 15_001 + index * 100 })),
    )
    assert.deepEqual(await kinds(writer, entries[0]!), ['stored 30001'])
  })

  test('the newest entries are known however long the server was away, so that the outbox can relay again', async () => {
    const journal = createMemoryJournal()
    const old = testEntry('relayed', 'x', { admittedAt: noon - 100 * windowMs })
    await journal.append(stream, [old])
    assert.deepEqual(await kinds(await reopened(journal), old), ['duplicate 1'])
  })

  test('what a retry brings again is looked up once, in steps, and removed entries count as new', async () => {
    const journal = createMemoryJournal()
    const entries = Array.from({ length: 600 }, (_, index) => testEntry(`${index}`, 'x', { admittedAt: noon + index }))
    await journal.append(stream, entries)
    const lookups: number[] = []
    const writer = await reopened({
      ...journal,
      get(name, sequences) {
        lookups.push(sequences.length)
        return journal.get(name, sequences)
      },
    })
    assert.deepEqual(await kinds(writer, testEntry('new')), ['stored 601'])
    assert.deepEqual(lookups, [])
    await journal.retain(noon + 10, new Map())
    const both = [writer.write(stream, entries), writer.write(stream, entries)]
    const expected = entries.map((_, index) =>
      index < 10 ? { kind: 'stored', sequence: 602 + index } : { kind: 'duplicate', sequence: index + 1 },
    )
    assert.deepEqual(await both[0], expected)
    assert.deepEqual(
      await both[1],
      expected.map(({ sequence }) => ({ kind: 'duplicate', sequence })),
    )
    assert.deepEqual(lookups, [256, 256, 88])
    assert.deepEqual(await kinds(writer, testEntry('20', 'other')), ['reused 21'])
  })

  test('retention may have removed the beginning', async () => {
    const journal = createMemoryJournal()
    const entries = Array.from({ length: 50 }, (_, index) => testEntry(`${index}`, 'x', { admittedAt: noon + index }))
    await journal.append(stream, entries)
    await journal.retain(noon + 20, new Map())
    const writer = await reopened(journal)
    assert.deepEqual(await kinds(writer, entries[20]!, entries[19]!), ['duplicate 21', 'stored 51'])
  })
})
