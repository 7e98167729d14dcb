import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Sequence, StreamId } from '@opentrail/core/event'
import { describe, test } from 'vitest'
import { testEntry } from './entries.testing.ts'
import { createEventWindow } from './event-window.ts'

describe('event window', () => {
  test('answers as a plain list of the newest entries does', () => {
    const step = fc.record({
      id: fc.integer({ min: 0, max: 60 }),
      content: fc.integer({ min: 0, max: 1 }),
      later: fc.integer({ min: 0, max: 40 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 40 }), (steps, entriesMax) => {
        const window = createEventWindow(entriesMax, 100)
        let model: { id: string; content: string; sequence: number; time: number }[] = []
        let time = 0
        for (const [index, { id, content, later }] of steps.entries()) {
          time += later
          const entry = testEntry(`id-${id}`, `content-${content}`, { admittedAt: time })
          const known = model.find((candidate) => candidate.id === `id-${id}`)
          const expected = !known ? 'new' : known.content === `content-${content}` ? 'duplicate' : 'reused'
          const answer = window.find(entry)
          assert.equal(answer.kind, expected)
          if (answer.kind !== 'new') assert.equal(answer.sequence, known!.sequence)
          if (known) continue
          window.add(entry, (index + 1) as Sequence)
          model = model.filter((candidate) => candidate.time >= time - 100)
          if (model.length === entriesMax) model.shift()
          model.push({ id: `id-${id}`, content: `content-${content}`, sequence: index + 1, time })
          assert.equal(window.size, model.length)
        }
      }),
    )
  })

  test('an id made from an Idempotency-Key stands for its input, whatever was filled in', () => {
    const window = createEventWindow()
    window.add(testEntry('a', 'filled in at 10:00', { idFromKey: true }), 7 as Sequence)
    assert.deepEqual(window.find(testEntry('a', 'filled in at 10:01', { idFromKey: true })), {
      kind: 'duplicate',
      sequence: 7,
    })
    assert.deepEqual(window.find(testEntry('a', 'sent with that id')), { kind: 'reused', sequence: 7 })
  })

  test('a hundred thousand entries in little memory, oldest first out', () => {
    const window = createEventWindow(50_000)
    const entries = Array.from({ length: 100_000 }, (_, index) => testEntry(`id-${index}`))
    for (const [index, entry] of entries.entries()) window.add(entry, (index + 1) as Sequence)
    assert.equal(window.size, 50_000)
    assert.equal(window.find(entries[49_999]!).kind, 'new')
    for (let index = 50_000; index < 100_000; index += 997) {
      assert.deepEqual(window.find(entries[index]!), { kind: 'duplicate', sequence: index + 1 })
    }
  })

  test('ids without content are unknown until learned, and then judged as if added whole', () => {
    const window = createEventWindow()
    const stored = ['a', 'b', 'k'].map((id, index) => ({
      ...testEntry(id, 'content', { idFromKey: id === 'k' }),
      stream: '111122223333/us-east-1' as StreamId,
      sequence: (10 + index) as Sequence,
    }))
    window.addIds({
      first: 10 as Sequence,
      idKeys: Buffer.concat(stored.map(({ idKey }) => idKey)),
      admittedAt: new Float64Array(3),
    })
    assert.ok(window.hasUnknown)
    assert.deepEqual(window.find(testEntry('a')), { kind: 'unknown', sequence: 10 })
    window.learn({ ...stored[0]!, sequence: 11 as Sequence })
    assert.equal(window.find(testEntry('a')).kind, 'unknown', 'another entry of the same id teaches nothing')
    for (const entry of stored) window.learn(entry)
    assert.ok(!window.hasUnknown)
    assert.deepEqual(window.find(testEntry('a')), { kind: 'duplicate', sequence: 10 })
    assert.deepEqual(window.find(testEntry('b', 'other')), { kind: 'reused', sequence: 11 })
    assert.equal(window.find(testEntry('k', 'other', { idFromKey: true })).kind, 'duplicate')
    assert.equal(window.find(testEntry('k', 'other')).kind, 'reused')
  })

  test('an id whose entry is gone can be stored again, and outlives its old place', () => {
    for (const entriesMax of [3, 400]) {
      const window = createEventWindow(entriesMax)
      const old = ['a', 'b'].map((id) => testEntry(id))
      window.addIds({
        first: 1 as Sequence,
        idKeys: Buffer.concat(old.map(({ idKey }) => idKey)),
        admittedAt: new Float64Array(2),
      })
      window.forget(old[0]!, 1 as Sequence)
      assert.equal(window.find(old[0]!).kind, 'new')
      window.add(testEntry('a', 'anew'), 3 as Sequence)
      assert.deepEqual(window.find(testEntry('a', 'anew')), { kind: 'duplicate', sequence: 3 })
      // The old place goes first where there is no more room, and grows along where there is.
      for (let index = 0; index < entriesMax - 2; index++) window.add(testEntry(`n${index}`), (4 + index) as Sequence)
      assert.deepEqual(window.find(testEntry('a', 'anew')), { kind: 'duplicate', sequence: 3 })
      assert.equal(window.size, entriesMax)
    }
  })
})
