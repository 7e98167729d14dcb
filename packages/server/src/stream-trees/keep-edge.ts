import type { NodeReader } from '@opentrail/core/merkle'
import type { ControlStore } from '../control/index.ts'
import type { Tree } from './tree.ts'
import { edgeKey, type EdgeDocument } from './tree-document.ts'
import { edgePlaces, placeName, tileHashes, type NodePlace } from './tree-places.ts'

/** Puts the nodes beside the right edge of this size among those to be stored. Resolves to whether there is something to store. */
export async function keepEdge(
  tree: Tree,
  size: number,
  nodes: NodeReader,
  control: Pick<ControlStore, 'get'>,
): Promise<boolean> {
  const { left, right } = edgePlaces(size)
  if (left.length === 0) return false
  const group = Math.floor(size / tileHashes)
  const stored = await control.get<EdgeDocument>(edgeKey(tree.stream, group))
  const isStored = (name: string): boolean => stored?.value.nodes[name] !== undefined
  if ([...left, ...right].every((place) => isStored(placeName(place)))) return false
  const read = (places: readonly NodePlace[]) =>
    Promise.all(places.map(async (place) => ({ ...place, hash: await nodes(place.level, place.index) })))
  const before = await read(left)
  const complete = await read(tree.awaitEdge(size))
  for (const node of [...before, ...complete]) if (!isStored(placeName(node))) tree.put(node)
  return true
}
