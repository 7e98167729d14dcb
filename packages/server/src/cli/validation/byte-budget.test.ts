import assert from 'node:assert/strict'
import { test } from 'vitest'
import { createByteBudget } from './byte-budget.ts'

/** Lets everything happen that waits for nothing else. */
const settle = (): Promise<void> => new Promise((done) => setImmediate(done))

test('no more bytes than there is room for are held, and whoever came first goes first', async () => {
  const budget = createByteBudget(10)
  const entered: string[] = []
  const take = async (name: string, bytes: number): Promise<() => void> => {
    const release = await budget.take(bytes)
    entered.push(name)
    return release
  }
  const first = await take('6', 6)
  const second = take('5', 5)
  const third = take('1', 1)
  await settle()
  assert.deepEqual(entered, ['6'])
  first()
  first()
  await third
  assert.deepEqual(entered, ['6', '5', '1'])
  // Larger than all the room: alone.
  const vast = take('100', 100)
  ;(await second)()
  await settle()
  assert.equal(entered.length, 3)
  ;(await third)()
  ;(await vast)()
  assert.equal(entered.at(-1), '100')
})
