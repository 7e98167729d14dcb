import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { createMemoryControlStore } from '../control/memory-control-store.ts'
import { openRecordWriter } from '../intake/index.ts'
import { createMemoryJournal, JournalFullError } from '../journal/index.ts'
import { createOutbox } from './outbox.ts'
import { createSelfTrail } from './self-trail.ts'
import { countingRandom, exampleCall, noon, recordsOf } from './selftrail.testing.ts'
import { selfRecord } from './self-record.ts'

async function fixture(journal = createMemoryJournal()) {
  const control = createMemoryControlStore()
  const writer = await openRecordWriter(
    journal,
    () => noon,
    () => 7,
  )
  const trail = createSelfTrail({
    writer,
    outbox: createOutbox(control, writer, journal),
    journal,
    clocks: { domain: () => noon, wall: () => 0, monotonic: () => 0 },
    random: countingRandom(),
    configVersion: () => 7,
  })
  const records = async () => (await recordsOf(journal)).map((text) => JSON.parse(text) as Record<string, unknown>)
  return { journal, control, trail, records }
}

describe('self-trail', () => {
  test('a call is stored as its record was written, with where it came from', async () => {
    const { trail, journal } = await fixture()
    await trail.record({ ...exampleCall, requestParameters: { MaxResults: 1 } })
    const [stream] = journal.streams()
    assert.equal(stream!.stream, '111122223333/eu-west-1')
    const [entry] = (await journal.read(stream!.stream, 0, 1)).entries
    const id = '00010203-0405-4607-8809-0a0b0c0d0e0f'
    const expected = selfRecord({ ...exampleCall, requestParameters: { MaxResults: 1 } }, id, noon)
    assert.equal(Buffer.from(entry!.record).toString(), Buffer.from(expected).toString())
    const envelope = JSON.parse(Buffer.from(entry!.envelope).toString()) as Record<string, unknown>
    assert.deepEqual([envelope['origin'], envelope['configVersion']], ['self', 7])
    assert.equal(envelope['principal'], 'arn:aws:iam::111122223333:user/kim')
  })

  test('secrets in parameters never reach the journal', async () => {
    const { trail, journal } = await fixture()
    await trail.record({ ...exampleCall, requestParameters: { Password: 'hunter2' } })
    const [text] = await recordsOf(journal)
    assert.doesNotMatch(text!, /hunter2/)
  })

  test('no content keeps a call from being recorded', async () => {
    const { trail, records } = await fixture()
    let deep: unknown = 'x'
    for (let level = 0; level < 64; level++) deep = { A: deep }
    const contents = [deep, { A: 'x'.repeat(1_100_000) }, { A: '\ud800' }, { A: Infinity }, 'text', [1]]
    for (const requestParameters of contents) await trail.record({ ...exampleCall, requestParameters })
    await trail.record({
      ...exampleCall,
      userAgent: 'ä'.repeat(5_000),
      errorMessage: '\udc00'.repeat(9_000),
      errorCode: 'X',
    })
    const stored = await records()
    assert.equal(stored.length, contents.length + 1)
    assert.deepEqual(stored[0]!['requestParameters'], { reason: 'TooDeep', omitted: true, originalSize: 387 })
    assert.deepEqual(stored[1]!['requestParameters'], {
      reason: 'requestParameters too large',
      omitted: true,
      originalSize: 1_100_008,
    })
    for (const record of stored) assert.equal(record['requestID'], exampleCall.requestId)
  })

  test('a change and its event are both there', async () => {
    const { trail, control, records } = await fixture()
    await trail.commit([{ key: 'trails/a', value: { on: true } }], {
      ...exampleCall,
      eventName: 'StartLogging',
      readOnly: false,
    })
    assert.deepEqual((await control.get('trails/a'))?.value, { on: true })
    assert.deepEqual(
      (await records()).map(({ eventName }) => eventName),
      ['StartLogging'],
    )
    assert.deepEqual(await control.list('outbox/'), [])
  })

  test('when the journal has no room for the event, nothing is changed', async () => {
    const { trail, control } = await fixture(createMemoryJournal({ bytesMax: 300_000 }))
    await assert.rejects(trail.commit([{ key: 'trails/a', value: 1 }], exampleCall), JournalFullError)
    assert.equal(await control.get('trails/a'), undefined)
    assert.deepEqual(await control.list('outbox/'), [])
  })

  test('calls use the reserve that is kept back for them', async () => {
    const { trail, records } = await fixture(createMemoryJournal({ bytesMax: 10_000, reserveBytes: 10_000 }))
    await trail.record(exampleCall)
    assert.equal((await records()).length, 1)
  })
})
