import assert from 'node:assert/strict'
import { test } from 'vitest'
import { consistencyProof } from './consistency.ts'
import { appendLeaves, emptyFrontier, rootHash } from './frontier.ts'
import { leafHash } from './hashes.ts'
import { inclusionProof } from './inclusion.ts'
import { builtTree, hex, naiveTree, someLeaves } from './naive-merkle.testing.ts'
import { nodesFromRows } from './node-reader.ts'
import { createNodeTable } from './node-table.ts'
import { createTreeBuilder } from './tree-builder.ts'

const leaves = someLeaves(600)
const naive = naiveTree(leaves)
const whole = builtTree(leaves)

test('each perfect subtree is told once, with its root, children before their parent', () => {
  const told = new Map<string, string>()
  const builder = createTreeBuilder({
    keep(level, index, hash) {
      assert.equal(told.has(`${level}/${index}`), false)
      if (level > 0) assert.ok(told.has(`${level - 1}/${2 * index}`) && told.has(`${level - 1}/${2 * index + 1}`))
      told.set(`${level}/${index}`, hex(hash))
    },
  })
  for (const leaf of leaves) builder.append(leaf)
  let count = 0
  for (let level = 0; 2 ** level <= leaves.length; level++)
    for (let index = 0; (index + 1) * 2 ** level <= leaves.length; index++, count++) {
      const perfect = naiveTree(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))
      assert.equal(told.get(`${level}/${index}`), hex(perfect.root(2 ** level)))
    }
  assert.equal(told.size, count)
})

test('the builder has the frontier that appending records gives, at each size, and goes on from it', () => {
  const records = someLeaves(70)
  const table = createNodeTable()
  let frontier = emptyFrontier
  for (let size = 0; size < 70; size++) {
    // A new builder per leaf: nothing is lost with the old one but what its frontier holds.
    const builder = createTreeBuilder({ from: frontier, keep: table.keep })
    assert.deepEqual(builder.frontier(), frontier)
    builder.append(leafHash(records[size]!))
    frontier = builder.frontier()
    assert.deepEqual(frontier, appendLeaves(emptyFrontier, records.slice(0, size + 1)))
  }
  const together = builtTree(records.map(leafHash))
  assert.deepEqual(table.row(0, 0, 70), together.row(0, 0, 70))
  assert.deepEqual(table.row(3, 0, 8), together.row(3, 0, 8))
})

test('proofs from rows that keep every eighth level are those from all nodes', async () => {
  const table = createNodeTable()
  const builder = createTreeBuilder({ keep: table.keep, levels: [0, 8, 16] })
  for (const leaf of leaves) builder.append(leaf)
  assert.throws(() => table.nodes(1, 0), RangeError)
  assert.equal(hex(rootHash(builder.frontier())), hex(naive.root(leaves.length)))
  const nodes = nodesFromRows(table.row)
  for (const size of [1, 255, 256, 257, 512, 600])
    for (const index of [0, 200, 256, 511, 599].filter((index) => index < size)) {
      assert.deepEqual((await inclusionProof(size, index, nodes)).map(hex), naive.inclusion(size, index).map(hex))
      const consistency = await consistencyProof(index + 1, size, nodes)
      assert.deepEqual(consistency.map(hex), naive.consistency(index + 1, size).map(hex))
    }
})

test('a row that is too short is not taken for the nodes', async () => {
  const nodes = nodesFromRows((level, first, count) => whole.row(level, first, count - 1) as Uint8Array, 4)
  await assert.rejects(async () => nodes(2, 3), /level 0 gave 96 bytes for 4 hashes from 12 on/)
})

test('what is no leaf hash and what is no frontier is refused', () => {
  assert.throws(() => createTreeBuilder().append(new Uint8Array(31)), RangeError)
  const { size, nodes } = whole.frontier
  for (const from of [
    { size: size + 1, nodes },
    { size: -1, nodes: [] },
    { size: 0.5, nodes },
    { size: 1, nodes: [Buffer.alloc(33)] },
  ])
    assert.throws(() => createTreeBuilder({ from }), RangeError)
})

test('the table keeps nodes in order and gives none it does not have', () => {
  const table = createNodeTable()
  const [one, other] = [leaves[0]!, leaves[1]!]
  assert.throws(() => table.keep(0, 1, one), RangeError)
  table.keep(0, 0, one)
  assert.throws(() => table.keep(0, 0, other), RangeError)
  assert.deepEqual(table.nodes(0, 0), Uint8Array.from(one))
  for (const [level, first, count] of [
    [0, 0, 2],
    [0, 1, 1],
    [1, 0, 1],
  ] as const)
    assert.throws(() => table.row(level, first, count), RangeError)
})
