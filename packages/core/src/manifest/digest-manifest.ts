import type { Place, PlaceSet, PublicKeys } from '../digest/index.ts'
import { checkManifest, type BelievableDigest, type FetchedManifest } from './check-manifest.ts'
import { checkCheckpoint, checkLosses, checkRanges, checkRoot, type LogIdentity } from './check-part.ts'
import { createDigestFiles } from './digest-files.ts'
import { manifestFinding, type ManifestFinding } from './finding.ts'
import type { FoldedRange } from './fold-range.ts'
import type { KeptTrees } from './kept-trees.ts'
import { checkJoint, checkLost, partStart, type PartStart, type TreeHead } from './link-parts.ts'
import type { ManifestChain } from './manifest-chain.ts'
import { manifestKeyOf } from './manifest-key.ts'
import type { Manifest } from './manifest.ts'

export interface AddedPart {
  readonly findings: readonly ManifestFinding[]
  /** Fold its ranges, and hand the results to `fold`. Absent: nothing vouches for the part. */
  readonly manifest?: Manifest
}

/**
 * One digest's manifest. While `next` names a place: fetch it, `add` it, fold its ranges with `foldRange` in any order and
 * anywhere, and give the results to `fold`. Then `end`.
 */
export interface DigestManifest {
  next(): Place | undefined
  add(fetched: FetchedManifest): AddedPart
  /** @param folded each range of the part that was added last, once. */
  fold(folded: readonly FoldedRange[]): readonly ManifestFinding[]
  end(): readonly ManifestFinding[]
}

/** Told of the trees that believable manifests begin and end with. */
export interface PartsSeen {
  start(tree: TreeHead): void
  /** All parts were there. @param place of the first. */
  whole(place: Place, end: TreeHead): void
}

/** What the manifests of one chain share. */
export interface ManifestContext {
  readonly keys: PublicKeys
  readonly log: LogIdentity | undefined
  readonly ledger: PlaceSet
  readonly chain: ManifestChain
  readonly kept: KeptTrees
  readonly parts: PartsSeen
}

export function createDigestManifest(digest: BelievableDigest, context: ManifestContext): DigestManifest {
  const { keys, log, ledger, chain, kept, parts } = context
  const files = createDigestFiles(digest.digest, ledger)
  /** Of the next part. */
  let part = 1
  let current: { readonly place: Place; readonly manifest: Manifest; readonly isWhole: boolean } | undefined
  let first: PartStart | undefined
  let last: TreeHead | undefined
  let outcome: 'missing' | 'broken' | 'open' | 'complete' = 'open'

  function placeOf(number: number): Place | undefined {
    const key = manifestKeyOf(digest.place.key, number)
    return key === undefined ? undefined : { bucket: digest.place.bucket, key }
  }

  function judge(place: Place, manifest: Manifest): ManifestFinding[] {
    const start = partStart(place, manifest)
    const end = { size: manifest.end.sequence, root: manifest.end.root }
    const ranges = checkRanges(place, manifest)
    const findings = [
      ...ranges,
      ...checkLosses(place, manifest),
      ...checkLost(start),
      // Only the first part can begin anew.
      ...(last ? checkJoint(last, { ...start, isFirst: false }) : []),
      ...files.match(place, manifest),
      ...checkCheckpoint(place, manifest, log),
      ...[start.head, end].flatMap((tree) => kept.compare(place, tree)),
    ]
    first ??= start
    last = end
    parts.start(start.head)
    current = { place, manifest, isWhole: ranges.length === 0 }
    return findings
  }

  return {
    next: () => (outcome === 'open' ? placeOf(part) : undefined),
    add(fetched) {
      current = undefined
      const { findings, manifest } = checkManifest(fetched, digest, keys)
      if (!manifest) {
        const isMissing = fetched.status === 'not-found' && part === 1
        outcome = isMissing ? 'missing' : 'broken'
        // Whether there should be a manifest at all, the chain tells.
        return { findings: isMissing ? [] : findings }
      }
      const judged = judge(fetched, manifest)
      if (manifest.isLast) outcome = 'complete'
      part += 1
      return { findings: [...findings, ...judged], manifest }
    },
    fold(folded) {
      if (!current) return []
      const { place, manifest, isWhole } = current
      const inOrder = folded.toSorted((one, other) => one.from - other.from)
      if (inOrder.length !== manifest.ranges.length) throw new RangeError('not all ranges of the part were folded')
      const faults = inOrder.flatMap((range) =>
        range.faults.map(({ kind, data }) => manifestFinding(kind, place, data)),
      )
      return [...faults, ...(isWhole ? checkRoot(place, manifest, inOrder) : [])]
    },
    end() {
      const place = placeOf(1)
      if (!place) return []
      if (outcome === 'missing') return chain.missing(place)
      if (outcome !== 'complete' || !last)
        // Where a part was refused, that was found; else the last one that there can be says that it is not the last.
        return [
          ...(outcome === 'open' ? [manifestFinding('manifest-missing', place, { part })] : []),
          ...chain.manifest(first, undefined),
        ]
      parts.whole(place, last)
      const isPartial = first !== undefined && (first.lost !== undefined || (first.isFirst && first.head.size > 0))
      return [...files.unnamed(place, isPartial), ...chain.manifest(first, last)]
    },
  }
}
