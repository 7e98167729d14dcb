import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import type { StreamId } from '@opentrail/core/event'
import { ControlConflictError, ControlUnavailableError, type ControlWrite } from '../control/index.ts'
import { createMemoryControlStore, type FaultPoint, type MemoryControlStore } from '../control/memory-control-store.ts'
import { testEntry } from '../intake/entries.testing.ts'
import { openRecordWriter, type RecordWriter } from '../intake/index.ts'
import { createMemoryJournal, JournalFullError, type Journal } from '../journal/index.ts'
import { createOutbox } from './outbox.ts'
import { noon } from './selftrail.testing.ts'

const stream = '111122223333/eu-west-1' as StreamId
const change = (value = 1): ControlWrite[] => [{ key: 'trails/a', value }]
const event = (id: string) => testEntry(id, 'x', { admittedAt: noon })

interface Failing {
  fail?: Error
}
/** A writer that refuses while `failing.fail` is set. */
const failingWriter = (writer: RecordWriter, failing: Failing): RecordWriter => ({
  write: (...parameters) => (failing.fail ? Promise.reject(failing.fail) : writer.write(...parameters)),
})
async function open(journal: Journal, control: MemoryControlStore) {
  const failing: Failing = {}
  const writer = failingWriter(
    await openRecordWriter(
      journal,
      () => noon,
      () => 1,
    ),
    failing,
  )
  return { outbox: createOutbox(control, writer, journal), failing }
}
async function fixture(fault?: (writes: readonly ControlWrite[]) => FaultPoint | undefined) {
  const journal = createMemoryJournal()
  const control = createMemoryControlStore(fault && { fault })
  return { journal, control, ...(await open(journal, control)) }
}
const waitingIn = async (control: MemoryControlStore) => (await control.list('outbox/')).length
/** Removing an event that was relayed, as opposed to the change. */
const isRemoval = (writes: readonly ControlWrite[]) => writes.every(({ value }) => value === undefined)

describe('outbox', () => {
  test('change, event in the journal, nothing left', async () => {
    const { outbox, journal, control } = await fixture()
    await outbox.commit(change(), stream, event('a'))
    assert.equal((await control.get('trails/a'))?.value, 1)
    assert.equal(journal.durable(stream), 1)
    assert.equal(await waitingIn(control), 0)
    assert.equal(outbox.isWaiting, false)
  })

  test('a conflict changes nothing and records nothing', async () => {
    const { outbox, journal, control } = await fixture()
    await outbox.commit(change(), stream, event('a'))
    const conflicting = [{ key: 'trails/a', value: 2, ifVersion: 0 }]
    await assert.rejects(outbox.commit(conflicting, stream, event('b')), ControlConflictError)
    assert.deepEqual([journal.durable(stream), await waitingIn(control)], [1, 0])
  })

  test('a crash after the change: the next start relays the event, once', async () => {
    const { outbox, journal, control, failing } = await fixture()
    failing.fail = new Error('the process dies before the journal has it')
    await outbox.commit(change(), stream, event('a'))
    const next = control.crash()
    const reopened = await open(journal, next)
    await reopened.outbox.relay()
    await reopened.outbox.relay()
    assert.deepEqual([journal.durable(stream), await waitingIn(next)], [1, 0])
    assert.equal((await next.get('trails/a'))?.value, 1)
  })

  test('a crash between journal and removal: relayed again, stored once', async () => {
    const { outbox, journal, control } = await fixture((writes) => (isRemoval(writes) ? 'before' : undefined))
    await outbox.commit(change(), stream, event('a'))
    assert.deepEqual([journal.durable(stream), await waitingIn(control)], [1, 1])
    const next = control.crash()
    const reopened = await open(journal, next)
    await reopened.outbox.relay()
    assert.deepEqual([journal.durable(stream), await waitingIn(next)], [1, 0])
  })

  test('a crash before the change leaves neither', async () => {
    const { outbox, journal, control } = await fixture((writes) => (isRemoval(writes) ? undefined : 'before'))
    await assert.rejects(outbox.commit(change(), stream, event('a')), ControlUnavailableError)
    const next = control.crash()
    await (await open(journal, next)).outbox.relay()
    assert.deepEqual([journal.durable(stream), await next.get('trails/a')], [0, undefined])
  })

  test('a change whose answer was lost is found and relayed', async () => {
    const { outbox, journal, control } = await fixture((writes) => (isRemoval(writes) ? undefined : 'after'))
    await outbox.commit(change(), stream, event('a'))
    assert.deepEqual([journal.durable(stream), await waitingIn(control)], [1, 0])
  })

  test('an event that is in the journal but stays in the outbox is never written twice, however long it takes', async () => {
    let removable = false
    const { outbox, journal, control } = await fixture((writes) =>
      isRemoval(writes) && !removable ? 'before' : undefined,
    )
    await outbox.commit(change(), stream, event('a'))
    // More than the writer's window remembers by time.
    await journal.append(stream, [testEntry('much later', 'x', { admittedAt: noon + 1e9 })])
    await assert.rejects(outbox.relay(), AggregateError)
    removable = true
    await outbox.relay()
    assert.deepEqual([journal.durable(stream), await waitingIn(control), outbox.isWaiting], [2, 0, false])
  })

  test('while the journal refuses, changes go on up to a bound; then all are relayed', async () => {
    const { outbox, journal, control, failing } = await fixture()
    failing.fail = new JournalFullError('full')
    for (let number = 0; number < 1_000; number++) await outbox.commit(change(number), stream, event(`${number}`))
    await assert.rejects(outbox.commit(change(-1), stream, event('one more')), JournalFullError)
    assert.equal((await control.get('trails/a'))?.value, 999)
    await assert.rejects(outbox.relay(), AggregateError)
    delete failing.fail
    assert.equal(outbox.isWaiting, true)
    await Promise.all([outbox.relay(), outbox.relay()])
    assert.deepEqual([journal.durable(stream), await waitingIn(control), outbox.isWaiting], [1_000, 0, false])
    await outbox.commit(change(), stream, event('again'))
    assert.equal(journal.durable(stream), 1_001)
  })

  test('one event that cannot be relayed holds up no other, and is kept', async () => {
    const { journal, control } = await fixture()
    // Its id is taken by another event: nothing that can happen by chance, so nobody decides for the operator.
    await journal.append(stream, [testEntry('a', 'other', { admittedAt: noon })])
    const { outbox } = await open(journal, control)
    await outbox.commit(change(), stream, event('a'))
    await outbox.commit(change(), stream, event('b'))
    await control.transact([{ key: 'outbox/broken', value: { stream, entry: 'AAAA' } }])
    await assert.rejects(outbox.relay(), (error: AggregateError) => error.errors.length === 2)
    assert.deepEqual([journal.durable(stream), await waitingIn(control)], [2, 2])
  })
})
