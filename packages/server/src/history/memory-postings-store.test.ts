import type { Sequence } from '@opentrail/core/event'
import assert from 'node:assert/strict'
import { test } from 'vitest'
import { createMemoryPostingsStore, type PostingsFault } from './memory-postings-store.ts'
import { eventRow, postingBatch, postingsStoreContract } from './postings-store.contract.ts'
import { PostingsUnavailableError } from './postings-store.ts'

postingsStoreContract('memory', async () => {
  const store = createMemoryPostingsStore()
  return { store, close: () => store.close() }
})

test('a failed insert may or may not have taken effect, and its repetition settles that', async () => {
  for (const fault of ['fails-before', 'fails-after'] as const) {
    let next: PostingsFault = fault
    const store = createMemoryPostingsStore({ fault: (call) => (call === 'insert' ? next : undefined) })
    const rows = postingBatch([eventRow(1, 1)])
    await assert.rejects(store.insert(rows, 't'), PostingsUnavailableError)
    const stored = await store.indexed(1, 1 as Sequence, 9 as Sequence)
    assert.deepEqual(stored, fault === 'fails-after' ? [1] : [])
    next = undefined
    await store.insert(rows, 't')
    assert.deepEqual(await store.counts(), [{ day: 20_000, stream: 1, events: 1 }])
  }
})

test('a crash takes the last unsynced inserts with their tokens, never synced ones', async () => {
  const store = createMemoryPostingsStore()
  const insert = (sequence: number) => store.insert(postingBatch([eventRow(1, sequence)]), `t${sequence}`)
  await insert(1)
  await insert(2)
  store.sync()
  await insert(3)
  await insert(4)
  store.crash(9)
  await assert.rejects(store.counts(), PostingsUnavailableError)
  store.restart()
  assert.deepEqual(await store.indexed(1, 1 as Sequence, 9 as Sequence), [1, 2])
  await insert(4)
  assert.deepEqual(await store.indexed(1, 1 as Sequence, 9 as Sequence), [1, 2, 4])
})
