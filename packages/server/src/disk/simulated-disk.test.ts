import assert from 'node:assert/strict'
import { test } from 'vitest'
import { diskContract } from './disk.contract.ts'
import { DiskFullError } from './disk.ts'
import { createSimulatedDisk, type SimulatedDisk } from './simulated-disk.ts'
import { seededRandom } from './seeded-random.testing.ts'

diskContract('simulated', async () => {
  const disk = createSimulatedDisk()
  await disk.makeDirectory('/data')
  return { disk, directory: '/data' }
})

async function diskWithFile(): Promise<{ disk: SimulatedDisk; path: string }> {
  const disk = createSimulatedDisk()
  await disk.makeDirectory('/data')
  await disk.syncDirectory('/')
  const path = '/data/file'
  const file = await disk.open(path, 'create')
  await file.write(0, [Buffer.alloc(4 * 512, 'a')])
  await file.datasync()
  await disk.syncDirectory('/data')
  return { disk, path }
}
const contentOf = async (disk: SimulatedDisk, path: string): Promise<string> => {
  const file = await disk.open(path, 'read')
  return (await file.read(0, 1 << 20)).toString()
}

test('what was synced survives every crash; unsynced sectors and sizes survive in many mixtures', async () => {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 60; seed++) {
    const { disk, path } = await diskWithFile()
    const file = await disk.open(path, 'write')
    await file.write(512, [Buffer.alloc(5 * 512, 'b')])
    disk.crash(seededRandom(seed))
    const content = await contentOf(disk, path)
    assert.equal(content.slice(0, 512), 'a'.repeat(512), 'an untouched sector changed')
    assert.ok(content.length >= 4 * 512 && content.length <= 6 * 512)
    for (let at = 0; at < content.length; at += 512) assert.ok(new Set(content.slice(at, at + 512)).size === 1)
    outcomes.add(content)
  }
  assert.ok(outcomes.size > 20, `${outcomes.size} outcomes`)
})

test('unsynced creations, renames and unlinks are lost or kept one by one; a rename never loses both names', async () => {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 60; seed++) {
    const { disk } = await diskWithFile()
    await disk.rename('/data/file', '/data/renamed')
    await disk.open('/data/created', 'create')
    disk.crash(seededRandom(seed))
    const names = await disk.list('/data')
    assert.ok(names.includes('file') !== names.includes('renamed'))
    outcomes.add(names.join())
  }
  assert.equal(outcomes.size, 4)
})

test('after a failed sync a later sync does not make the lost bytes durable', async () => {
  const { disk, path } = await diskWithFile()
  const file = await disk.open(path, 'write')
  await file.write(0, [Buffer.alloc(512, 'b')])
  disk.setFault(({ kind }) => (kind === 'datasync' ? { kind: 'fail', when: 'before' } : undefined))
  await assert.rejects(file.datasync())
  disk.setFault(undefined)
  await file.datasync()
  assert.equal((await contentOf(disk, path))[0], 'b')
  disk.crash(seededRandom(1))
  assert.equal((await contentOf(disk, path))[0], 'a')
})

test('a full disk stores what fits; power-off stops every call until the crash, old files stay dead after it', async () => {
  const { disk, path } = await diskWithFile()
  disk.setCapacity(4 * 512 + 100)
  const file = await disk.open(path, 'write')
  await assert.rejects(file.write(4 * 512, [Buffer.alloc(300, 'c')]), DiskFullError)
  assert.equal(await file.size(), 4 * 512 + 100)
  disk.setFault(() => ({ kind: 'power-off', when: 'after' }))
  await assert.rejects(file.truncate(512))
  disk.setFault(undefined)
  await assert.rejects(disk.list('/data'), /power is off/)
  disk.crash(() => 0)
  await assert.rejects(file.size(), /closed/)
  assert.ok((await contentOf(disk, path)).length >= 512)
})
