import { tileHeight, type MerkleFrontier } from '@opentrail/core/merkle'

/** Where a node is: `index` counts from 0 within its level, leaves are level 0. */
export interface NodePlace {
  readonly level: number
  readonly index: number
}

/** Hashes of a tile, and leaves below a node of level 8. */
export const tileHashes = 2 ** tileHeight

/** Number of leaves up to and with those of the node. */
export const nodeEnd = ({ level, index }: NodePlace): number => (index + 1) * 2 ** level

export const placeName = ({ level, index }: NodePlace): string => `${level}/${index}`

export const isRowLevel = (level: number): boolean => level > 0 && level % tileHeight === 0

/** The node, if it is one of the frontier's. */
export function frontierNode({ size, nodes }: MerkleFrontier, { level, index }: NodePlace): Uint8Array | undefined {
  const width = 2 ** level
  const whole = Math.floor(size / width)
  if (whole % 2 === 0 || index !== whole - 1) return undefined
  let larger = 0
  for (let rest = (whole - 1) / 2; rest > 0; rest = Math.floor(rest / 2)) larger += rest % 2
  return nodes[larger]
}

/**
 * The nodes below level 8 that it takes to show a tree of `size` leaves to be the beginning of a later one: those of its own
 * right edge, and to the right of it those that later entries complete. At most 8 and 8; none where a tile ends there.
 */
export function edgePlaces(size: number): { readonly left: NodePlace[]; readonly right: NodePlace[] } {
  const left: NodePlace[] = []
  const right: NodePlace[] = []
  const group = size - (size % tileHashes)
  for (let level = tileHeight - 1, at = group; level >= 0; level--) {
    const width = 2 ** level
    if (at + width > size) continue
    left.push({ level, index: at / width })
    at += width
  }
  for (let level = 0, at = size; at > group && level < tileHeight && at < group + tileHashes; level++) {
    const width = 2 ** level
    if ((at / width) % 2 === 0) continue
    right.push({ level, index: at / width })
    at += width
  }
  return { left, right }
}
