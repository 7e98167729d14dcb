import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
import { ControlUnavailableError } from './control-store.ts'
import { openLmdbControlStore } from './lmdb-control-store.ts'

test('a damaged file is refused with its name; LMDB would end the process', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'opentrail-lmdb-'))
  try {
    const path = join(directory, 'data.mdb')
    await writeFile(path, '')
    for (const round of [1, 2]) {
      const store = openLmdbControlStore(directory)
      await store.transact([{ key: 'a', value: round }])
      assert.equal((await store.get('a'))?.value, round)
      await store.close()
    }
    const whole = await readFile(path)
    for (const damaged of [randomBytes(65_536), whole.subarray(0, 4_096), Buffer.alloc(whole.length)]) {
      await writeFile(path, damaged)
      const isTold = (error: unknown) => error instanceof ControlUnavailableError && error.message.includes(path)
      assert.throws(() => openLmdbControlStore(directory), isTold)
    }
  } finally {
    await rm(directory, { recursive: true })
  }
})
