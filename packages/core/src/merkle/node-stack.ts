import { hash } from 'node:crypto'
import type { MerkleFrontier } from './frontier.ts'
import { hashBytes, nodePrefix } from './hashes.ts'

/** Told of each node once all leaves below it are there: leaves are level 0, `index` counts from 0 within the level. */
export type NodeSink = (level: number, index: number, hash: Uint8Array) => void

/** A frontier that is changed in place, for appending many leaves. `from` has one node per set bit of its size. */
export function createNodeStack(from: MerkleFrontier, completed?: NodeSink) {
  const nodes = [...from.nodes]
  let { size } = from
  // Written over again and again: this runs for every record that is stored.
  const pair = Buffer.alloc(1 + 2 * hashBytes, nodePrefix)
  return {
    /** Appends one leaf by its leaf hash (32 bytes). */
    push(leaf: Uint8Array): void {
      let node = leaf
      let level = 0
      completed?.(level, size, node)
      // Every trailing set bit of the old size is a perfect subtree that the new leaf completes.
      for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) {
        pair.set(nodes.pop()!, 1)
        pair.set(node, 1 + hashBytes)
        node = hash('sha256', pair, 'buffer')
        level += 1
        completed?.(level, (rest - 1) / 2, node)
      }
      nodes.push(node)
      size += 1
    },
    frontier: (): MerkleFrontier => ({ size, nodes: [...nodes] }),
  }
}
