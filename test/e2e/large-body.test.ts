import assert from 'node:assert/strict'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { account } from '../wire/test-server.ts'
import { largeBody, linesPerBlock, newKey, post, type Post } from './intake-client.ts'
import { startServerProcess, type ServerProcess } from './server-process.ts'

// LARGE_BODIES=1: a whole gigabyte and half of one after it, and 200 MB that are held on disk until their hash is proven.
const isLarge = process.env['LARGE_BODIES'] === '1'
const [streamedMiB, againMiB, hashedMiB] = isLarge ? [1_000, 500, 200] : [64, 32, 32]
const MiB = 1024 * 1024
/** What a busy server comes to hold, whatever it is sent: windows of ids, caches, queues, history's tail, several threads' heaps. */
const plateauMax = 768 * MiB
/** Once it is there, another body adds nothing but chance; a small one has not brought the server there. */
const laterMax = isLarge ? 192 * MiB : plateauMax

let server: ServerProcess
beforeAll(async () => {
  server = await startServerProcess({ account })
  // Workers, windows and compiled code are there before the measuring begins.
  await post({ endpoint: server.endpoint, body: largeBody(4, '00000000') })
})
afterAll(() => server.close())

/** How much the server's memory grew over what it was before, in bytes, while it took in `blocks` MiB. */
async function growth(name: string, blocks: number, options: Partial<Post>): Promise<number> {
  const { rss } = await server.memory()
  const began = performance.now()
  const { status, answer } = await post({ endpoint: server.endpoint, body: largeBody(blocks, name), ...options })
  const seconds = (performance.now() - began) / 1_000
  const { rssMax } = await server.memory()
  const MB = (bytes: number) => Math.round(bytes / 1e6)
  console.log(`${blocks} MiB in ${seconds.toFixed(1)} s, memory ${MB(rss)} MB before, ${MB(rssMax)} MB at most`)
  const lines = blocks * linesPerBlock
  assert.deepEqual([status, answer.received, answer.stored, answer.refused], [200, lines, lines, 0])
  return rssMax - rss
}

describe('memory stays flat', { timeout: 600_000 }, () => {
  test('bodies that are stored as they come', async () => {
    const { secretAccessKey: token } = await newKey(server.endpoint, 'producer', 'bearer')
    const grown = await growth('11111111', streamedMiB, { token })
    assert.ok(grown < plateauMax, `${grown} bytes more`)
    const grownAgain = await growth('22222222', againMiB, { payload: 'UNSIGNED-PAYLOAD' })
    assert.ok(grownAgain < laterMax, `${grownAgain} bytes more`)
  })

  test('a body that is held on disk until its hash is proven', async () => {
    const grown = await growth('33333333', hashedMiB, {})
    assert.ok(grown < laterMax, `${grown} bytes more`)
  })
})
