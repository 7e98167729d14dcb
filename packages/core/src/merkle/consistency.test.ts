import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { consistencyProof, verifyConsistency, type ConsistencyClaim } from './consistency.ts'
import { emptyRoot } from './hashes.ts'
import {
  builtTree,
  changedLists,
  hex,
  naiveTree,
  someLeaves,
  turnsTo,
  withOneBitChanged,
} from './naive-merkle.testing.ts'

const leaves = someLeaves(1_100)
const naive = naiveTree(leaves)
const { nodes } = builtTree(leaves)
const rootOf = (size: number) => (size === 0 ? emptyRoot() : naive.root(size))

async function claimOf(oldSize: number, newSize: number): Promise<ConsistencyClaim> {
  const proof = await consistencyProof(oldSize, newSize, nodes)
  return { oldSize, oldRoot: rootOf(oldSize), newSize, newRoot: rootOf(newSize), proof }
}

test('each tree and each of its beginnings have the proof that the definition gives, and it is accepted', async () => {
  for (let newSize = 0; newSize <= 70; newSize++)
    for (let oldSize = 0; oldSize <= newSize; oldSize++) {
      const claim = await claimOf(oldSize, newSize)
      assert.deepEqual(claim.proof.map(hex), oldSize === 0 ? [] : naive.consistency(oldSize, newSize).map(hex))
      assert.ok(verifyConsistency(claim), `${oldSize} to ${newSize}`)
    }
})

test('so have larger trees', async () => {
  const sizes = fc
    .integer({ min: 71, max: leaves.length })
    .chain((size) => fc.tuple(fc.integer({ min: 1, max: size }), fc.constant(size)))
  const property = fc.asyncProperty(sizes, async ([oldSize, newSize]) => {
    const claim = await claimOf(oldSize, newSize)
    assert.deepEqual(claim.proof.map(hex), naive.consistency(oldSize, newSize).map(hex))
    assert.ok(verifyConsistency(claim))
  })
  await fc.assert(property, { numRuns: 30 })
})

test('no other proof or root is accepted', async () => {
  for (const [oldSize, newSize] of [
    [0, 0],
    [1, 1],
    [1, 2],
    [4, 7],
    [6, 7],
    [6, 8],
    [21, 33],
    [32, 64],
    [63, 64],
  ] as const) {
    const claim = await claimOf(oldSize, newSize)
    for (const proof of changedLists(claim.proof)) assert.equal(verifyConsistency({ ...claim, proof }), false)
    for (const oldRoot of withOneBitChanged(claim.oldRoot))
      assert.equal(verifyConsistency({ ...claim, oldRoot }), false)
    for (const newRoot of withOneBitChanged(claim.newRoot))
      assert.equal(verifyConsistency({ ...claim, newRoot }), false)
  }
})

test('no other old size is accepted, nor another new size that the old tree lies elsewhere in', async () => {
  for (let newSize = 1; newSize <= 40; newSize++)
    for (let oldSize = 1; oldSize <= newSize; oldSize++) {
      const claim = await claimOf(oldSize, newSize)
      for (let other = -1; other <= 80; other++) {
        const message = `${other} for ${oldSize} to ${newSize}`
        assert.equal(verifyConsistency({ ...claim, oldSize: other }), other === oldSize, message)
        const accepted = other >= oldSize && turnsTo(other, 0, oldSize) === turnsTo(newSize, 0, oldSize)
        assert.equal(verifyConsistency({ ...claim, newSize: other }), accepted, message)
      }
    }
})

test('a tree in which an old leaf was changed, removed or moved is not consistent with the old one', async () => {
  const rewritten = [
    leaves.with(3, leaves[500]!),
    leaves.toSpliced(3, 1),
    leaves.with(3, leaves[4]!).with(4, leaves[3]!),
  ]
  for (const other of rewritten) {
    const proof = await consistencyProof(20, 50, builtTree(other).nodes)
    const newRoot = naiveTree(other).root(50)
    assert.equal(verifyConsistency({ ...(await claimOf(20, 50)), newRoot, proof }), false)
    assert.equal(verifyConsistency({ ...(await claimOf(20, 50)), newRoot }), false)
  }
})

test('the empty tree is the beginning of each, but only with its own root and without a proof', async () => {
  const claim = await claimOf(0, 5)
  assert.equal(verifyConsistency({ ...claim, oldRoot: rootOf(1) }), false)
  assert.equal(verifyConsistency({ ...claim, proof: [rootOf(5)] }), false)
})

test('numbers and values of any kind are answered, not thrown at', async () => {
  const claim = await claimOf(6, 9)
  const odd: unknown[] = [
    NaN,
    Infinity,
    -1,
    0.5,
    2 ** 53,
    2 ** 53 - 1,
    9n,
    '9',
    null,
    undefined,
    {},
    [],
    '0'.repeat(32),
  ]
  for (const member of ['oldSize', 'oldRoot', 'newSize', 'newRoot', 'proof'])
    for (const value of odd) assert.equal(verifyConsistency({ ...claim, [member]: value }), false, member)
})

test('there is no proof of a tree that has shrunk', async () => {
  for (const [oldSize, newSize] of [
    [2, 1],
    [-1, 1],
    [0.5, 1],
    [1, NaN],
  ] as const)
    await assert.rejects(consistencyProof(oldSize, newSize, nodes), RangeError)
})
