import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { beforeEach, describe, test } from 'vitest'
import type { ContentFiles } from './directory-content.ts'
import { openLooseContents, type Garbage, type LooseContents } from './directory-garbage.ts'
import { encodeRecord, layoutKey, looseKey, noValue, partKey, wasteKey } from './directory-records.ts'
import { openMemoryObjectIndex } from './memory-object-index.ts'
import type { ObjectIndex } from './object-index.ts'

const idOf = (n: number): string => n.toString(16).padStart(32, '0')
const content = (n: number): Garbage => ({ kind: 'content', id: idOf(n) })
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await setImmediate()
}

describe('garbage', () => {
  let index: ObjectIndex
  let removed: string[]
  /** Removing waits for it. */
  let gate: Promise<void>
  let open: () => void
  let loose: LooseContents
  const files: Pick<ContentFiles, 'newIds' | 'remove'> = {
    newIds: async (count) => Array.from({ length: count }, (_, n) => idOf(1_000_000 + n)),
    async remove(ids) {
      await gate
      removed.push(...ids)
      return [...ids]
    },
  }
  beforeEach(async () => {
    index = openMemoryObjectIndex()
    removed = []
    ;({ promise: gate, resolve: open } = Promise.withResolvers<void>())
    loose = await openLooseContents({
      index,
      files: files as ContentFiles,
      onFailure: (error) => assert.fail(String(error)),
    })
  })

  test('who discards far more than can be removed waits until it is', async () => {
    let isDone = false
    const some = Array.from({ length: 500 }, (_, n) => content(n))
    await loose.discardAll(some)
    const many = loose.discardAll(Array.from({ length: 2_000 }, (_, n) => content(500 + n))).then(() => (isDone = true))
    await turns()
    assert.equal(isDone, false)
    open()
    await many
    await loose.settled()
    assert.equal(new Set(removed).size, 2_500)
  })

  test('what is pinned stays until the last one lets go of it, and goes then', async () => {
    open()
    const [first, second] = [loose.pin(idOf(1)), loose.pin(idOf(1))]
    await index.transact((transaction) => transaction.put(looseKey(idOf(1)), noValue))
    loose.discard(content(1))
    first()
    first()
    await turns()
    assert.deepEqual(removed, [])
    second()
    await turns()
    assert.deepEqual(removed, [idOf(1)])
    assert.equal(index.get(looseKey(idOf(1))), undefined)
    // Nobody discarded this one.
    loose.pin(idOf(2))()
    await turns()
    assert.deepEqual(removed, [idOf(1)])
  })

  test('of an upload all parts go, and then all records of it', async () => {
    open()
    const upload = idOf(77)
    await index.transact((transaction) => {
      for (let number = 1; number <= 600; number++) {
        const part = { id: idOf(number), size: 1, etag: '', lastModified: 1 }
        transaction.put(partKey(upload, number), encodeRecord(part))
      }
      transaction.put(layoutKey(upload), Buffer.alloc(24))
      transaction.put(wasteKey(upload), noValue)
    })
    loose.discard({ kind: 'upload', id: upload })
    await loose.settled()
    assert.equal(removed.length, 600)
    assert.deepEqual(index.range(Buffer.alloc(0), undefined, 10), [])
  })
})
