import type { StoredEntry, StreamId } from '@opentrail/core/event'
import { createTreeBuilder, emptyFrontier, leafHash, type MerkleFrontier } from '@opentrail/core/merkle'
import type { TreeGrowth, TreeNode } from '../journal/index.ts'
import { frontierFromJson, frontierToJson, type TreeDocument } from './tree-document.ts'
import { edgePlaces, frontierNode, isRowLevel, nodeEnd, placeName, tileHashes, type NodePlace } from './tree-places.ts'

/** One stream's tree in memory: its right edge, and what has grown since it was stored. Does no I/O. */
export interface Tree {
  readonly stream: StreamId
  readonly size: () => number
  readonly frontier: () => MerkleFrontier
  readonly storedSize: () => number
  readonly isStored: () => boolean
  /** Whether it is the journal's tree. Once it is, `follow` takes the journal's own hashes; before, they would hide that it is not. */
  meets(frontier: MerkleFrontier): boolean
  /** Takes entries that became durable, if they are the next ones; false: they have to be read. */
  follow(entries: readonly StoredEntry[], growth: TreeGrowth): boolean
  /** Takes entries that were read; those it has already are passed over. @throws {RangeError} some are missing before. */
  read(entries: readonly StoredEntry[]): void
  /** Goes on behind entries that cannot be read. */
  beginAt(frontier: MerkleFrontier): void
  /** The nodes that need no store, as of now: those behind it are in the stores from here on. */
  known(): (place: NodePlace) => Uint8Array | undefined
  /** A node to be stored. */
  put(node: TreeNode): void
  /** What is to come right of this size will be stored. Returns the nodes there that are complete already. */
  awaitEdge(size: number): readonly NodePlace[]
  /** What is to be stored, and what to call once it is. */
  unstored(): { readonly document: TreeDocument; readonly nodes: readonly TreeNode[]; stored(): void }
}

/** Nodes of rows and edges that wait in memory to be stored, of all trees. */
export interface WaitingNodes {
  count: number
}

export function createTree(stream: StreamId, initial: TreeDocument | undefined, total: WaitingNodes): Tree {
  let document = initial
  let begin = initial?.begin ? frontierFromJson(initial.begin) : emptyFrontier
  let frontier = initial ? frontierFromJson(initial) : emptyFrontier
  const waiting = new Map<string, TreeNode>()
  /** Sizes kept, to whose right nodes are to come. */
  const kept = new Set<number>()
  /** Those nodes, by name. */
  const wanted = new Set<string>()
  let isKeptStored = true
  // A tree without entries is any journal's.
  let hasMet = initial === undefined

  function awaitEdge(size: number): readonly NodePlace[] {
    const { right } = edgePlaces(size)
    const complete = right.filter((place) => nodeEnd(place) <= frontier.size)
    if (complete.length === right.length) return complete
    if (!kept.has(size)) isKeptStored = false
    kept.add(size)
    for (const place of right) if (nodeEnd(place) > frontier.size) wanted.add(placeName(place))
    return complete
  }

  function put(node: TreeNode): void {
    if (!waiting.has(placeName(node))) total.count += 1
    waiting.set(placeName(node), node)
  }

  /** Hashes entries: those that are read, and those that complete the edge of a kept size. */
  function hash(entries: Iterable<StoredEntry>, isTaken: (level: number, index: number) => boolean): MerkleFrontier {
    const builder = createTreeBuilder({
      from: frontier,
      keep: (level, index, hash) => {
        if (isTaken(level, index)) put({ level, index, hash })
      },
    })
    for (const { recordHash } of entries) builder.append(leafHash(recordHash))
    return builder.frontier()
  }
  const isWanted = (level: number, index: number): boolean =>
    wanted.size > 0 && wanted.delete(placeName({ level, index }))
  const isToBeStored = (level: number, index: number): boolean => isRowLevel(level) || isWanted(level, index)

  function forgetCompleteEdges(): void {
    for (const size of kept) if (size - (size % tileHashes) + tileHashes <= frontier.size) kept.delete(size)
  }

  for (const size of initial?.kept ?? []) awaitEdge(size)
  isKeptStored = true
  return {
    stream,
    size: () => frontier.size,
    frontier: () => frontier,
    storedSize: () => document?.size ?? 0,
    isStored: () => waiting.size === 0 && isKeptStored && frontier.size === (document?.size ?? 0),
    meets({ size, nodes }) {
      const isSame = ({ nodes: own }: MerkleFrontier): boolean =>
        own.every((node, at) => Buffer.compare(node, nodes[at]!) === 0)
      return (hasMet = frontier.size === size && isSame(frontier))
    },
    follow(entries, growth) {
      if (entries[0]?.sequence !== frontier.size + 1) return (entries.at(-1)?.sequence ?? 0) <= frontier.size
      if (!hasMet) {
        frontier = hash(entries, isToBeStored)
        return true
      }
      if (wanted.size > 0) hash(entries, isWanted)
      for (const node of growth.rows) put(node)
      frontier = growth.frontier
      return true
    },
    read(entries) {
      const next = entries.filter(({ sequence }) => sequence > frontier.size)
      const [first] = next
      if (first === undefined) return
      if (first.sequence !== frontier.size + 1)
        throw new RangeError(`entry ${first.sequence} of ${stream} does not follow ${frontier.size}`)
      frontier = hash(next, isToBeStored)
    },
    beginAt(from) {
      begin = from
      frontier = from
      // What was to come is behind us, and partly not known.
      wanted.clear()
      kept.clear()
    },
    known() {
      const nodes = new Map(waiting)
      const frontiers = [frontier, begin] as const
      return (place) =>
        nodes.get(placeName(place))?.hash ?? frontierNode(frontiers[0], place) ?? frontierNode(frontiers[1], place)
    },
    put,
    awaitEdge,
    unstored() {
      forgetCompleteEdges()
      const next: TreeDocument = {
        ...frontierToJson(frontier),
        ...(begin.size > 0 && { begin: frontierToJson(begin) }),
        ...(kept.size > 0 && { kept: [...kept].sort((a, b) => a - b) }),
      }
      const nodes = [...waiting.values()]
      return {
        document: next,
        nodes,
        stored() {
          document = next
          isKeptStored = [...kept].every((size) => next.kept?.includes(size))
          for (const node of nodes)
            if (waiting.get(placeName(node)) === node) {
              waiting.delete(placeName(node))
              total.count -= 1
            }
        },
      }
    },
  }
}
