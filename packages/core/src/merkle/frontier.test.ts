import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'vitest'
import { appendLeaf, appendLeaves, emptyFrontier, rootHash } from './frontier.ts'
import { leafHash } from './hashes.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const sha256 = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()

/** The leaves and roots with which Certificate Transparency implementations check RFC 6962 trees. */
const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  (input) => Buffer.from(input, 'hex'),
)
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

/** RFC 6962 §2.1 word for word: split at the largest power of two below the number of leaves. */
function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return sha256(Uint8Array.of(0), leaves[0]!)
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return sha256(Uint8Array.of(1), rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)))
}

test('the published leaves give the published roots', () => {
  for (let size = 0; size <= inputs.length; size++) {
    const frontier = inputs.slice(0, size).reduce(appendLeaf, emptyFrontier)
    assert.equal(frontier.size, size)
    assert.equal(hex(rootHash(frontier)), roots[size], `${size} leaves`)
  }
  assert.equal(hex(leafHash(Buffer.alloc(0))), roots[1])
})

test('at any size the frontier has one node per set bit, and the root that the definition gives', () => {
  const leaves = Array.from({ length: 130 }, (_, index) => sha256(Buffer.from(String(index))))
  let frontier = emptyFrontier
  for (let size = 1; size <= leaves.length; size++) {
    const before = frontier
    const nodesBefore = before.nodes.map(hex)
    frontier = appendLeaf(frontier, leaves[size - 1]!)
    assert.deepEqual(before.nodes.map(hex), nodesBefore, 'appending changed the older frontier')
    assert.equal(frontier.nodes.length, size.toString(2).replaceAll('0', '').length)
    assert.equal(hex(rootHash(frontier)), hex(rootOf(leaves.slice(0, size))), `${size} leaves`)
  }
})

test('appending many at once, from any size, is appending each', () => {
  const leaves = Array.from({ length: 40 }, (_, index) =>
    sha256(Buffer.from(String(index))).subarray(0, 32 - (index % 3)),
  )
  for (let from = 0; from <= leaves.length; from++) {
    const before = leaves.slice(0, from).reduce(appendLeaf, emptyFrontier)
    const together = appendLeaves(before, leaves.slice(from))
    assert.equal(together.size, leaves.length)
    assert.equal(hex(rootHash(together)), hex(rootOf(leaves)))
  }
})
