import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { nodeHash } from './hashes.ts'
import { inclusionProof, verifyInclusion, type InclusionClaim } from './inclusion.ts'
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

async function claimOf(size: number, index: number): Promise<InclusionClaim> {
  const proof = await inclusionProof(size, index, nodes)
  return { leaf: leaves[index]!, index, size, proof, root: naive.root(size) }
}

test('each leaf of each tree has the proof that the definition gives, and it is accepted', async () => {
  for (let size = 1; size <= 70; size++)
    for (let index = 0; index < size; index++) {
      const claim = await claimOf(size, index)
      assert.deepEqual(claim.proof.map(hex), naive.inclusion(size, index).map(hex))
      assert.ok(verifyInclusion(claim), `leaf ${index} of ${size}`)
    }
})

test('so it is in larger trees', async () => {
  const place = fc
    .integer({ min: 71, max: leaves.length })
    .chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)))
  const property = fc.asyncProperty(place, async ([size, index]) => {
    const claim = await claimOf(size, index)
    assert.deepEqual(claim.proof.map(hex), naive.inclusion(size, index).map(hex))
    assert.ok(verifyInclusion(claim))
  })
  await fc.assert(property, { numRuns: 30 })
})

test('no other proof, leaf or root is accepted', async () => {
  for (const [size, index] of [
    [1, 0],
    [2, 1],
    [7, 6],
    [11, 4],
    [33, 32],
    [64, 21],
  ] as const) {
    const claim = await claimOf(size, index)
    for (const proof of changedLists(claim.proof)) assert.equal(verifyInclusion({ ...claim, proof }), false)
    for (const leaf of withOneBitChanged(claim.leaf)) assert.equal(verifyInclusion({ ...claim, leaf }), false)
    for (const root of withOneBitChanged(claim.root)) assert.equal(verifyInclusion({ ...claim, root }), false)
  }
})

test('no other index is accepted, nor another size whose tree has the leaf elsewhere', async () => {
  for (let size = 1; size <= 40; size++)
    for (let index = 0; index < size; index++) {
      const claim = await claimOf(size, index)
      for (let other = -1; other <= 80; other++) {
        assert.equal(verifyInclusion({ ...claim, index: other }), other === index, `${other} for ${index} of ${size}`)
        const accepted = other > index && turnsTo(other, index, index + 1) === turnsTo(size, index, index + 1)
        assert.equal(verifyInclusion({ ...claim, size: other }), accepted, `leaf ${index} of ${other}, not ${size}`)
      }
    }
})

test('numbers and values of any kind are answered, not thrown at', async () => {
  const claim = await claimOf(9, 3)
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
  for (const member of ['leaf', 'index', 'size', 'proof', 'root'])
    for (const value of odd) assert.equal(verifyInclusion({ ...claim, [member]: value }), false, member)
  assert.equal(verifyInclusion({ ...claim, proof: Array(claim.proof.length) }), false)
})

test('in the largest tree there can be, a leaf has a proof of 53 hashes', () => {
  const size = Number.MAX_SAFE_INTEGER
  const [leaf, ...proof] = someLeaves(54)
  const first = proof.reduce((hash, sibling) => nodeHash(hash, sibling), leaf!)
  assert.ok(verifyInclusion({ leaf: leaf!, index: 0, size, proof, root: first }))
  // The last leaf is the left of no other: each level's left half is complete.
  const last = proof.slice(1).reduce((hash, sibling) => nodeHash(sibling, hash), leaf!)
  assert.ok(verifyInclusion({ leaf: leaf!, index: size - 1, size, proof: proof.slice(1), root: last }))
})

test('a proof reads at most two nodes per level', async () => {
  for (const index of [0, 4, 511, 1_023, 1_024, 1_098]) {
    let reads = 0
    await inclusionProof(1_099, index, (level, at) => {
      reads += 1
      return nodes(level, at)
    })
    assert.ok(reads <= 2 * 11, `${reads} reads for leaf ${index}`)
  }
})

test('there is no proof of what is not in the tree, nor of nodes that are no hashes', async () => {
  for (const [size, index] of [
    [0, 0],
    [5, 5],
    [5, -1],
    [5, 0.5],
    [NaN, 0],
  ] as const)
    await assert.rejects(inclusionProof(size, index, nodes), RangeError)
  await assert.rejects(
    inclusionProof(5, 1, () => new Uint8Array(31)),
    /node 0 of level 0 is not a hash/,
  )
})
