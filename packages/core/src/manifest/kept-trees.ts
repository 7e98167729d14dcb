import type { Place } from '../digest/index.ts'
import { isSameHash } from './check-part.ts'
import { manifestFinding, type ManifestFinding } from './finding.ts'
import type { TreeHead } from './link-parts.ts'

/** A tree of the stream that was seen before, such as that of a checkpoint. */
export interface KeptTree extends TreeHead {
  /** It was the end of a manifest of this chain: one that ends there or later must still be there. */
  readonly isManifestEnd?: boolean
}

/** Trees that the verifier knows of, against those that parts begin and end with. */
export interface KeptTrees {
  compare(place: Place, tree: TreeHead): ManifestFinding[]
  /** What was never compared. @param from, to sizes of all trees that were seen; @param place of the newest. */
  end(place: Place, from: number, to: number): ManifestFinding[]
}

export function createKeptTrees(kept: readonly KeptTree[]): KeptTrees {
  const unseen = new Set(kept)
  return {
    compare: (place, { size, root }) =>
      kept.flatMap((tree) => {
        // Each once: the same tree may be one part's end and the next one's start.
        if (tree.size !== size || !unseen.delete(tree) || isSameHash(tree.root, root)) return []
        return [manifestFinding('kept-checkpoint-differs', place, { size })]
      }),
    end: (place, from, to) =>
      [...unseen].flatMap(({ size, isManifestEnd }) => {
        if (size > to && isManifestEnd) return [manifestFinding('newest-manifest-missing', place, { size, newest: to })]
        return size >= from ? [manifestFinding('kept-checkpoint-uncompared', place, { size })] : []
      }),
  }
}
