import { PlaceSet, type Place, type PublicKeys } from '../digest/index.ts'
import type { BelievableDigest } from './check-manifest.ts'
import type { LogIdentity } from './check-part.ts'
import { createDigestManifest, type DigestManifest, type PartsSeen } from './digest-manifest.ts'
import { manifestFinding, type ManifestFinding } from './finding.ts'
import { createKeptTrees, type KeptTree } from './kept-trees.ts'
import type { TreeHead } from './link-parts.ts'
import { createManifestChain } from './manifest-chain.ts'

export interface ManifestOptions {
  readonly keys: PublicKeys
  /** Without it, checkpoints are compared with the manifests and their signatures are not verified. */
  readonly log?: LogIdentity
  /** Compared where they are as large as a tree that a part begins or ends with. */
  readonly kept?: readonly KeptTree[]
  /** Shared by all chains that are checked together: no two name the same file. Some 50 bytes a file. */
  readonly ledger?: PlaceSet
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

  const parts: PartsSeen = {
    start: ({ size }) => (oldestSize = Math.min(oldestSize, size)),
    whole: (place, end) => (newest ??= { ...end, place }),
  }

  return {
    open: (digest) => createDigestManifest(digest, { keys, log, ledger, chain, kept, parts }),
    end() {
      const findings = [...chain.end()]
      if (newest) findings.push(...kept.end(newest.place, oldestSize, newest.size))
      if (newest && !log) findings.push(manifestFinding('checkpoint-unverified', newest.place))
      return { findings, ...(newest && { newest: { size: newest.size, root: newest.root, isManifestEnd: true } }) }
    },
  }
}
