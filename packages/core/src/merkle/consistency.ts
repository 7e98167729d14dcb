import { emptyRoot, isHash, sameHash } from './hashes.ts'
import { fromLeftToRight, readHashes } from './inclusion.ts'
import { spanHash, type NodeReader } from './node-reader.ts'
import { consistencySpans, foldPieces, isSize } from './spans.ts'

export interface ConsistencyClaim {
  readonly oldSize: number
  readonly oldRoot: Uint8Array
  readonly newSize: number
  readonly newRoot: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/**
 * The hashes that prove the tree of `oldSize` leaves to be the beginning of that of `newSize` (RFC 6962 §2.1.2); none
 * where `oldSize` is 0 or `newSize`. Reads at most two nodes per level.
 * @throws {RangeError} the sizes are not those of an older and a newer tree; else what `nodes` throws.
 */
export async function consistencyProof(oldSize: number, newSize: number, nodes: NodeReader): Promise<Uint8Array[]> {
  if (!isSize(oldSize) || !isSize(newSize) || oldSize > newSize)
    throw new RangeError(`a tree of ${newSize} leaves has not grown from one of ${oldSize}`)
  if (oldSize === 0) return []
  return Promise.all(consistencySpans(oldSize, newSize).map((span) => spanHash(span, nodes)))
}

/**
 * Whether the proof shows that the new tree was made by appending to the old one. The sizes and roots are those of two
 * signed checkpoints: a root does not bind its size. An empty old tree proves nothing about the new one; its root and an
 * empty proof are demanded all the same. Never throws, and hashes at most 106 times.
 */
export function verifyConsistency({ oldSize, oldRoot, newSize, newRoot, proof }: ConsistencyClaim): boolean {
  if (!isSize(oldSize) || !isSize(newSize) || oldSize > newSize || !isHash(oldRoot) || !isHash(newRoot)) return false
  const spans = oldSize === 0 ? [] : consistencySpans(oldSize, newSize)
  const hashes = readHashes(proof, spans.length)
  if (hashes === undefined) return false
  if (oldSize === newSize && !sameHash(oldRoot, newRoot)) return false
  if (oldSize === 0) return sameHash(oldRoot, emptyRoot())
  const pieces = spans.map((span, at) => ({ ...span, hash: hashes[at]! })).sort(fromLeftToRight)
  // The old tree as one subtree of the new: the proof leaves it out.
  if (pieces[0]?.begin !== 0) pieces.unshift({ begin: 0, end: oldSize, hash: oldRoot })
  const old = pieces.filter(({ end }) => end <= oldSize)
  return sameHash(foldPieces(oldSize, old), oldRoot) && sameHash(foldPieces(newSize, pieces), newRoot)
}
