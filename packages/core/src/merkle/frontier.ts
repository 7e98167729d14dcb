import { hash } from 'node:crypto'
import { emptyRoot, hashBytes, leafHash, leafPrefix, nodeHash } from './hashes.ts'
import { createNodeStack, type NodeSink } from './node-stack.ts'

/**
 * The right edge of an RFC 6962 Merkle tree: all that is needed to go on appending and to compute the root.
 * `size` leaves; `nodes` are the roots of the perfect subtrees from large to small, one per set bit of `size`.
 */
export interface MerkleFrontier {
  readonly size: number
  readonly nodes: readonly Uint8Array[]
}

export const emptyFrontier: MerkleFrontier = { size: 0, nodes: [] }

/** The frontier after appending one record by its hash (32 bytes). */
export const appendLeaf = (frontier: MerkleFrontier, recordHash: Uint8Array): MerkleFrontier =>
  appendLeaves(frontier, [recordHash])

/**
 * The frontier after appending records by their hashes, in order. Hashes the same bytes as `leafHash` and nodes do.
 * `completed` is told of each node once all leaves below it are there.
 */
export function appendLeaves(
  frontier: MerkleFrontier,
  recordHashes: Iterable<Uint8Array>,
  completed?: NodeSink,
): MerkleFrontier {
  const stack = createNodeStack(frontier, completed)
  // One input written over again and again: this runs for every record that is stored.
  const leaf = Buffer.alloc(1 + hashBytes, leafPrefix)
  for (const recordHash of recordHashes) {
    if (recordHash.length === hashBytes) {
      leaf.set(recordHash, 1)
      stack.push(hash('sha256', leaf, 'buffer'))
    } else stack.push(leafHash(recordHash))
  }
  return stack.frontier()
}

/** The tree's root; SHA-256 of nothing for the empty tree (RFC 6962 §2.1). */
export function rootHash({ nodes }: MerkleFrontier): Uint8Array {
  const last = nodes.at(-1)
  return last ? nodes.slice(0, -1).reduceRight((root, node) => nodeHash(node, root), last) : emptyRoot()
}
