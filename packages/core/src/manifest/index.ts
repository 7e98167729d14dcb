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
