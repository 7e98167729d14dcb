import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Sequence } from '@opentrail/core/event'
import { describe, test } from 'vitest'
import { createCachedPostingsStore } from './cached-postings-store.ts'
import { createMemoryPostingsStore } from './memory-postings-store.ts'
import { postingBatch, postingsStoreContract, type PostingRow } from './postings-store.contract.ts'
import type { PostingQuery, PostingsStore } from './postings-store.ts'

postingsStoreContract('memory, cached', async () => {
  const store = createCachedPostingsStore(createMemoryPostingsStore())
  return { store, close: () => store.close() }
})

/** Counts what reaches the store behind the cache. */
function counted(store: PostingsStore) {
  const counts = { find: 0 }
  const find = (query: PostingQuery) => {
    counts.find++
    return store.find(query)
  }
  return { counts, store: { ...store, find } }
}

const question: PostingQuery = {
  stream: 1,
  attribute: 2,
  value: 7n,
  timeMin: 0,
  timeMax: 1_000,
  sequenceMax: 1_000 as Sequence,
  limit: 50,
}
const row = (sequence: number, parts: Partial<PostingRow> = {}): PostingRow => ({
  day: 0,
  stream: 1,
  attribute: 2,
  value: 7n,
  time: sequence,
  sequence,
  ...parts,
})

describe('cached postings store', () => {
  test('the same question again does not reach the store, until something is inserted that answers it', async () => {
    const { store, counts } = counted(createMemoryPostingsStore())
    const cached = createCachedPostingsStore(store)
    await cached.insert(postingBatch([row(1), row(2)]), 'a')
    assert.equal((await cached.find(question)).length, 2)
    assert.equal((await cached.find({ ...question, timeMin: 1 })).length, 2)
    assert.equal(counts.find, 1)
    await cached.insert(postingBatch([row(3, { value: 8n }), row(3, { attribute: 3 }), row(3, { stream: 2 })]), 'b')
    assert.equal((await cached.find(question)).length, 2)
    assert.equal(counts.find, 1)
    await cached.insert(postingBatch([row(4)]), 'c')
    assert.equal((await cached.find(question)).length, 3)
    assert.equal(counts.find, 2)
  })

  test('the same question many times at once reaches the store once, and a failure is told to who asked', async () => {
    const memory = createMemoryPostingsStore()
    await memory.insert(postingBatch([row(1), row(2)]), 'a')
    const { store, counts } = counted(memory)
    const cached = createCachedPostingsStore(store)
    const answers = await Promise.all(Array.from({ length: 20 }, () => cached.find(question)))
    assert.equal(counts.find, 1)
    for (const answer of answers) assert.equal(answer.length, 2)

    let failing = true
    const broken = createCachedPostingsStore({
      ...memory,
      find: (query) => (failing ? Promise.reject(new Error('down')) : memory.find(query)),
    })
    const first = broken.find(question)
    await assert.rejects(first, /down/)
    failing = false
    assert.equal((await broken.find(question)).length, 2)
  })

  test('an answer that an insert overlapped is not remembered', async () => {
    const memory = createMemoryPostingsStore()
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const cached = createCachedPostingsStore({
      ...memory,
      async find(query) {
        const answer = await memory.find(query)
        await held
        return answer
      },
    })
    const early = cached.find(question)
    await cached.insert(postingBatch([row(1)]), 'a')
    release()
    await early
    assert.equal((await cached.find(question)).length, 1)
  })

  test('answers as the store behind it does, whatever was asked and inserted before', async () => {
    const posting = fc.record({
      attribute: fc.integer({ min: 0, max: 2 }),
      value: fc.bigInt({ min: 0n, max: 2n }),
      time: fc.integer({ min: 0, max: 50 }),
    })
    const insert = fc.record({ kind: fc.constant('insert' as const), rows: fc.array(posting, { maxLength: 80 }) })
    const find = fc.record({
      kind: fc.constant('find' as const),
      attribute: fc.integer({ min: 0, max: 2 }),
      value: fc.bigInt({ min: 0n, max: 2n }),
      timeMin: fc.integer({ min: 0, max: 50 }),
      timeMax: fc.integer({ min: 0, max: 60 }),
      behind: fc.integer({ min: 0, max: 100 }),
      after: fc.option(fc.integer({ min: 0, max: 50 })),
      limit: fc.integer({ min: 1, max: 60 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(insert, find), { maxLength: 40 }), async (steps) => {
        const plain = createMemoryPostingsStore()
        const cached = createCachedPostingsStore(createMemoryPostingsStore())
        let sequence = 0
        for (const [token, step] of steps.entries()) {
          if (step.kind === 'insert') {
            const rows = postingBatch(step.rows.map((parts) => row(++sequence, parts)))
            for (const store of [plain, cached]) await store.insert(rows, `t${token}`)
            continue
          }
          const { attribute, value, timeMin, timeMax, behind, after, limit } = step
          const sequenceMax = Math.max(0, sequence - behind) as Sequence
          const query = {
            stream: 1,
            attribute,
            value,
            timeMin,
            timeMax,
            sequenceMax,
            limit,
            ...(after !== null && { after: { time: after, sequence: sequenceMax } }),
          }
          assert.deepEqual(await cached.find(query), await plain.find(query))
        }
      }),
      { numRuns: 300 },
    )
  })
})
