import type { StreamId } from '@opentrail/core/event'
import { ControlConflictError, type ControlStore, type ControlWrite } from '../control/index.ts'
import type { TreeNode } from '../journal/index.ts'
import type { Tree } from './tree.ts'
import {
  edgeKey,
  groupOf,
  readTile,
  tileKey,
  tileOf,
  toBase64,
  treeKey,
  writeTile,
  type EdgeDocument,
  type TileDocument,
  type TreeDocument,
} from './tree-document.ts'
import { isRowLevel, placeName, tileHashes } from './tree-places.ts'

/**
 * Stores a tree, one transaction for its state and the tiles: what is stored is whole, wherever the process dies.
 * @throws {ControlConflictError} another process keeps this tree. @throws {ControlUnavailableError}
 */
export async function storeTree(tree: Tree, control: ControlStore): Promise<void> {
  if (tree.isStored()) return
  const { document, nodes, stored } = tree.unstored()
  const key = treeKey(tree.stream)
  // Read each time, for a write whose answer was lost may have happened. What it stored is a part of what is stored now.
  const before = await control.get<TreeDocument>(key)
  if ((before?.value.size ?? 0) > document.size) throw new ControlConflictError(key)
  const state: ControlWrite = { key, value: document, ifVersion: before?.version ?? 0 }
  await control.transact([state, ...(await nodeWrites(tree.stream, nodes, control))])
  stored()
}

/** The documents with the nodes added to what they hold already. */
async function nodeWrites(
  stream: StreamId,
  nodes: readonly TreeNode[],
  control: ControlStore,
): Promise<ControlWrite[]> {
  const byDocument = Map.groupBy(nodes, (node) =>
    isRowLevel(node.level) ? tileKey(stream, node.level, tileOf(node)) : edgeKey(stream, groupOf(node)),
  )
  return Promise.all(
    [...byDocument].map(async ([key, added]) => ({
      key,
      value: isRowLevel(added[0]!.level) ? await withRow(control, key, added) : await withEdge(control, key, added),
    })),
  )
}

async function withRow(control: ControlStore, key: string, added: readonly TreeNode[]): Promise<TileDocument> {
  const hashes = readTile((await control.get<TileDocument>(key))?.value)
  for (const { index, hash } of added) hashes[index % tileHashes] = hash
  return writeTile(Array.from(hashes))
}

async function withEdge(control: ControlStore, key: string, added: readonly TreeNode[]): Promise<EdgeDocument> {
  const before = await control.get<EdgeDocument>(key)
  const nodes = added.map((node) => [placeName(node), toBase64(node.hash)] as const)
  return { nodes: { ...before?.value.nodes, ...Object.fromEntries(nodes) } }
}
