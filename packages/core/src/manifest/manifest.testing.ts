import type { AccountId, Region } from '../event/index.ts'
import { createPositionsWriter } from '../delivery/index.ts'
import { defaultSelectors } from '../selector/index.ts'
import { appendLeaves, emptyFrontier, hashBytes, rootHash } from '../merkle/index.ts'
import type { Manifest, ManifestFile, ManifestRange } from './manifest.ts'

const account = '210000000001' as AccountId
const region = 'eu-west-1' as Region

export function positionsOf(...offsets: readonly number[]): Uint8Array {
  const writer = createPositionsWriter()
  for (const offset of offsets) writer.add(offset)
  return writer.finish()
}

export const fileOf = (name: string, ...offsets: readonly number[]): ManifestFile => ({
  s3Bucket: 'audit-logs',
  s3Object: `AWSLogs/${account}/CloudTrail/${region}/${name}.json.gz`,
  hashValue: 'ab'.repeat(32),
  count: offsets.length,
  positions: positionsOf(...offsets),
})

export const rangeOf = (from: number, to: number, changes: Partial<ManifestRange> = {}): ManifestRange => ({
  from,
  to,
  files: [],
  hidden: new Uint8Array(hashBytes),
  ...changes,
})

/** Well-formed, with hashes of nothing: a part with one range without files and one with two. */
export function manifestOf(changes: Partial<Manifest> = {}): Manifest {
  const start = appendLeaves(emptyFrontier, [new Uint8Array(hashBytes), new Uint8Array(hashBytes).fill(1)])
  return {
    awsAccountId: account,
    region,
    trailArn: `arn:aws:cloudtrail:${region}:${account}:trail/main`,
    digestS3Bucket: 'audit-logs',
    digestS3Object: `AWSLogs/${account}/CloudTrail-Digest/${region}/2026/03/04/digest.json.gz`,
    digestHashValue: 'cd'.repeat(32),
    publicKeyFingerprint: 'ef'.repeat(16),
    part: 1,
    isLast: true,
    isFirst: false,
    start,
    end: { sequence: 12, root: rootHash(start), checkpoint: 'logs.example/1\n12\n' },
    versions: [
      {
        since: 3,
        isLogging: true,
        homeRegion: region,
        isMultiRegion: true,
        includesGlobalServiceEvents: true,
        isRecursive: false,
        selectors: defaultSelectors,
      },
    ],
    ranges: [rangeOf(2, 4), rangeOf(4, 12, { files: [fileOf('one', 0, 1, 5), fileOf('two', 3)] })],
    ...changes,
  }
}
