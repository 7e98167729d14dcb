import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'vitest'
import { encodeVerifierKey, formatCheckpoint, signNote } from '@opentrail/core/checkpoint'
import { inclusionProof, leafHash } from '@opentrail/core/merkle'
import { signerOf } from '../../../core/src/checkpoint/checkpoint.testing.ts'
import { builtTree, hex, naiveTree } from '../../../core/src/merkle/naive-merkle.testing.ts'
import { verifyProof, type ApiProof } from './verify-proof.ts'

const origin = 'log.example/111122223333/eu-west-1'
const records = Array.from({ length: 40 }, (_, i) => `{"eventID":"${i}","user":"Zoë"}`)
const leaves = records.map((record) => leafHash(createHash('sha256').update(record).digest()))
const naive = naiveTree(leaves)
const { nodes } = builtTree(leaves)
const signer = signerOf(origin)

async function proofOf(index: number, size: number): Promise<ApiProof> {
  const root = naive.root(size)
  return {
    origin,
    leafIndex: index,
    leafHash: hex(leaves[index]!),
    treeSize: size,
    rootHash: hex(root),
    path: (await inclusionProof(size, index, nodes)).map(hex),
    checkpoint: signNote(formatCheckpoint({ origin, size, root }), [signer]),
    verifierKey: encodeVerifierKey(signer.key),
  }
}

const outcomes = async (record: string, proof: ApiProof) =>
  (await verifyProof(record, proof)).map(({ outcome }) => outcome)
const all = ['proven', 'proven', 'proven', 'proven']

test('each record of each tree is proven', async () => {
  for (const size of [1, 2, 3, 7, 8, 21, 40])
    for (let index = 0; index < size; index++)
      assert.deepEqual(await outcomes(records[index]!, await proofOf(index, size)), all, `${index} of ${size}`)
})

test('nothing that was changed is proven', async () => {
  const proof = await proofOf(5, 21)
  const failing = async (record: string, change: Partial<ApiProof>) => {
    const found = await outcomes(record, { ...proof, ...change })
    assert.ok(found.includes('failed'), JSON.stringify(change))
  }
  await failing(records[6]!, {})
  const other = await proofOf(6, 21)
  const changes: Partial<ApiProof>[] = [
    { leafIndex: 4 },
    { leafIndex: 21 },
    { leafIndex: 0.5 },
    { treeSize: 20 },
    { leafHash: other.leafHash },
    { rootHash: hex(naive.root(20)) },
    { path: other.path },
    { path: [...proof.path, proof.path[0]!] },
    { path: proof.path.slice(1) },
    { path: ['no hash'] },
    { checkpoint: proof.checkpoint.replace('\n21\n', '\n22\n') },
    { checkpoint: proof.checkpoint.replace('111122223333', '444455556666') },
    { checkpoint: (await proofOf(5, 22)).checkpoint },
    { checkpoint: '' },
    { verifierKey: encodeVerifierKey(signerOf('log.example/other').key) },
    { verifierKey: 'none' },
    { origin: 'log.example/other' },
  ]
  for (const change of changes) await failing(records[5]!, change)
})
