import { hashBytes, isHash, nodeHash } from './hashes.ts'
import { perfectSpans, type Span } from './spans.ts'

/**
 * The hash of one perfect subtree: the leaves from `index · 2^level` to `(index + 1) · 2^level - 1`, all of which are
 * within the tree that is asked about. Called several times at once.
 */
export type NodeReader = (level: number, index: number) => Promise<Uint8Array> | Uint8Array

/** `count` neighbouring hashes of one level from `first` on, one after the other: `32 · count` bytes. */
export type RowReader = (level: number, first: number, count: number) => Promise<Uint8Array> | Uint8Array

/** The levels that tiles of the C2SP tlog-tiles format keep: a tile is 256 hashes, its root is one of the next row. */
export const tileHeight = 8

/**
 * Reads nodes from a store that keeps only every `height`-th level, the leaves among them: the levels between are hashed
 * anew from at most `2^(height - 1)` hashes. A proof costs up to `height` reads of neighbouring hashes per kept level.
 */
export function nodesFromRows(readRow: RowReader, height: number = tileHeight): NodeReader {
  return async (level, index) => {
    const kept = level - (level % height)
    const count = 2 ** (level - kept)
    const row = await readRow(kept, index * count, count)
    if (row.length !== count * hashBytes)
      throw new Error(`level ${kept} gave ${row.length} bytes for ${count} hashes from ${index * count} on`)
    let hashes = Array.from({ length: count }, (_, at) => row.subarray(at * hashBytes, (at + 1) * hashBytes))
    while (hashes.length > 1)
      hashes = Array.from({ length: hashes.length / 2 }, (_, at) => nodeHash(hashes[2 * at]!, hashes[2 * at + 1]!))
    return hashes[0]!
  }
}

/** The hash of any subtree, perfect or at the right edge: folded from its perfect subtrees, which are read all at once. */
export async function spanHash(span: Span, nodes: NodeReader): Promise<Uint8Array> {
  const hashes = await Promise.all(perfectSpans(span).map((perfect) => readPerfect(perfect, nodes)))
  return hashes.reduceRight((root, node) => nodeHash(node, root))
}

async function readPerfect({ begin, end }: Span, nodes: NodeReader): Promise<Uint8Array> {
  const level = Math.round(Math.log2(end - begin))
  const index = begin / (end - begin)
  const hash = await nodes(level, index)
  if (!isHash(hash)) throw new Error(`node ${index} of level ${level} is not a hash of 32 bytes`)
  return hash
}
