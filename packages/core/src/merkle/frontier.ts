import { hash } from 'node:crypto'

/**
 * The right edge of an RFC 6962 Merkle tree: all that is needed to go on appending and to compute the root.
 * `size` leaves; `nodes` are the roots of the perfect subtrees from large to small, one per set bit of `size`.
 */
export interface MerkleFrontier {
  readonly size: number
  readonly nodes: readonly Uint8Array[]
}

export const emptyFrontier: MerkleFrontier = { size: 0, nodes: [] }

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => hash('sha256', Buffer.concat(parts), 'buffer')
const leafPrefix = Uint8Array.of(0)
const nodePrefix = Uint8Array.of(1)

/** H(0 ‖ recordHash): the record itself can be erased later while every proof stays valid. */
export const leafHash = (recordHash: Uint8Array): Uint8Array => sha256(leafPrefix, recordHash)

/** Bytes of a SHA-256 hash. */
const hashBytes = 32

/** The frontier after appending one record by its hash (32 bytes). */
export const appendLeaf = (frontier: MerkleFrontier, recordHash: Uint8Array): MerkleFrontier =>
  appendLeaves(frontier, [recordHash])

/** The frontier after appending records by their hashes, in order. Hashes the same bytes as `leafHash` and nodes do. */
export function appendLeaves(frontier: MerkleFrontier, recordHashes: Iterable<Uint8Array>): MerkleFrontier {
  const nodes = [...frontier.nodes]
  let { size } = frontier
  // Two inputs written over again and again: this runs for every record that is stored.
  const leaf = Buffer.alloc(1 + hashBytes)
  const pair = Buffer.alloc(1 + 2 * hashBytes, nodePrefix)
  for (const recordHash of recordHashes) {
    let node: Uint8Array
    if (recordHash.length === hashBytes) {
      leaf.set(recordHash, 1)
      node = hash('sha256', leaf, 'buffer')
    } else node = leafHash(recordHash)
    // Every trailing set bit of the old size is a perfect subtree that the new leaf completes.
    for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      pair.set(nodes.pop()!, 1)
      pair.set(node, 1 + hashBytes)
      node = hash('sha256', pair, 'buffer')
    }
    nodes.push(node)
    size += 1
  }
  return { size, nodes }
}

/** The tree's root; SHA-256 of nothing for the empty tree (RFC 6962 §2.1). */
export function rootHash(frontier: MerkleFrontier): Uint8Array {
  const nodes = [...frontier.nodes]
  let root = nodes.pop()
  if (!root) return sha256()
  while (nodes.length > 0) root = sha256(nodePrefix, nodes.pop()!, root)
  return root
}
