import type { SelectingVersion } from '../delivery/index.ts'
import { encodeBase64 } from './base64.ts'
import type { Manifest, ManifestFile, ManifestRange } from './manifest.ts'

/** The version of the format, `manifestVersion`. */
export const manifestFormat = 1

/**
 * The JSON of a part, as it is hashed, signed and (compressed) stored: one compact line, keys always in the same order.
 * The same manifest gives the same bytes.
 */
export function manifestBytes(manifest: Manifest): Uint8Array {
  const { start, end, lost } = manifest
  const ordered = {
    manifestVersion: manifestFormat,
    awsAccountId: manifest.awsAccountId,
    region: manifest.region,
    trailArn: manifest.trailArn,
    digestS3Bucket: manifest.digestS3Bucket,
    digestS3Object: manifest.digestS3Object,
    digestHashValue: manifest.digestHashValue,
    publicKeyFingerprint: manifest.publicKeyFingerprint,
    part: manifest.part,
    isLast: manifest.isLast,
    isFirst: manifest.isFirst,
    start: { sequence: start.size, nodes: encodeBase64(Buffer.concat(start.nodes)) },
    end: { sequence: end.sequence, root: encodeBase64(end.root), checkpoint: end.checkpoint },
    ...(lost && { lost: { from: lost.from, to: lost.to } }),
    versions: manifest.versions.map(versionJson),
    ranges: manifest.ranges.map(rangeJson),
  }
  return new TextEncoder().encode(JSON.stringify(ordered))
}

/** Selectors in their wire shape, under the names that PutEventSelectors gives them. */
const versionJson = ({ selectors, ...version }: SelectingVersion) => ({
  since: version.since,
  isLogging: version.isLogging,
  homeRegion: version.homeRegion,
  isMultiRegion: version.isMultiRegion,
  includesGlobalServiceEvents: version.includesGlobalServiceEvents,
  isRecursive: version.isRecursive,
  ...(selectors.kind === 'basic'
    ? { eventSelectors: selectors.selectors }
    : { advancedEventSelectors: selectors.selectors }),
})

const rangeJson = ({ from, to, files, hidden, abandoned }: ManifestRange) => ({
  from,
  to,
  files: files.map(fileJson),
  hidden: encodeBase64(hidden),
  ...(abandoned && { abandoned: { reason: abandoned.reason, count: abandoned.count } }),
})

const fileJson = ({ s3Bucket, s3Object, hashValue, count, positions }: ManifestFile) => ({
  s3Bucket,
  s3Object,
  hashValue,
  count,
  positions: encodeBase64(positions),
})
