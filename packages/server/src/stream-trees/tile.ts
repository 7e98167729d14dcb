import { nodeHash, tileHeight } from '@opentrail/core/merkle'
import { tileHashes, type NodePlace } from './tree-places.ts'

/** A subtree of 256 hashes of one level and what is above them, up to seven levels. */
export interface Tile {
  /** The node, where it is known or the hashes below it are. */
  node(place: NodePlace): Uint8Array | undefined
}

/**
 * @param level of `hashes`; a multiple of 8. @param tile counted from 0 within the level.
 * @param hashes by their place in the tile, undefined where one is not known.
 * @param known nodes that need not be hashed, or cannot: what is below them may be gone.
 */
export function createTile(
  level: number,
  tile: number,
  hashes: readonly (Uint8Array | undefined)[],
  known: (place: NodePlace) => Uint8Array | undefined,
): Tile {
  /** Node `n` has the children `2n` and `2n + 1`; 1 would be the root, of the next row. */
  const memo: (Uint8Array | undefined)[] = Array.from({ length: 2 * tileHashes })
  function resolve(height: number, at: number): Uint8Array | undefined {
    const slot = 2 ** (tileHeight - height) + at
    return (memo[slot] ??= known(placeOf(height, at)) ?? (height === 0 ? hashes[at] : fold(height, at)))
  }
  function fold(height: number, at: number): Uint8Array | undefined {
    const left = resolve(height - 1, 2 * at)
    const right = left && resolve(height - 1, 2 * at + 1)
    return right && nodeHash(left, right)
  }
  const placeOf = (height: number, at: number): NodePlace => ({
    level: level + height,
    index: tile * 2 ** (tileHeight - height) + at,
  })
  return {
    node: ({ level: wanted, index }) => resolve(wanted - level, index - tile * 2 ** (tileHeight - (wanted - level))),
  }
}
