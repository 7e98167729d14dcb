import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { createDueHeap } from './due-heap.ts'
import { createMessageIndex, type Entry, type MessageIndex } from './message-index.ts'
import { createFifoOrder, createStandardOrder } from './ready-order.ts'

const entry = (sequence: number, group?: string, visibleAt = 0): Entry => ({
  sequence,
  messageId: `id-${sequence}`,
  sentAt: 0,
  bytes: 1,
  group,
  receives: 0,
  firstReceivedAt: undefined,
  receivedAt: undefined,
  visibleAt,
  state: visibleAt > 0 ? 'hidden' : 'ready',
})

function receive(index: MessageIndex, max: number, visibleAt: number): Entry[] {
  const picked = index.pick(max)
  for (const each of picked) {
    index.hold(each)
    each.receives++
    index.hide(each, visibleAt)
  }
  return picked
}
const sequences = (entries: readonly Entry[]) => entries.map(({ sequence }) => sequence)

describe('FIFO order', () => {
  function filled() {
    const index = createMessageIndex(createFifoOrder())
    for (const [at, group] of ['a', 'a', 'b', 'a'].entries()) index.add(entry(at + 1, group))
    return index
  }

  test('groups are handed out in their own order, and not while a batch of theirs is out', () => {
    const index = filled()
    assert.deepEqual(sequences(receive(index, 2, 10)), [1, 2])
    assert.deepEqual(sequences(receive(index, 10, 10)), [3])
    assert.deepEqual(receive(index, 10, 10), [])
  })

  test('what is visible again waits for what was received after it', () => {
    const index = filled()
    const [first, second] = receive(index, 2, 10)
    index.hide(first!, 1)
    index.promote(1)
    assert.deepEqual(sequences(receive(index, 10, 10)), [3])
    index.remove(second!)
    assert.deepEqual(sequences(receive(index, 10, 10)), [1, 4])
  })

  test('a group whose first message is delayed waits', () => {
    const index = createMessageIndex(createFifoOrder())
    index.add(entry(1, 'a', 5))
    index.add(entry(2, 'a'))
    assert.deepEqual(index.pick(10), [])
    index.promote(5)
    assert.deepEqual(sequences(index.pick(10)), [1, 2])
  })
})

test('a standard queue hands nothing out twice, however often its state changes', () => {
  const index = createMessageIndex(createStandardOrder())
  const one = entry(1)
  index.add(one)
  index.add(entry(2))
  for (let times = 0; times < 3; times++) {
    index.hold(one)
    index.release(one, 0)
  }
  assert.deepEqual(sequences(receive(index, 10, 10)), [1, 2])
  assert.deepEqual(index.pick(10), [])
})

test('a message that was hidden again and again becomes ready at the last of its times', () => {
  const index = createMessageIndex(createStandardOrder())
  const one = entry(1)
  index.add(one)
  receive(index, 1, 5)
  for (let times = 0; times < 10_000; times++) index.hide(one, 10 + times)
  assert.equal(index.nextDueAt(), 10_009)
  index.promote(10_008)
  assert.deepEqual(index.pick(1), [])
  index.promote(10_009)
  assert.deepEqual(index.pick(1), [one])
})

test('a heap gives what is due first, and of the same time what came first', () => {
  const heap = createDueHeap<number>()
  const times = Array.from({ length: 500 }, (_, at) => (at * 7919) % 50)
  for (const [value, at] of times.entries()) heap.push(at, value)
  const expected = [...times.entries()].sort(([a, atA], [b, atB]) => atA - atB || a - b).map(([value]) => value)
  const popped: number[] = []
  for (let item = heap.pop(); item; item = heap.pop()) popped.push(item.value)
  assert.deepEqual(popped, expected)
})
