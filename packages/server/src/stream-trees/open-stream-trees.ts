import type { Sequence, StreamId } from '@opentrail/core/event'
import { rangeProof, type MerkleFrontier } from '@opentrail/core/merkle'
import { listAll, type ControlStore } from '../control/index.ts'
import type { Journal, StreamState } from '../journal/index.ts'
import { createMutex, type Mutex } from '../process/index.ts'
import { catchUp } from './catch-up.ts'
import { keepEdge } from './keep-edge.ts'
import { storeTree } from './store-tree.ts'
import { ForeignTreeError, type StreamTrees } from './stream-trees.ts'
import { createTree, type Tree, type WaitingNodes } from './tree.ts'
import { streamOfTree, treesPrefix, type TreeDocument } from './tree-document.ts'
import { defaultTreeLimits, type TreeLimits } from './tree-limits.ts'
import { createTreeReader } from './tree-reader.ts'

export interface StreamTreesOptions {
  readonly journal: Journal
  readonly control: ControlStore
  /** Domain time, ms. */
  readonly now: () => number
  /** A step that is tried again later. */
  readonly failed: (step: 'follow' | 'store', stream: StreamId, error: unknown) => void
  readonly limits?: Partial<TreeLimits>
}

/** A tree and the order of what is done with it. */
interface Kept {
  readonly tree: Tree
  /** Reading the journal and storing, one at a time. */
  readonly serially: Mutex
}

/** Opens the trees where they were stored, and follows the journal from now on. @throws {ControlUnavailableError} */
export async function openStreamTrees(options: StreamTreesOptions): Promise<StreamTrees> {
  const { journal, control, now, failed } = options
  const limits = { ...defaultTreeLimits, ...options.limits }
  const trees = new Map<StreamId, Kept>()
  const waiting: WaitingNodes = { count: 0 }
  const foreign = new Map<StreamId, ForeignTreeError>()
  /** Streams whose entries have to be read. */
  const behind = new Set<StreamId>()
  let retryAt = -Infinity
  let working: Promise<void> | undefined
  let closed = false

  const addTree = (stream: StreamId, document?: TreeDocument): Kept => {
    const kept = { tree: createTree(stream, document, waiting), serially: createMutex() }
    trees.set(stream, kept)
    return kept
  }
  const keptOf = (stream: StreamId): Kept => trees.get(stream) ?? addTree(stream)

  for (const { key, value } of await listAll<TreeDocument>(control, treesPrefix)) addTree(streamOfTree(key), value)
  // No turn of anybody else in between: what becomes durable from here on is heard of.
  for (const { stream, frontier } of journal.streams()) if (!keptOf(stream).tree.meets(frontier)) behind.add(stream)
  const unsubscribe = journal.subscribe((stream, entries, growth) => {
    // It would never be stored, and fill the memory that all share.
    if (foreign.has(stream)) return
    const { tree } = keptOf(stream)
    if (waiting.count >= limits.waitingHardMax || !tree.follow(entries, growth)) behind.add(stream)
  })

  async function follow({ tree }: Kept): Promise<void> {
    try {
      await catchUp(tree, journal, limits.pageEntries, async () => {
        if (waiting.count >= limits.waitingMax) await storeTree(tree, control)
      })
    } catch (error) {
      if (error instanceof ForeignTreeError) foreign.set(tree.stream, error)
      else throw error
    }
    if (tree.size() >= journal.durable(tree.stream)) behind.delete(tree.stream)
    refuseForeign(tree.stream)
  }

  function refuseForeign(stream: StreamId): void {
    const error = foreign.get(stream)
    if (error) throw error
  }

  async function reach(stream: StreamId, size: number): Promise<number> {
    refuseForeign(stream)
    if (!(size >= 0 && size <= journal.durable(stream)))
      throw new RangeError(`${stream} has ${journal.durable(stream)} durable entries, not ${size}`)
    const kept = keptOf(stream)
    // Until a stored tree has met the journal's, it may be another's.
    if (kept.tree.size() < size || behind.has(stream)) await kept.serially(() => follow(kept))
    return kept.tree.size()
  }

  /** Does a step for each of the trees, some at once; a failure is told and leaves the others alone. */
  async function each(
    step: 'follow' | 'store',
    of: readonly Kept[],
    act: (kept: Kept) => Promise<void>,
  ): Promise<void> {
    const queue = of.values()
    const worker = async (): Promise<void> => {
      for (const kept of queue)
        try {
          await kept.serially(() => act(kept))
        } catch (error) {
          retryAt = now() + limits.retryMs
          failed(step, kept.tree.stream, error)
        }
    }
    await Promise.all(Array.from({ length: step === 'store' ? limits.storesAtOnce : 1 }, worker))
  }

  const storeAll = (): Promise<void> =>
    each(
      'store',
      [...trees.values()].filter(({ tree }) => !tree.isStored() && !foreign.has(tree.stream)),
      ({ tree }) => storeTree(tree, control),
    )

  async function work(): Promise<void> {
    await each('follow', [...behind].map(keptOf), follow)
    if (waiting.count >= limits.waitingMax) await storeAll()
  }

  const nodes = (stream: StreamId) => createTreeReader(keptOf(stream).tree, { journal, control })
  const wantedAfter = ({ stream, last }: StreamState): Sequence | 0 =>
    foreign.has(stream) ? last : ((trees.get(stream)?.tree.storedSize() ?? 0) as Sequence | 0)
  const isDue = (): boolean => !closed && !working && (behind.size > 0 || waiting.count >= limits.waitingMax)
  return {
    job: {
      name: 'stream trees',
      dueAt() {
        // A clock that was set back must not put a repetition off.
        retryAt = Math.min(retryAt, now() + limits.retryMs)
        return isDue() ? Math.max(now(), retryAt) : undefined
      },
      async run() {
        working ??= work().finally(() => (working = undefined))
      },
      settled: async () => working,
    },
    reach,
    nodes,
    async frontier(stream, size): Promise<MerkleFrontier> {
      await reach(stream, size)
      return { size, nodes: (await rangeProof(size, size, size, nodes(stream))).left }
    },
    async keep(stream, size) {
      await reach(stream, size)
      const kept = keptOf(stream)
      await kept.serially(async () => {
        if (await keepEdge(kept.tree, size, nodes(stream), control)) await storeTree(kept.tree, control)
      })
    },
    store: storeAll,
    cursors: () => new Map(journal.streams().map((state) => [state.stream, wantedAfter(state)])),
    async close() {
      if (closed) return
      closed = true
      unsubscribe()
      await working
      await storeAll()
    },
  }
}
