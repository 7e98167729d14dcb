import { PlaceSet, type Place, type PublicKeys } from '../digest/index.ts'
import { checkManifest, type BelievableDigest, type FetchedManifest } from './check-manifest.ts'
import { checkCheckpoint, checkLosses, checkRanges, checkRoot, type LogIdentity } from './check-part.ts'
import { createDigestFiles } from './digest-files.ts'
import { manifestFinding, type ManifestFinding } from './finding.ts'
import type { FoldedRange } from './fold-range.ts'
import { createKeptTrees, type KeptTree } from './kept-trees.ts'
import { checkJoint, checkLost, partStart, type PartStart, type TreeHead } from './link-parts.ts'
import { createManifestChain } from './manifest-chain.ts'
import { manifestKeyOf } from './manifest-key.ts'
import type { Manifest } from './manifest.ts'

export interface ManifestOptions {
  readonly keys: PublicKeys
  /** Without it, checkpoints are compared with the manifests and their signatures are not verified. */
  readonly log?: LogIdentity
  /** Compared where they are as large as a tree that a part begins or ends with. */
  readonly kept?: readonly KeptTree[]
  /** Shared by all chains that are checked together: no two name the same file. Some 50 bytes a file. */
  readonly ledger?: PlaceSet
}

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

export interface ManifestsEnd {
  readonly findings: readonly ManifestFinding[]
  /** The tree of the newest whole manifest: keep it for the next verification. */
  readonly newest?: KeptTree
}

/** Judges the manifests of one digest chain. Holds one part and one digest's file names at a time. */
export interface ManifestChecker {
  /** Digests newest first, backfill digests left out, the one before ended. */
  open(digest: BelievableDigest): DigestManifest
  /** What can only be said at the end. Once. */
  end(): ManifestsEnd
}

/**
 * Whether what was delivered is all there was: each sequence of the stream is a record of exactly one log file, or a hidden
 * one that the trail did not select, as the signer says.
 *
 * What this cannot show. Whoever has all keys (of digests, of the log) and the buckets can
 * - leave an event out from the beginning and say that the trail did not select it: its hash is in the tree, its record is
 *   nowhere; only another trail, or the events that changed the trail, tell whether `versions` may be believed;
 * - do the same later: write a log file anew without a record, and each digest and manifest from there on, with the hash
 *   among the hidden ones. The tree stays the same, so a kept tree does not show it; a kept digest (`Checkpoint` of digests)
 *   does, since the digests are others from there on;
 * - change or remove events from the stream itself, and make all of it anew: that needs another tree, which differs from
 *   each kept one (`kept`) of that size or above;
 * - cut digests and manifests off at the end: a kept tree, a kept digest or `expectedUntil` of the digests shows it;
 * - begin manifests anew, give up ranges or call them lost: these are findings, of the severity `gap`.
 * So whoever does not trust the operator keeps both, the newest digest's hash and the newest tree, outside of his reach.
 */
export function createManifestChecker(options: ManifestOptions): ManifestChecker {
  const { keys, log, ledger = new PlaceSet() } = options
  const chain = createManifestChain()
  const kept = createKeptTrees(options.kept ?? [])
  let newest: (TreeHead & { readonly place: Place }) | undefined
  let oldestSize = Infinity

  function open(digest: BelievableDigest): DigestManifest {
    const files = createDigestFiles(digest.digest, ledger)
    const { bucket } = digest.place
    /** Of the next part; 0: there is no next one. */
    let part = 1
    let current: { readonly place: Place; readonly manifest: Manifest; readonly isWhole: boolean } | undefined
    let first: PartStart | undefined
    let last: TreeHead | undefined
    let outcome: 'missing' | 'broken' | 'open' | 'complete' = 'open'

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
      oldestSize = Math.min(oldestSize, start.head.size)
      current = { place, manifest, isWhole: ranges.length === 0 }
      return findings
    }

    return {
      next() {
        const key = part > 0 && outcome === 'open' ? manifestKeyOf(digest.place.key, part) : undefined
        return key === undefined ? undefined : { bucket, key }
      },
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
        const faults = inOrder.flatMap(({ faults: all }) =>
          all.map(({ kind, data }) => manifestFinding(kind, place, data)),
        )
        return [...faults, ...(isWhole ? checkRoot(place, manifest, inOrder) : [])]
      },
      end() {
        const key = manifestKeyOf(digest.place.key, 1)
        if (key === undefined) return []
        const place = { bucket, key }
        if (outcome === 'missing') return chain.missing(place)
        const isWhole = outcome === 'complete'
        if (isWhole && last) newest ??= { ...last, place }
        const isPartial = first !== undefined && (first.lost !== undefined || (first.isFirst && first.head.size > 0))
        return [
          ...(isWhole ? files.unnamed(place, isPartial) : []),
          ...chain.manifest(first, isWhole ? last : undefined),
        ]
      },
    }
  }

  return {
    open,
    end() {
      const findings = [...chain.end()]
      if (newest) findings.push(...kept.end(newest.place, oldestSize, newest.size))
      if (newest && !log) findings.push(manifestFinding('checkpoint-unverified', newest.place))
      return { findings, ...(newest && { newest: { size: newest.size, root: newest.root, isManifestEnd: true } }) }
    },
  }
}
