import type { SelectingVersion } from '../delivery/index.ts'
import type { AccountId, Region } from '../event/index.ts'
import type { MerkleFrontier } from '../merkle/index.ts'

/**
 * One part of a manifest: where, of a trail and stream, each entry between two sizes of the stream's tree is. Sequences
 * count from 1; entry `sequence` is leaf `sequence - 1`, so that the entries (from, to] are the leaves from `from` up to
 * before `to`. See docs/adr/0006-manifests-and-stream-trees.md.
 */
export interface Manifest {
  readonly awsAccountId: AccountId
  readonly region: Region
  readonly trailArn: string
  readonly digestS3Bucket: string
  readonly digestS3Object: string
  /** Lower hex SHA-256 of the digest's uncompressed JSON. */
  readonly digestHashValue: string
  /** Of the key that signed the digest; it signs the manifest, too. */
  readonly publicKeyFingerprint: string
  /** From 1. */
  readonly part: number
  readonly isLast: boolean
  /** No manifest before this one ends where it starts: the trail's manifests begin here, or begin anew after a pause. */
  readonly isFirst: boolean
  /** The tree before the first entry. */
  readonly start: MerkleFrontier
  /** The tree after the last entry. */
  readonly end: ManifestEnd
  /** Entries that were gone before a proof could be made; it ends at `start`, and begins where the manifest before ended. */
  readonly lost?: SequenceRange
  /**
   * The trail's versions that selected here: those in force at any `configVersion` of these entries, and before each
   * change among them, since a change's own event is judged by both.
   */
  readonly versions: readonly SelectingVersion[]
  /** In order and without holes from `start` to `end`. */
  readonly ranges: readonly ManifestRange[]
}

/**
 * Stands, itself, for selectors that are none by the rules of PutEventSelectors as this program knows them, such as those
 * of a newer one: whatever was delivered may have been selected by them.
 */
export const unknownSelectors: SelectingVersion['selectors'] = { kind: 'advanced', selectors: [] }

/** The entries after `from`, up to and including `to`. */
export interface SequenceRange {
  readonly from: number
  readonly to: number
}

export interface ManifestEnd {
  readonly sequence: number
  readonly root: Uint8Array
  /** A signed C2SP checkpoint of that size and root. */
  readonly checkpoint: string
}

/** Entries that were looked at together. Never empty. */
export interface ManifestRange extends SequenceRange {
  /** Whose positions do not overlap; at most `rangeFilesMax`. */
  readonly files: readonly ManifestFile[]
  /** Of what is in no file: the hashes of the `hiddenSpans`, one after the other, 32 bytes each. */
  readonly hidden: Uint8Array
  /** The trail selected `count` of the entries and they were not delivered; there are no files then. */
  readonly abandoned?: { readonly reason: string; readonly count: number }
}

export interface ManifestFile {
  readonly s3Bucket: string
  readonly s3Object: string
  /** Lower hex SHA-256 of the uncompressed log file, as in the digest. */
  readonly hashValue: string
  /** Number of records. */
  readonly count: number
  /** Which entries of the range they are, as `createPositionsWriter` writes it. */
  readonly positions: Uint8Array
}

const MiB = 2 ** 20

/** Uncompressed bytes of a part. The hidden hashes of the largest range, in Base64, take 86 MiB of it. */
export const manifestBytesMax = 128 * MiB
/** The name has four digits for the part. */
export const manifestPartsMax = 9_999
/** Ranges of a part, and files of all of them: as many as a digest lists files, and the gaps between them. */
export const manifestFilesMax = 100_000
export const manifestRangesMax = 2 * manifestFilesMax + 1
/** A range has one file for each family of log files; there is room for as many more. */
export const rangeFilesMax = 16
/**
 * Hidden hashes of a part, 64 MiB. A part with one range of 50,000 events, as many as a log file has, has fewer unless
 * more than 50 thousand million other events lie between them.
 */
export const hiddenHashesMax = 2 * MiB
/** Versions of a part. A trail that is changed every ten seconds for an hour has fewer. */
export const manifestVersionsMax = 1_000
