import type { Sequence, StoredEntry, StreamId } from '@opentrail/core/event'
import { leafHash, tileHeight, type NodeReader } from '@opentrail/core/merkle'
import type { ControlStore } from '../control/index.ts'
import type { Journal } from '../journal/index.ts'
import { CipherError } from '../keyring/index.ts'
import { LeavesLostError } from './stream-trees.ts'
import { createTile, type Tile } from './tile.ts'
import type { Tree } from './tree.ts'
import { edgeKey, fromBase64, readTile, tileKey, type EdgeDocument, type TileDocument } from './tree-document.ts'
import { nodeEnd, placeName, tileHashes, type NodePlace } from './tree-places.ts'

interface Stores {
  readonly journal: Pick<Journal, 'read'>
  readonly control: Pick<ControlStore, 'get'>
}

/** Tiles a reader keeps, 16 KiB each: a proof meets two of each row, and who walks along the leaves stays in the last ones. */
const tilesMax = 16

/** Nodes of one tree, from memory, from the stored rows, or hashed anew from the journal's entries. */
export function createTreeReader(tree: Tree, stores: Stores): NodeReader {
  const tiles = new Map<string, { readonly size: number; readonly tile: Promise<Tile> }>()

  function tileAt(level: number, number: number, end: number): Promise<Tile> {
    const name = `${level}/${number}`
    const kept = tiles.get(name)
    // The tree may have grown since the tile was read.
    if (kept && kept.size >= end) return kept.tile
    const tile = level === 0 ? readLeaves(tree, number, stores) : readRow(tree, level, number, stores)
    tile.catch(() => tiles.delete(name))
    tiles.delete(name)
    tiles.set(name, { size: tree.size(), tile })
    const [oldest] = tiles.keys()
    if (tiles.size > tilesMax && oldest !== undefined) tiles.delete(oldest)
    return tile
  }

  return async (level, index) => {
    const place = { level, index }
    const end = nodeEnd(place)
    if (!(level >= 0 && index >= 0) || end > tree.size())
      throw new RangeError(
        `the tree of ${tree.stream} has ${tree.size()} entries; node ${placeName(place)} ends at ${end}`,
      )
    const row = level - (level % tileHeight)
    const tile = await tileAt(row, Math.floor((index * 2 ** (level - row)) / tileHashes), end)
    const hash = tile.node(place)
    if (hash) return hash
    throw new LeavesLostError(
      `entries ${end - 2 ** level + 1} to ${end} of ${tree.stream} are gone, and with them a hash that is needed`,
    )
  }
}

async function readRow(tree: Tree, level: number, tile: number, { control }: Stores): Promise<Tile> {
  const known = tree.known()
  const stored = await control.get<TileDocument>(tileKey(tree.stream, level, tile))
  return createTile(level, tile, readTile(stored?.value), known)
}

async function readLeaves(tree: Tree, group: number, { journal, control }: Stores): Promise<Tile> {
  const inMemory = tree.known()
  const stored = await control.get<EdgeDocument>(edgeKey(tree.stream, group))
  const edge = new Map(Object.entries(stored?.value.nodes ?? {}).map(([name, hash]) => [name, fromBase64(hash)]))
  const known = (place: NodePlace): Uint8Array | undefined => edge.get(placeName(place)) ?? inMemory(place)
  const from = group * tileHashes
  const leaves: (Uint8Array | undefined)[] = Array.from({ length: tileHashes })
  for await (const { sequence, recordHash } of readEntries(
    journal,
    tree.stream,
    from,
    Math.min(tree.size(), from + tileHashes),
  ))
    leaves[sequence - 1 - from] = leafHash(recordHash)
  return createTile(0, group, leaves, known)
}

/** The entries of (from, to] that are there and can be read. */
async function* readEntries(
  journal: Stores['journal'],
  stream: StreamId,
  from: number,
  to: number,
): AsyncGenerator<StoredEntry> {
  try {
    for (let after = from; after < to;) {
      const { entries, last } = await journal.read(stream, after as Sequence | 0, to - after)
      if (entries.length === 0) return
      for (const entry of entries) if (entry.sequence <= to) yield entry
      after = last
    }
  } catch (error) {
    // Their key is destroyed: what there is to say of them is in the rows, and at the edges of what was kept.
    if (!(error instanceof CipherError)) throw error
  }
}
