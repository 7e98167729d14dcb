import { emptyFrontier, type MerkleFrontier } from './frontier.ts'
import { isHash } from './hashes.ts'
import { createNodeStack, type NodeSink } from './node-stack.ts'
import { isSize, perfectSpans } from './spans.ts'

export interface TreeBuilderOptions {
  /** The tree to go on with; empty when left out. */
  readonly from?: MerkleFrontier
  /** Told of each completed node, children before their parent. Keep the hash itself: it is not written over. */
  readonly keep?: NodeSink
  /** Levels that `keep` is told of; all when left out. `[0, 8, 16, ...]` are the rows of tiles of 256 hashes. */
  readonly levels?: readonly number[]
}

export interface TreeBuilder {
  /** Appends one leaf by its leaf hash. @throws {RangeError} not 32 bytes. */
  append(leaf: Uint8Array): void
  /** The tree so far, to be stored and gone on with later. */
  frontier(): MerkleFrontier
}

/**
 * Computes the nodes of a tree from its leaf hashes, one after the other, and hands them over as they are complete;
 * it holds one hash per level and nothing else.
 * @throws {RangeError} `from` is not the frontier of a tree.
 */
export function createTreeBuilder({ from = emptyFrontier, keep, levels }: TreeBuilderOptions = {}): TreeBuilder {
  checkFrontier(from)
  const chosen = levels && new Set(levels)
  const stack = createNodeStack(
    from,
    keep && chosen ? (level, index, hash) => (chosen.has(level) ? keep(level, index, hash) : undefined) : keep,
  )
  return {
    append(leaf) {
      if (!isHash(leaf)) throw new RangeError('a leaf hash has 32 bytes')
      stack.push(leaf)
    },
    frontier: () => stack.frontier(),
  }
}

function checkFrontier({ size, nodes }: MerkleFrontier): void {
  if (!isSize(size)) throw new RangeError(`${size} is not a number of leaves`)
  const expected = perfectSpans({ begin: 0, end: size }).length
  if (nodes.length !== expected) throw new RangeError(`${size} leaves have ${expected} nodes, not ${nodes.length}`)
  if (!nodes.every(isHash)) throw new RangeError('a node of the frontier is not a hash of 32 bytes')
}
