import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, test } from 'vitest'
import { diskContract } from './disk.contract.ts'
import { DiskFullError } from './disk.ts'
import { createNodeDisk } from './node-disk.ts'

const made: string[] = []
afterAll(async () => {
  for (const directory of made) await rm(directory, { recursive: true, force: true })
})

diskContract('node', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'opentrail-disk-'))
  made.push(directory)
  return { disk: createNodeDisk(), directory }
})

test.skipIf(!existsSync('/dev/full'))('a full device is a DiskFullError with its cause', async () => {
  const file = await createNodeDisk().open('/dev/full', 'write')
  await assert.rejects(file.write(0, [Buffer.from('x')]), (error: Error) => {
    assert.ok(error instanceof DiskFullError)
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'ENOSPC')
    return true
  })
  await file.close()
})
