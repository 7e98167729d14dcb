import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, test } from 'vitest'
import { createExaminer } from './examiner.ts'

const options = { bytesMax: 2 ** 30 }
const timeout = 120_000
const contentOf = (index: number): Buffer =>
  index % 3 === 0 ? Buffer.from(`small ${index}`) : Buffer.concat([randomBytes(20_000), Buffer.alloc(index * 1_000)])

describe('the examiner', () => {
  test('answers each log file with its own hash, small ones and those that go to a thread', { timeout }, async () => {
    const examiner = createExaminer({ threads: 2 })
    try {
      const contents = Array.from({ length: 40 }, (_, index) => contentOf(index))
      const examined = await Promise.all(contents.map((content) => examiner.examine(gzipSync(content), options)))
      assert.deepEqual(
        examined,
        contents.map((content) => ({ member: { hasTrailingData: false }, sha256: hash('sha256', content) })),
      )
    } finally {
      await examiner.close()
    }
  })

  test('takes no memory away that holds something else, too', { timeout }, async () => {
    const examiner = createExaminer({ threads: 1 })
    try {
      const body = gzipSync(randomBytes(20_000))
      const shared = Buffer.concat([Buffer.from('before'), body])
      const { member } = await examiner.examine(shared.subarray(6), options)
      assert.deepEqual([member, shared.subarray(0, 6).toString()], [{ hasTrailingData: false }, 'before'])
    } finally {
      await examiner.close()
    }
  })

  test('that is closed leaves nobody waiting', { timeout }, async () => {
    const examiner = createExaminer({ threads: 1 })
    const body = (): Buffer => gzipSync(randomBytes(20_000))
    const waiting = Array.from({ length: 5 }, () => examiner.examine(body(), options))
    const settled = Promise.allSettled(waiting)
    await examiner.close()
    assert.equal((await settled).length, 5)
    await assert.rejects(examiner.examine(body(), options), /closed/)
  })
})
