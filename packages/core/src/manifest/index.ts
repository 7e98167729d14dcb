export {
  hiddenHashesMax,
  manifestBytesMax,
  manifestFilesMax,
  manifestPartsMax,
  manifestRangesMax,
  manifestVersionsMax,
  rangeFilesMax,
  type Manifest,
  type ManifestEnd,
  type ManifestFile,
  type ManifestRange,
  type SequenceRange,
} from './manifest.ts'
export { manifestBytes } from './manifest-bytes.ts'
export { readManifest, type ManifestFault, type ReadManifest } from './read-manifest.ts'
export { manifestKey, manifestKeyOf, parseManifestKey, type ManifestName } from './manifest-key.ts'
export { manifestMetadata, manifestTextToSign, type SignedPlace } from './manifest-signature.ts'
export { hiddenSpans } from './range-segments.ts'
export {
  defaultPartBounds,
  makeManifestParts,
  nodesAtOnce,
  type ManifestPart,
  type ManifestPlan,
  type PartBounds,
  type PlannedRange,
} from './manifest-maker.ts'
export { foldRange, type FoldedRange, type RangeFault } from './fold-range.ts'
export { createRecordHasher, type HashedRecords, type RecordHasher, type RecordHasherOptions } from './record-hasher.ts'
export { manifestFinding, manifestFindingKinds, type ManifestFinding, type ManifestFindingKind } from './finding.ts'
export { createRecordJudge, type RecordJudgeOptions } from './record-judge.ts'
export { checkManifest, type BelievableDigest, type CheckedManifest, type FetchedManifest } from './check-manifest.ts'
export { type LogIdentity } from './check-part.ts'
export { type KeptTree } from './kept-trees.ts'
export { type TreeHead } from './link-parts.ts'
export {
  createManifestChecker,
  type ManifestChecker,
  type ManifestOptions,
  type ManifestsEnd,
} from './manifest-checker.ts'
export { type AddedPart, type DigestManifest } from './digest-manifest.ts'
