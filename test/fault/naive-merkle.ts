import { createHash } from 'node:crypto'

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** RFC 6962 §2.1, Merkle Tree Hash, as the text defines it. */
function treeHash(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0]!
  const split = 2 ** Math.ceil(Math.log2(leaves.length) - 1)
  return sha256(Uint8Array.of(1), treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)))
}

/** The roots of the perfect subtrees over all records, from large to small: what a frontier has to hold. */
export function naiveFrontier(recordHashes: readonly Uint8Array[]): Buffer[] {
  const leaves = recordHashes.map((recordHash) => sha256(Uint8Array.of(0), recordHash))
  const roots: Buffer[] = []
  for (let from = 0; from < leaves.length;) {
    const size = 2 ** Math.floor(Math.log2(leaves.length - from))
    roots.push(treeHash(leaves.slice(from, from + size)))
    from += size
  }
  return roots
}
