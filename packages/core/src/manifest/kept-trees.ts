import type { Place } from '../digest/index.ts'
import { isSameHash } from './check-part.ts'
import { manifestFinding, type ManifestFinding } from './finding.ts'
import type { TreeHead } from './link-parts.ts'

/** Trees that the verifier knows of, against those that parts begin and end with. */
export interface KeptTrees {
  compare(place: Place, tree: TreeHead): ManifestFinding[]
  /** What was never compared. @param from, to sizes of all trees that were seen; @param place of the newest. */
  end(place: Place, from: number, to: number): ManifestFinding[]
}

export function createKeptTrees(kept: readonly TreeHead[]): KeptTrees {
  const unseen = new Set(kept)
  return {
    compare: (place, { size, root }) =>
      kept.flatMap((tree) => {
        if (tree.size !== size) return []
        const isNew = unseen.delete(tree)
        return isSameHash(tree.root, root) || !isNew
          ? []
          : [manifestFinding('kept-checkpoint-differs', place, { size })]
      }),
    end: (place, from, to) =>
      [...unseen].flatMap(({ size }) => {
        if (size > to) return [manifestFinding('kept-checkpoint-ahead', place, { size, newest: to })]
        return size >= from ? [manifestFinding('kept-checkpoint-between', place, { size })] : []
      }),
  }
}
