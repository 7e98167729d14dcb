import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { describe, test } from 'vitest'
import type { NewEntry, Sequence, StreamId } from '@opentrail/core/event'
import {
  consistencyProof,
  createNodeTable,
  createTreeBuilder,
  inclusionProof,
  leafHash,
  rangeProof,
  rootHash,
  verifyConsistency,
  verifyInclusion,
  type NodeReader,
} from '@opentrail/core/merkle'
import { createMemoryControlStore, type MemoryControlStore } from '../control/index.ts'
import { createMemoryJournal, type Journal } from '../journal/index.ts'
import { entries as makeEntries, stream as streamNumber } from '../journal/entries.testing.ts'
import { CipherError } from '../keyring/index.ts'
import { ForeignTreeError, LeavesLostError, openStreamTrees, type StreamTrees, type TreeLimits } from './index.ts'

const stream = streamNumber(1)
const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex')

/** The whole tree of all entries ever appended, computed apart. */
function reference() {
  const table = createNodeTable()
  const builder = createTreeBuilder({ keep: table.keep })
  return {
    nodes: table.nodes,
    add: (entries: readonly NewEntry[]) => {
      for (const { recordHash } of entries) builder.append(leafHash(recordHash))
    },
    size: () => builder.frontier().size,
    root: async (size: number): Promise<Uint8Array> =>
      rootHash({ size, nodes: (await rangeProof(size, size, size, table.nodes)).left }),
  }
}

/** A journal with a tree of its own beside it, and what failed. */
function deployment(limits: Partial<TreeLimits> = {}, control: MemoryControlStore = createMemoryControlStore()) {
  const journal = createMemoryJournal()
  const expected = reference()
  const failures: string[] = []
  let round = 0
  const world = {
    journal,
    control,
    expected,
    failures,
    async append(count: number, admittedAt = 1_000) {
      const added = makeEntries(`round-${round++}`, count, { admittedAt, size: 10 })
      await journal.append(stream, added)
      expected.add(added)
    },
    open: (over: Journal = journal) =>
      openStreamTrees({
        journal: over,
        control: world.control,
        now: () => 0,
        failed: (step, of, error) => void failures.push(`${step} ${of}: ${(error as Error).message}`),
        limits: { pageEntries: 100, waitingMax: 4, ...limits },
      }),
    /** Removes entries up to `last` from the journal, whatever holds them back. */
    async remove(last: number, in_: StreamId = stream) {
      await journal.retain(Infinity, new Map([[in_, last as Sequence]]))
    },
    crash() {
      world.control = world.control.crash()
    },
  }
  return world
}

async function assertSameNodes(
  trees: StreamTrees,
  expected: NodeReader,
  places: readonly (readonly [number, number])[],
) {
  const nodes = trees.nodes(stream)
  for (const [level, index] of places)
    assert.equal(hex(await nodes(level, index)), hex(await expected(level, index)), `node ${level}/${index}`)
}

async function assertProves(trees: StreamTrees, { root }: ReturnType<typeof reference>, older: number, newer: number) {
  const proof = await consistencyProof(older, newer, trees.nodes(stream))
  const claim = { oldSize: older, oldRoot: await root(older), newSize: newer, newRoot: await root(newer), proof }
  assert.ok(verifyConsistency(claim), `${older} to ${newer}`)
}

describe('stream trees', () => {
  test('every node of every level is the one of the whole tree, followed, stored or read anew', async () => {
    const world = deployment()
    const trees = await world.open()
    for (const count of [1, 254, 1, 1, 700, 43, 2_000]) await world.append(count)
    const size = world.expected.size()
    assert.equal(await trees.reach(stream, size), size)
    const places = [0, 1, 2, 5, 7, 8, 9, 11].flatMap((level) => {
      const count = Math.floor(size / 2 ** level)
      return [...new Set([0, Math.floor(count / 2), count - 1])].map((index) => [level, index] as const)
    })
    await assertSameNodes(trees, world.expected.nodes, places)
    await trees.close()
    assert.equal(trees.cursors().get(stream), size)
    const again = await world.open()
    await assertSameNodes(again, world.expected.nodes, places)
    await again.close()
    assert.deepEqual(world.failures, [])
  })

  test('frontiers and proofs at any size are right, whatever was stored and whenever the process died', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 1, max: 400 }).map((count) => ({ kind: 'append', count }) as const) },
      fc.constantFrom(...(['store', 'crash', 'close', 'job'] as const)).map((kind) => ({ kind, count: 0 })),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
        async (steps, picks) => {
          const world = deployment()
          let trees = await world.open()
          for (const { kind, count } of steps) {
            if (kind === 'append') await world.append(count)
            if (kind === 'store') await trees.store()
            if (kind === 'job' && trees.job.dueAt() !== undefined)
              await trees.job.run(0).then(() => trees.job.settled())
            if (kind === 'close') await trees.close()
            if (kind === 'crash') world.crash()
            if (kind === 'crash' || kind === 'close') trees = await world.open()
          }
          const size = world.expected.size()
          const [older = 0, newer = 0] = picks
            .slice(0, 2)
            .map((pick) => pick % (size + 1))
            .sort((a, b) => a - b)
          for (const at of [older, newer, size])
            assert.equal(hex(rootHash(await trees.frontier(stream, at))), hex(await world.expected.root(at)))
          await assertProves(trees, world.expected, older, newer)
          if (newer > 0) {
            const index = picks[2]! % newer
            const proof = await inclusionProof(newer, index, trees.nodes(stream))
            const leaf = await world.expected.nodes(0, index)
            assert.ok(verifyInclusion({ leaf, index, size: newer, proof, root: await world.expected.root(newer) }))
          }
          assert.deepEqual(world.failures, [])
        },
      ),
      { numRuns: 40 },
    )
  })

  test('a store that dies at any transaction, before or after it took effect, leaves a tree to go on with', async () => {
    for (let dies = 0; dies < 12; dies++)
      for (const fault of ['before', 'after'] as const) {
        let transactions = 0
        const faulty = createMemoryControlStore({ fault: () => (transactions++ === dies ? fault : undefined) })
        const world = deployment({ waitingMax: 1 }, faulty)
        let trees = await world.open()
        for (let round = 0; round < 6; round++) {
          await world.append(301)
          await trees.store()
          await trees.keep(stream, world.expected.size() - 7).catch(() => undefined)
        }
        world.crash()
        trees = await world.open()
        const size = await trees.reach(stream, world.expected.size())
        await trees.store()
        assert.equal(trees.cursors().get(stream), size)
        for (const older of [1, 255, 300, 512, 999, size]) await assertProves(trees, world.expected, older, size)
        await trees.close()
      }
  })

  test('what waits in memory is stored when it is much, and not before', async () => {
    const world = deployment({ waitingMax: 3 })
    const trees = await world.open()
    await world.append(2 * 256 + 5)
    assert.equal(trees.job.dueAt(), undefined)
    assert.equal(trees.cursors().get(stream), 0)
    await world.append(256)
    assert.equal(trees.job.dueAt(), 0)
    await trees.job.run(0)
    await trees.job.settled()
    assert.equal(trees.cursors().get(stream), 3 * 256 + 5)
    assert.equal(trees.job.dueAt(), undefined)
    await trees.close()
  })

  test('while nothing can be stored memory stays bounded and the journal is kept; afterwards nothing is missing', async () => {
    let isDown = true
    const world = deployment(
      { waitingMax: 2, waitingHardMax: 4 },
      createMemoryControlStore({ fault: () => (isDown ? 'before' : undefined) }),
    )
    const trees = await world.open()
    for (let round = 0; round < 20; round++) {
      await world.append(256)
      if (trees.job.dueAt() !== undefined) await trees.job.run(0).then(() => trees.job.settled())
    }
    assert.equal(trees.cursors().get(stream), 0)
    assert.ok(world.failures.length > 0)
    isDown = false
    assert.equal(await trees.reach(stream, 20 * 256), 20 * 256)
    await assertProves(trees, world.expected, 300, 20 * 256)
    await trees.close()
  })

  test('a size that is not durable yet is refused', async () => {
    const world = deployment()
    const trees = await world.open()
    await world.append(5)
    await assert.rejects(trees.reach(stream, 6), RangeError)
    await assert.rejects(async () => trees.nodes(stream)(0, 5), RangeError)
    await assert.rejects(trees.reach(streamNumber(2), 1), RangeError)
    assert.equal(await trees.reach(streamNumber(2), 0), 0)
    await trees.close()
  })
})

describe('stream trees after entries are gone', () => {
  test('a kept size is shown to be the beginning of every later tree, for ever', async () => {
    const world = deployment()
    let trees = await world.open()
    const kept: number[] = []
    for (const count of [100, 5, 60, 91, 1, 30, 256, 77, 300]) {
      await world.append(count)
      kept.push(world.expected.size())
      await trees.keep(stream, world.expected.size())
      if (count === 60) {
        world.crash()
        trees = await world.open()
      }
    }
    // Some time later, and not when it was the newest: also such a size.
    kept.push(333)
    await trees.keep(stream, 333)
    await trees.store()
    await world.remove(world.expected.size())
    await world.append(40)
    kept.push(world.expected.size())
    await trees.keep(stream, world.expected.size())
    await trees.close()
    trees = await world.open()
    for (const older of kept)
      for (const newer of kept) if (older <= newer) await assertProves(trees, world.expected, older, newer)
    await trees.close()
    assert.deepEqual(world.failures, [])
  })

  test('what was not kept says that it is lost; what lies in whole tiles is not', async () => {
    const world = deployment()
    const trees = await world.open()
    await world.append(1_000)
    await trees.store()
    await world.remove(700)
    await assert.rejects(trees.frontier(stream, 300), LeavesLostError)
    await assert.rejects(async () => trees.nodes(stream)(0, 699), LeavesLostError)
    await assertSameNodes(trees, world.expected.nodes, [
      [0, 700],
      [8, 0],
      [9, 0],
      [8, 2],
    ])
    await assertProves(trees, world.expected, 512, 1_000)
    await trees.close()
  })

  test('the journal keeps what the stored tree does not have', async () => {
    const world = deployment()
    const trees = await world.open()
    await world.append(300)
    await world.journal.retain(Infinity, trees.cursors())
    assert.equal(world.journal.streams()[0]?.first, 1)
    await trees.store()
    await world.journal.retain(Infinity, trees.cursors())
    assert.equal(world.journal.streams()[0]?.first, 301)
    await trees.close()
  })

  test('a tree that begins after the front of its journal is gone goes on from there, with the right roots', async () => {
    const world = deployment()
    await world.append(777)
    await world.remove(500)
    let trees = await world.open()
    assert.equal(await trees.reach(stream, 777), 777)
    assert.equal(hex(rootHash(await trees.frontier(stream, 777))), hex(await world.expected.root(777)))
    await assert.rejects(async () => trees.nodes(stream)(8, 0), LeavesLostError)
    await world.append(700)
    await trees.close()
    trees = await world.open()
    await assertProves(trees, world.expected, 777, 1_477)
    await assert.rejects(trees.frontier(stream, 300), LeavesLostError)
    await trees.close()
  })

  test('a tree whose next entries cannot be read for want of their key goes on behind them', async () => {
    const world = deployment()
    let trees = await world.open()
    await world.append(300)
    await trees.close()
    await world.append(300)
    const unreadable: Journal = {
      ...world.journal,
      read: () => Promise.reject(new CipherError('the key is destroyed')),
    }
    trees = await world.open(unreadable)
    assert.equal(await trees.reach(stream, 600), 600)
    assert.equal(hex(rootHash(await trees.frontier(stream, 600))), hex(await world.expected.root(600)))
    await assertSameNodes(trees, world.expected.nodes, [[8, 0]])
    await assert.rejects(async () => trees.nodes(stream)(8, 1), LeavesLostError)
    await world.append(200)
    assert.equal(hex(rootHash(await trees.frontier(stream, 800))), hex(await world.expected.root(800)))
    await trees.close()
  })

  test('a stored tree of another journal is told once and nothing is answered from it', async () => {
    const world = deployment()
    await world.append(300)
    const first = await world.open()
    await first.reach(stream, 300)
    await first.close()
    const other = createMemoryJournal()
    await other.append(stream, makeEntries('other', 300, { size: 10 }))
    const trees = await world.open(other)
    await trees.job.run(0)
    await trees.job.settled()
    assert.equal(trees.job.dueAt(), undefined)
    assert.equal(world.failures.length, 1)
    await assert.rejects(trees.reach(stream, 10), ForeignTreeError)
    await other.append(stream, makeEntries('later', 1_300, { size: 10 }))
    assert.equal(trees.job.dueAt(), undefined)
    assert.equal(trees.cursors().get(stream), 1_600)
    await trees.close()
  })

  test('a stored tree of another journal is found out also while entries arrive', async () => {
    const world = deployment()
    await world.append(300)
    const first = await world.open()
    await first.reach(stream, 300)
    await first.close()
    const other = createMemoryJournal()
    for (const before of [300, 200]) {
      await other.append(stream, makeEntries(`before ${before}`, before, { size: 10 }))
      let arrivals = 3
      const arriving: Journal = {
        ...other,
        async read(...range) {
          const page = await other.read(...range)
          if (arrivals-- > 0) await other.append(stream, makeEntries(`arriving ${before} ${arrivals}`, 1, { size: 10 }))
          return page
        },
      }
      const trees = await world.open(arriving)
      await other.append(stream, makeEntries(`behind ${before}`, 5, { size: 10 }))
      await assert.rejects(trees.reach(stream, 10), ForeignTreeError)
      await trees.close()
    }
  })
})
