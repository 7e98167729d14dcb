import type { Sequence } from '@opentrail/core/event'
import type { Journal, JournalPage, StreamState } from '../journal/index.ts'
import { CipherError } from '../keyring/index.ts'
import { ForeignTreeError } from './stream-trees.ts'
import type { Tree } from './tree.ts'

/**
 * Reads a stream's entries until its tree is where the journal is. Where entries cannot be read any more (retention has
 * removed them, or their key is destroyed) the tree goes on from the journal's own at its durable mark: all roots from there on are
 * right, and proofs that need a hash of what was skipped are not possible.
 * @throws {ForeignTreeError}
 * @param read called after each page, once its entries are in the tree.
 */
export async function catchUp(
  tree: Tree,
  journal: Pick<Journal, 'read' | 'durable' | 'streams'>,
  pageEntries: number,
  read: () => Promise<void>,
): Promise<void> {
  const begun = tree.size()
  while (tree.size() < journal.durable(tree.stream)) {
    const page = await readPage(tree, journal, pageEntries)
    // Meanwhile the tree may have been told of them: then there are none left to take.
    if (page) tree.read(page.entries)
    else tree.beginAt(stateOf(tree, journal).frontier)
    await read()
  }
  // Nothing may be signed of a tree that is not the journal's. One that was read from its beginning is.
  if (!tree.meets(stateOf(tree, journal).frontier) && begun > 0)
    throw new ForeignTreeError(
      `the stored tree of ${tree.stream} has other entries than the journal: one of the two was replaced`,
    )
}

/** Undefined where the next entries are gone. */
async function readPage(
  tree: Tree,
  journal: Pick<Journal, 'read'>,
  pageEntries: number,
): Promise<JournalPage | undefined> {
  const size = tree.size()
  try {
    const page = await journal.read(tree.stream, size as Sequence | 0, pageEntries)
    const first = page.entries[0]?.sequence
    return first === size + 1 ? page : undefined
  } catch (error) {
    if (error instanceof CipherError) return undefined
    throw error
  }
}

const stateOf = ({ stream }: Tree, journal: Pick<Journal, 'streams'>): StreamState => {
  const state = journal.streams().find((state) => state.stream === stream)
  if (!state) throw new RangeError(`the journal has no stream ${stream}`)
  return state
}
