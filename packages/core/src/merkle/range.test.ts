import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { emptyRoot } from './hashes.ts'
import { inclusionProof } from './inclusion.ts'
import { builtTree, changedLists, hex, naiveTree, someLeaves, withOneBitChanged } from './naive-merkle.testing.ts'
import { createRangeVerifier, rangeProof, verifyRange, type RangeProof } from './range.ts'

const all = someLeaves(1_100)
const naive = naiveTree(all)
const { nodes } = builtTree(all)
const rootOf = (size: number) => (size === 0 ? emptyRoot() : naive.root(size))

const written = ({ left, right }: RangeProof) => ({ left: left.map(hex), right: right.map(hex) })

async function claimOf(size: number, begin: number, end: number) {
  const proof = await rangeProof(size, begin, end, nodes)
  return { begin, end, size, leaves: all.slice(begin, end), proof, root: rootOf(size) }
}

test('each range of each tree has the subtrees beside it as its proof, and it is accepted', async () => {
  for (let size = 0; size <= 36; size++)
    for (let begin = 0; begin <= size; begin++)
      for (let end = begin; end <= size; end++) {
        const claim = await claimOf(size, begin, end)
        if (begin < end) assert.deepEqual(written(claim.proof), written(naive.beside(size, begin, end)))
        assert.ok(verifyRange(claim), `${begin} to ${end} of ${size}`)
      }
})

test('so it is in larger trees', async () => {
  const range = fc
    .integer({ min: 37, max: all.length })
    .chain((size) =>
      fc
        .tuple(fc.constant(size), fc.nat(size), fc.nat(size))
        .map(([size, one, other]) => [size, Math.min(one, other), Math.max(one, other)] as const),
    )
  const property = fc.asyncProperty(range, async ([size, begin, end]) => {
    const claim = await claimOf(size, begin, end)
    if (begin < end) assert.deepEqual(written(claim.proof), written(naive.beside(size, begin, end)))
    assert.ok(verifyRange(claim))
  })
  await fc.assert(property, { numRuns: 60 })
})

test('the proof of one leaf is its inclusion proof, sorted by side', async () => {
  for (let index = 0; index < 45; index++) {
    const { left, right } = await rangeProof(45, index, index + 1, nodes)
    const inclusion = await inclusionProof(45, index, nodes)
    assert.deepEqual([...left, ...right].map(hex).sort(), inclusion.map(hex).sort())
  }
})

test('a hole, a leaf too many, another order or another leaf is found', async () => {
  for (const [size, begin, end] of [
    [1, 0, 1],
    [7, 2, 6],
    [21, 0, 20],
    [33, 5, 33],
    [64, 8, 24],
    [64, 0, 64],
  ] as const) {
    const claim = await claimOf(size, begin, end)
    for (const leaves of changedLists(claim.leaves)) assert.equal(verifyRange({ ...claim, leaves }), false)
    assert.equal(verifyRange({ ...claim, leaves: [] }), false)
  }
})

test('no other proof or root is accepted', async () => {
  for (const [size, begin, end] of [
    [1, 0, 1],
    [7, 2, 6],
    [21, 0, 20],
    [33, 5, 33],
    [64, 8, 24],
    [64, 9, 9],
  ] as const) {
    const { proof, ...claim } = await claimOf(size, begin, end)
    for (const left of changedLists(proof.left))
      assert.equal(verifyRange({ ...claim, proof: { ...proof, left } }), false)
    for (const right of changedLists(proof.right))
      assert.equal(verifyRange({ ...claim, proof: { ...proof, right } }), false)
    for (const root of withOneBitChanged(claim.root)) assert.equal(verifyRange({ ...claim, proof, root }), false)
  }
})

test('the leaves are accepted as no other range of the tree', async () => {
  for (const [size, begin, end] of [
    [8, 2, 6],
    [13, 0, 4],
    [21, 7, 8],
    [33, 16, 33],
  ] as const) {
    const claim = await claimOf(size, begin, end)
    for (let otherBegin = 0; otherBegin <= size; otherBegin++)
      for (let otherEnd = 0; otherEnd <= size; otherEnd++) {
        const same = otherBegin === begin && otherEnd === end
        assert.equal(verifyRange({ ...claim, begin: otherBegin, end: otherEnd }), same, `${otherBegin} to ${otherEnd}`)
      }
  }
})

test('leaves may come one by one, in a buffer that is written over', async () => {
  const claim = await claimOf(50, 11, 40)
  const verifier = createRangeVerifier(claim)
  const buffer = new Uint8Array(32)
  for (const leaf of claim.leaves) {
    assert.equal(verifier.verdict(), false)
    buffer.set(leaf)
    verifier.add(buffer)
  }
  assert.equal(verifier.verdict(), true)
  verifier.add(buffer)
  assert.equal(verifier.verdict(), false)
})

test('an endless list of leaves is not read further than the range and one', async () => {
  const claim = await claimOf(50, 11, 40)
  let taken = 0
  function* endless(): Generator<Uint8Array> {
    while (taken < all.length) yield all[taken++]!
    assert.fail('the list was read to its end')
  }
  assert.equal(verifyRange({ ...claim, leaves: endless() }), false)
  assert.equal(taken, 30)
  assert.equal(verifyRange({ ...claim, end: NaN, leaves: endless() }), false)
  assert.equal(taken, 30)
})

test('numbers and values of any kind are answered, not thrown at', async () => {
  const { proof, ...claim } = await claimOf(9, 3, 6)
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
  for (const value of odd) {
    for (const member of ['begin', 'end', 'size', 'proof', 'root'])
      assert.equal(verifyRange({ ...claim, proof, [member]: value }), false, member)
    for (const side of ['left', 'right'])
      assert.equal(verifyRange({ ...claim, proof: { ...proof, [side]: value } }), false, side)
    const foreign = value as Uint8Array
    assert.equal(verifyRange({ ...claim, proof, leaves: claim.leaves.with(1, foreign) }), false)
  }
})

test('there is no proof of a range outside the tree', async () => {
  for (const [size, begin, end] of [
    [3, 0, 4],
    [3, 2, 1],
    [3, -1, 1],
    [3, 0.5, 1],
    [NaN, 0, 0],
  ] as const)
    await assert.rejects(rangeProof(size, begin, end, nodes), RangeError)
})
