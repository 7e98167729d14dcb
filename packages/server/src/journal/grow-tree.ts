import type { NewEntry } from '@opentrail/core/event'
import { appendLeaves, tileHeight, type MerkleFrontier } from '@opentrail/core/merkle'
import type { TreeGrowth, TreeNode } from './journal.ts'

/** Appends entries to their stream's tree, in order. */
export function growTree(before: MerkleFrontier, entries: readonly NewEntry[]): TreeGrowth {
  const rows: TreeNode[] = []
  const frontier = appendLeaves(
    before,
    entries.map(({ recordHash }) => recordHash),
    (level, index, hash) => {
      if (level > 0 && level % tileHeight === 0) rows.push({ level, index, hash })
    },
  )
  return { frontier, rows }
}
