import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { describe, test } from 'vitest'
import { createSimulatedDisk, type Disk } from '../disk/index.ts'
import { openDirectoryBucketStoreOn } from './directory-bucket-store.ts'
import { openMemoryObjectIndex } from './memory-object-index.ts'
import { createTestKeys } from './object-keys.testing.ts'

const user = { kind: 'account', account: '111122223333', arn: 'arn:aws:iam::111122223333:user/tester' } as const
const pieceBytes = 64 * 1024
const pieceCount = 200
/** What is held of one body, at most: a batch being written and one being filled. */
const heldMax = 20

describe('bodies that are larger than memory should be', () => {
  test('a put takes no more of its body than the disk has taken, and a get reads no more than is asked for', async () => {
    const disk = createSimulatedDisk()
    let written = 0
    let pulled = 0
    let readBytes = 0
    let heldMost = 0
    const watched: Disk = {
      ...disk,
      async open(path, mode) {
        const file = await disk.open(path, mode)
        return {
          ...file,
          async write(position, parts) {
            heldMost = Math.max(heldMost, pulled - written)
            // A slow disk: everybody else gets turns meanwhile.
            for (let turn = 0; turn < 50; turn++) await setImmediate()
            heldMost = Math.max(heldMost, pulled - written)
            await file.write(position, parts)
            for (const part of parts) written += part.length / pieceBytes
          },
          async read(position, length) {
            readBytes += length
            return file.read(position, length)
          },
        }
      },
    }
    const store = await openDirectoryBucketStoreOn(
      { disk: watched, openIndex: () => openMemoryObjectIndex() },
      { directory: '/buckets', keys: createTestKeys(), now: () => 1 },
    )
    await store.createBucket('logs', { owner: user.account, region: 'eu-central-1' })
    const piece = Buffer.alloc(pieceBytes, 'x')
    async function* body(): AsyncGenerator<Uint8Array> {
      for (let n = 0; n < pieceCount; n++) {
        pulled += 1
        yield piece
      }
    }
    const { size } = await store.objects.putObject({ bucket: 'logs', key: 'k', user }, body())
    assert.equal(size, pieceBytes * pieceCount)
    assert.ok(heldMost > 0 && heldMost <= heldMax, `${heldMost} pieces held`)

    const object = await store.objects.openObject({ bucket: 'logs', key: 'k', user })
    let taken = 0
    for await (const part of object.read({ from: 0, to: size })) {
      taken += part.length
      assert.ok(readBytes - taken <= heldMax * pieceBytes, `${readBytes - taken} bytes read ahead`)
    }
    assert.equal(taken, size)
    readBytes = 0
    for await (const part of object.read({ from: 5_000_000, to: 5_000_001 })) assert.equal(part.length, 1)
    assert.ok(readBytes < 2 * pieceBytes, `${readBytes} bytes read for one`)
    await object.close()
    await store.close()
  }, 60_000)

  test('who stops reading, or never begins, keeps no file open', async () => {
    const disk = createSimulatedDisk()
    let open = 0
    const watched: Disk = {
      ...disk,
      async open(path, mode) {
        const file = await disk.open(path, mode)
        open += 1
        return { ...file, close: () => ((open -= 1), file.close()) }
      },
    }
    const store = await openDirectoryBucketStoreOn(
      { disk: watched, openIndex: () => openMemoryObjectIndex() },
      { directory: '/buckets', keys: createTestKeys(), now: () => 1 },
    )
    await store.createBucket('logs', { owner: user.account, region: 'eu-central-1' })
    const body = Buffer.alloc(2_000_000)
    await store.put({ bucket: 'logs', key: 'k', body, caller: { kind: 'owner' } })
    const object = await store.objects.openObject({ bucket: 'logs', key: 'k', user })
    for await (const part of object.read({ from: 0, to: body.length })) {
      assert.equal(open, 1)
      if (part.length > 0) break
    }
    assert.equal(open, 0)
    await object.close()
    await store.close()
  })
})
