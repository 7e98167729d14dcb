import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, test } from 'vitest'
import { bodyOf } from './intake.testing.ts'
import { createSpool, SpoolFullError } from './spool.ts'

let directory: string
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'opentrail-spool-')), 'spool')
})
afterEach(() => rm(join(directory, '..'), { recursive: true }))

const filesLeft = () => readdir(directory).catch(() => undefined)
const limits = { bodyMemoryBytesMax: 1_000, memoryBytesMax: 1_500, diskBytesMax: 10_000 }

describe('spool', () => {
  test('a small body stays in memory and can be read twice', async () => {
    await using held = await createSpool(directory, limits).hold(bodyOf('abc', 'def'))
    assert.equal(held.bytes, 6)
    assert.equal((await buffer(held.read())).toString(), 'abcdef')
    assert.equal((await buffer(held.read())).toString(), 'abcdef')
    assert.equal(await filesLeft(), undefined)
  })

  test('a large one comes back as it was, from a file that has no name', async () => {
    const body = randomBytes(1_000_003)
    const pieces = Array.from({ length: 101 }, (_, index) => body.subarray(index * 10_000, (index + 1) * 10_000))
    await using held = await createSpool(directory).hold(bodyOf(...pieces, randomBytes(5_000_000)))
    assert.equal(held.bytes, 6_000_003)
    assert.deepEqual(await filesLeft(), [])
    assert.ok((await buffer(held.read())).subarray(0, body.length).equals(body))
    assert.ok((await buffer(held.read())).subarray(0, body.length).equals(body))
  })

  test.skipIf(process.platform !== 'linux')('what is on disk is encrypted', async () => {
    const { readFile, readlink } = await import('node:fs/promises')
    const marker = 'a secret of the body '
    await using held = await createSpool(directory, limits).hold(bodyOf(marker.repeat(100)))
    assert.equal(held.bytes, 2_100)
    const open = await readdir('/proc/self/fd')
    const targets = await Promise.all(open.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
    const mine = open.filter((_, index) => targets[index]!.startsWith(directory))
    assert.equal(mine.length, 1)
    const onDisk = await readFile(`/proc/self/fd/${mine[0]}`)
    assert.equal(onDisk.length, 2_100)
    assert.ok(!onDisk.includes(marker.slice(0, 8)))
  })

  test('a body that fails leaves nothing and takes no room', async () => {
    const spool = createSpool(directory, limits)
    const failure = new Error('a broken signature')
    async function* broken(bytes: number) {
      yield Buffer.alloc(bytes)
      throw failure
    }
    for (let i = 0; i < 5; i++) {
      await assert.rejects(spool.hold(broken(9_000)), (error) => error === failure)
      await assert.rejects(spool.hold(broken(900)), (error) => error === failure)
    }
    assert.deepEqual(await filesLeft(), [])
    await using held = await spool.hold(bodyOf(Buffer.alloc(9_500)))
    assert.equal(held.bytes, 9_500)
  })

  test('all bodies together are bounded: in memory, then on disk', async () => {
    const spool = createSpool(directory, limits)
    const first = await spool.hold(bodyOf(Buffer.alloc(900)))
    assert.equal(await filesLeft(), undefined)
    // No memory is left for this one, though it is small.
    const second = await spool.hold(bodyOf(Buffer.alloc(400), Buffer.alloc(400, 7)))
    assert.deepEqual(await filesLeft(), [])
    assert.deepEqual(await buffer(second.read()), Buffer.concat([Buffer.alloc(400), Buffer.alloc(400, 7)]))
    const third = await spool.hold(bodyOf(Buffer.alloc(9_100)))
    await assert.rejects(spool.hold(bodyOf(Buffer.alloc(1_001))), SpoolFullError)
    for (const held of [first, second, third]) {
      await held[Symbol.asyncDispose]()
      await held[Symbol.asyncDispose]()
    }
    await using again = await spool.hold(bodyOf(Buffer.alloc(10_000)))
    assert.equal(again.bytes, 10_000)
  })
})
