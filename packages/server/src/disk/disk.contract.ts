import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { DiskNotFoundError, type Disk } from './disk.ts'

const text = (value: string): Buffer => Buffer.from(value)

/** What every disk promises while the power stays on. `make` gives a disk and an existing, empty directory on it. */
export function diskContract(name: string, make: () => Promise<{ disk: Disk; directory: string }>): void {
  describe(`disk: ${name}`, () => {
    test('a directory is made with its parents, twice without error, and an absent one is empty', async () => {
      const { disk, directory } = await make()
      assert.deepEqual(await disk.list(`${directory}/absent`), [])
      await disk.makeDirectory(`${directory}/a/b`)
      await disk.makeDirectory(`${directory}/a/b`)
      assert.deepEqual(await disk.list(directory), ['a'])
      assert.deepEqual(await disk.list(`${directory}/a`), ['b'])
      await disk.syncDirectory(directory)
    })

    test('create refuses an existing file; read and write refuse an absent one', async () => {
      const { disk, directory } = await make()
      const path = `${directory}/file`
      await assert.rejects(disk.open(path, 'read'), DiskNotFoundError)
      await assert.rejects(disk.open(path, 'write'), DiskNotFoundError)
      await (await disk.open(path, 'create')).close()
      await assert.rejects(disk.open(path, 'create'))
      await (await disk.open(path, 'read')).close()
    })

    test('parts are written one behind the other, also many, empty and large ones', async () => {
      const { disk, directory } = await make()
      const file = await disk.open(`${directory}/file`, 'create')
      const parts = Array.from({ length: 2_500 }, (_, i) => text(i % 7 === 0 ? '' : `part ${i};`.repeat(1 + (i % 40))))
      await file.write(3, parts)
      await file.datasync()
      const all = Buffer.concat(parts)
      assert.equal(await file.size(), all.length + 3)
      assert.deepEqual(await file.read(0, all.length + 3), Buffer.concat([Buffer.alloc(3), all]))
      assert.deepEqual(await file.read(all.length, 100), all.subarray(all.length - 3))
      assert.equal((await file.read(all.length + 50, 10)).length, 0)
      await file.close()
    })

    test('writing over, truncating and growing again leaves zeros, not old bytes', async () => {
      const { disk, directory } = await make()
      const file = await disk.open(`${directory}/file`, 'create')
      await file.write(0, [text('0123456789')])
      await file.write(2, [text('ab')])
      await file.truncate(5)
      await file.write(8, [text('z')])
      assert.deepEqual(await file.read(0, 100), text('01ab4\0\0\0z'))
      await file.close()
      const again = await disk.open(`${directory}/file`, 'write')
      await again.write(0, [text('X')])
      assert.deepEqual(await again.read(0, 2), text('X1'))
      await again.close()
    })

    test('rename replaces, unlink removes and is content with an absent file, an open file stays readable', async () => {
      const { disk, directory } = await make()
      for (const name of ['one', 'two']) {
        const file = await disk.open(`${directory}/${name}`, 'create')
        await file.write(0, [text(name)])
        await file.close()
      }
      const open = await disk.open(`${directory}/one`, 'read')
      await disk.rename(`${directory}/one`, `${directory}/two`)
      assert.deepEqual(await disk.list(directory), ['two'])
      await disk.unlink(`${directory}/two`)
      await disk.unlink(`${directory}/two`)
      await disk.syncDirectory(directory)
      assert.deepEqual(await disk.list(directory), [])
      assert.deepEqual(await open.read(0, 10), text('one'))
      await open.close()
      await assert.rejects(disk.rename(`${directory}/two`, `${directory}/three`), DiskNotFoundError)
    })

    test('a closed file is refused, and free space is a number', async () => {
      const { disk, directory } = await make()
      const file = await disk.open(`${directory}/file`, 'create')
      await file.close()
      await assert.rejects(file.write(0, [text('x')]))
      await assert.rejects(file.read(0, 1))
      assert.ok((await disk.freeBytes(directory)) > 0)
    })
  })
}
