import assert from 'node:assert/strict'
import { test } from 'vitest'
import { createClosers } from './closers.ts'

test('what was opened last is closed first, once, and a failure keeps nothing else open', async () => {
  const closers = createClosers()
  const closed: string[] = []
  closers.add(() => closed.push('first'))
  closers.add(() => Promise.reject(new Error('stuck')))
  closers.add(async () => closed.push('last'))
  await assert.rejects(closers.close(), (error: AggregateError) => (error.errors[0] as Error).message === 'stuck')
  assert.deepEqual(closed, ['last', 'first'])
  await closers.close()
  assert.equal(closed.length, 2)
})
