import { isHash, sameHash } from './hashes.ts'
import { spanHash, type NodeReader } from './node-reader.ts'
import { foldPieces, inclusionSpans, isSize } from './spans.ts'

export interface InclusionClaim {
  /** `leafHash` of the record's hash. Compute it from the record; never take it from who wants to prove something. */
  readonly leaf: Uint8Array
  /** The leaf's place, counted from 0: a record's sequence less one. */
  readonly index: number
  readonly size: number
  readonly proof: readonly Uint8Array[]
  readonly root: Uint8Array
}

/**
 * The hashes that prove leaf `index` to be in the tree of `size` leaves, from the leaf's sibling upwards (RFC 6962
 * §2.1.1). Reads at most two nodes per level.
 * @throws {RangeError} there is no such leaf; else what `nodes` throws.
 */
export async function inclusionProof(size: number, index: number, nodes: NodeReader): Promise<Uint8Array[]> {
  if (!isSize(size) || !isSize(index) || index >= size)
    throw new RangeError(`a tree of ${size} leaves has no leaf ${index}`)
  return Promise.all(inclusionSpans(size, index).map((span) => spanHash(span, nodes)))
}

/**
 * Whether the proof shows that the leaf is at this place of the tree with this root. All members may be untrusted but
 * `leaf`, `size` and `root`: a root does not bind its size, so take both from one signed checkpoint. Never throws, and
 * hashes at most 53 times.
 */
export function verifyInclusion({ leaf, index, size, proof, root }: InclusionClaim): boolean {
  if (!isSize(size) || !isSize(index) || index >= size || !isHash(leaf) || !isHash(root)) return false
  const spans = inclusionSpans(size, index)
  const hashes = readHashes(proof, spans.length)
  if (hashes === undefined) return false
  const pieces = spans.map((span, at) => ({ ...span, hash: hashes[at]! }))
  pieces.push({ begin: index, end: index + 1, hash: leaf })
  return sameHash(foldPieces(size, pieces.sort(fromLeftToRight)), root)
}

/** The proof's hashes if they are as many as the sizes require; a proof may come out of any JSON. */
export function readHashes(proof: unknown, count: number): readonly Uint8Array[] | undefined {
  if (!Array.isArray(proof) || proof.length !== count) return undefined
  const hashes: unknown[] = Array.from(proof)
  return hashes.every(isHash) ? hashes : undefined
}

export const fromLeftToRight = (one: { readonly begin: number }, other: { readonly begin: number }): number =>
  one.begin - other.begin
