import assert from 'node:assert/strict'
import { test } from 'vitest'
import { consistencyProof, verifyConsistency } from './consistency.ts'
import { rootHash } from './frontier.ts'
import { leafHash } from './hashes.ts'
import { inclusionProof, verifyInclusion } from './inclusion.ts'
import { builtTree, hex, unhex } from './naive-merkle.testing.ts'

// Hashes with which implementations of Certificate Transparency check one another, for the trees of these eight entries.
const entries = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const leaves = entries.map((entry) => leafHash(unhex(entry)))
const root = (size: number) => rootHash(builtTree(leaves.slice(0, size)).frontier)
const { nodes } = builtTree(leaves)

const leaf0 = '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'
const leaf1 = '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7'
const leaf4 = 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b'
const leaf6 = 'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f'
const leaves01 = 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'
const leaves23 = '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e'
const leaves45 = '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a'
const leaves67 = 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0'
const leaves03 = 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'
const leaves47 = '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4'

test.each([
  { index: 0, size: 1, hashes: [] },
  { index: 0, size: 8, hashes: [leaf1, leaves23, leaves47] },
  { index: 5, size: 8, hashes: [leaf4, leaves67, leaves03] },
  { index: 2, size: 3, hashes: [leaves01] },
  { index: 1, size: 5, hashes: [leaf0, leaves23, leaf4] },
])('the published proof of leaf $index in $size', async ({ index, size, hashes }) => {
  const proof = await inclusionProof(size, index, nodes)
  assert.deepEqual(proof.map(hex), hashes)
  assert.ok(verifyInclusion({ leaf: leaves[index]!, index, size, proof: hashes.map(unhex), root: root(size) }))
})

test.each([
  { oldSize: 1, newSize: 1, hashes: [] },
  { oldSize: 1, newSize: 8, hashes: [leaf1, leaves23, leaves47] },
  { oldSize: 6, newSize: 8, hashes: [leaves45, leaves67, leaves03] },
  { oldSize: 2, newSize: 5, hashes: [leaves23, leaf4] },
  { oldSize: 6, newSize: 7, hashes: [leaves45, leaf6, leaves03] },
])('the published proof that $newSize leaves begin with $oldSize', async ({ oldSize, newSize, hashes }) => {
  const proof = await consistencyProof(oldSize, newSize, nodes)
  assert.deepEqual(proof.map(hex), hashes)
  const claim = { oldSize, oldRoot: root(oldSize), newSize, newRoot: root(newSize), proof: hashes.map(unhex) }
  assert.ok(verifyConsistency(claim))
})
