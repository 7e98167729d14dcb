import { isHash, sameHash } from './hashes.ts'
import { readHashes } from './inclusion.ts'
import { spanHash, type NodeReader } from './node-reader.ts'
import { createNodeStack } from './node-stack.ts'
import { foldPieces, isSize, perfectSpans, spansAfter } from './spans.ts'

/** The largest subtrees beside a range of leaves, from left to right. */
export interface RangeProof {
  /** Before the range; these are the nodes of the frontier of the tree that ends there. */
  readonly left: readonly Uint8Array[]
  /** After the range. */
  readonly right: readonly Uint8Array[]
}

/** Leaves `begin` to `end - 1` counted from 0: the records with the sequences (begin, end]. */
export interface RangeClaim {
  readonly begin: number
  readonly end: number
  readonly size: number
  readonly proof: RangeProof
  readonly root: Uint8Array
}

export interface RangeVerifier {
  /** The range's next leaf, by `leafHash` of the record's hash. What is no hash makes the verdict false. */
  add(leaf: Uint8Array): void
  /** Whether the leaves added so far are the whole range, without a hole, at its place in the tree with that root. */
  verdict(): boolean
}

const isRange = (size: number, begin: number, end: number): boolean =>
  isSize(size) && isSize(begin) && isSize(end) && begin <= end && end <= size

/**
 * The hashes that prove the leaves from `begin` up to before `end` to be those of the tree of `size` leaves, to whom has
 * all leaves of the range. Reads at most two nodes per level on each side.
 * @throws {RangeError} there is no such range; else what `nodes` throws.
 */
export async function rangeProof(size: number, begin: number, end: number, nodes: NodeReader): Promise<RangeProof> {
  if (!isRange(size, begin, end)) throw new RangeError(`a tree of ${size} leaves has no range from ${begin} to ${end}`)
  const [left, right] = await Promise.all(
    [perfectSpans({ begin: 0, end: begin }), spansAfter(size, end)].map((spans) =>
      Promise.all(spans.map((span) => spanHash(span, nodes))),
    ),
  )
  return { left: left!, right: right! }
}

/**
 * Whether `leaves` are all leaves of the range, in order, in the tree with that root. An empty range is complete if its
 * proof is right. Takes no more leaves than the range has and one; never throws unless `leaves` does.
 */
export function verifyRange({ leaves, ...claim }: RangeClaim & { readonly leaves: Iterable<Uint8Array> }): boolean {
  if (!isRange(claim.size, claim.begin, claim.end)) return false
  const verifier = createRangeVerifier(claim)
  let room = claim.end - claim.begin
  for (const leaf of leaves) {
    if (room <= 0) return false
    room -= 1
    verifier.add(leaf)
  }
  return verifier.verdict()
}

/**
 * `verifyRange` for leaves that come bit by bit, such as from one log file after the other: holds one hash per level.
 * The claim may be untrusted but for `size` and `root`, which belong to one signed checkpoint. Never throws.
 */
export function createRangeVerifier({ begin, end, size, proof, root }: RangeClaim): RangeVerifier {
  const valid = isRange(size, begin, end) && isHash(root)
  const left = valid ? readHashes(proof?.left, perfectSpans({ begin: 0, end: begin }).length) : undefined
  const after = valid ? spansAfter(size, end) : []
  const right = valid ? readHashes(proof?.right, after.length) : undefined
  if (left === undefined || right === undefined) return { add() {}, verdict: () => false }

  const stack = createNodeStack({ size: begin, nodes: left })
  let added = 0
  let foreign = false
  return {
    add(leaf) {
      foreign ||= !isHash(leaf) || added >= end - begin
      if (foreign) return
      // Copied: the caller may write the next hash over this one.
      stack.push(Uint8Array.from(leaf))
      added += 1
    },
    verdict() {
      if (foreign || added !== end - begin) return false
      const { nodes } = stack.frontier()
      const pieces = [
        ...perfectSpans({ begin: 0, end }).map((span, at) => ({ ...span, hash: nodes[at]! })),
        ...after.map((span, at) => ({ ...span, hash: right[at]! })),
      ]
      return sameHash(foldPieces(size, pieces), root)
    },
  }
}
