import assert from 'node:assert/strict'
import { test } from 'vitest'
import { createCallSlots } from './call-slots.ts'

const forever = new AbortController().signal
/** All that is due has run. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('a slot goes to those who wait, in their order, and is given back once', async () => {
  const slots = createCallSlots({ active: 1, waitingMax: 2 })
  const order: number[] = []
  const first = await slots.take(forever)
  const others = [1, 2].map(async (n) => {
    const release = await slots.take(forever)
    order.push(n)
    return release
  })
  await settled()
  assert.deepEqual(order, [])
  first()
  first()
  await settled()
  assert.deepEqual(order, [1])
  ;(await others[0]!)()
  await settled()
  assert.deepEqual(order, [1, 2])
})

test('no more wait than may', async () => {
  const slots = createCallSlots({ active: 1, waitingMax: 1 })
  await slots.take(forever)
  void slots.take(forever)
  await assert.rejects(slots.take(forever), { code: 'SlowDown', isOutcomeUnknown: false })
})

test('who gives up leaves the queue and takes no slot', async () => {
  const slots = createCallSlots({ active: 1, waitingMax: 1 })
  const release = await slots.take(forever)
  const impatient = new AbortController()
  const given = assert.rejects(slots.take(impatient.signal), { code: 'RequestTimeout', isOutcomeUnknown: false })
  impatient.abort()
  await given
  await assert.rejects(slots.take(impatient.signal), { code: 'RequestTimeout' })
  release()
  await slots.take(forever)
})
