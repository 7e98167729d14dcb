import { hashBytes, isHash } from './hashes.ts'
import type { NodeReader, RowReader } from './node-reader.ts'
import type { NodeSink } from './node-stack.ts'

export interface NodeTable {
  /** Takes the nodes of a tree builder that began with the empty tree. */
  readonly keep: NodeSink
  /** @throws {RangeError} the node is not kept. */
  readonly nodes: NodeReader
  /** @throws {RangeError} one of the nodes is not kept. */
  readonly row: RowReader
}

/** Hashes there is room for in a new level. */
const firstRoom = 64

/** Nodes in memory, 32 bytes each plus the room to grow: for trees that fit, such as those of a verifier. */
export function createNodeTable(): NodeTable {
  const levels = new Map<number, { bytes: Uint8Array; count: number }>()

  function keep(level: number, index: number, hash: Uint8Array): void {
    const kept = levels.get(level) ?? { bytes: new Uint8Array(firstRoom * hashBytes), count: 0 }
    levels.set(level, kept)
    if (index !== kept.count || !isHash(hash))
      throw new RangeError(`node ${index} of level ${level} is not the hash that comes next, ${kept.count}`)
    if (kept.bytes.length === kept.count * hashBytes) {
      const larger = new Uint8Array(kept.bytes.length * 2)
      larger.set(kept.bytes)
      kept.bytes = larger
    }
    kept.bytes.set(hash, kept.count * hashBytes)
    kept.count += 1
  }

  function row(level: number, first: number, count: number): Uint8Array {
    const kept = levels.get(level)
    if (kept === undefined || first + count > kept.count)
      throw new RangeError(`nodes ${first} to ${first + count - 1} of level ${level} are not kept`)
    return kept.bytes.slice(first * hashBytes, (first + count) * hashBytes)
  }

  return { keep, row, nodes: (level, index) => row(level, index, 1) }
}
