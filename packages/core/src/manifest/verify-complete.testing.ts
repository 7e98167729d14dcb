import {
  createChainChecker,
  byNewest,
  chainDifference,
  checkLogFile,
  parseDigestKey,
  PlaceSet,
  readDigest,
  sha256Hex,
} from '../digest/index.ts'
import type { ChainOptions, Finding, PublicKeys } from '../digest/index.ts'
import { fetchDigest, fetchLogFile, firstMember, placeName, placeOf, type Objects } from '../digest/objects.testing.ts'
import type { CleanTrail } from './clean-trails.testing.ts'
import {
  createManifestChecker,
  createRecordHasher,
  createRecordJudge,
  foldRange,
  manifestFinding,
  type FoldedRange,
  type KeptTree,
  type Manifest,
  type ManifestFile,
  type ManifestFinding,
} from './index.ts'

/** What the owner of the first trail kept outside of the buckets. */
export interface Kept {
  readonly digest?: ChainOptions['checkpoint']
  readonly trees?: readonly KeptTree[]
}

/** Verifies digests, log files and manifests of trails as a command would, newest digest first. */
export const verifyComplete = (
  objects: Objects,
  trails: readonly CleanTrail[],
  keys: PublicKeys,
  kept: Kept = {},
): (Finding | ManifestFinding)[] => {
  const ledger = new PlaceSet()
  return trails.flatMap((trail, index) => verifyTrail(objects, trail, keys, index === 0 ? kept : {}, ledger))
}

function verifyTrail(
  objects: Objects,
  { expected, stream }: CleanTrail,
  keys: PublicKeys,
  kept: Kept,
  ledger: PlaceSet,
): (Finding | ManifestFinding)[] {
  const chain = createChainChecker({ expected, keys, ...(kept.digest && { checkpoint: kept.digest }) })
  const log = { origin: stream.origin, verifiers: [stream.logSigner.key] }
  const checker = createManifestChecker({ keys, log, ledger, kept: kept.trees ?? [] })
  const findings: (Finding | ManifestFinding)[] = []
  const places = Array.from(objects.keys(), placeOf).filter(({ key }) => {
    const name = parseDigestKey(key)
    return name !== undefined && chainDifference(name, expected) === undefined
  })
  for (const place of places.toSorted(byNewest)) {
    const fetched = fetchDigest(objects, place)
    const added = chain.add(fetched)
    findings.push(...added.findings)
    const read = fetched.status === 'found' ? readDigest(fetched.bytes) : undefined
    if (!added.isBelievable || fetched.status !== 'found' || !read?.ok) continue
    for (const entry of added.logFiles)
      findings.push(...checkLogFile(entry, fetchLogFile(objects, { bucket: entry.s3Bucket, key: entry.s3Object })))
    const digest = checker.open({ place, digest: read.digest, sha256: sha256Hex(fetched.bytes) })
    for (let next = digest.next(); next; next = digest.next()) {
      const part = digest.add(fetchDigest(objects, next))
      findings.push(...part.findings)
      if (part.manifest) findings.push(...digest.fold(foldPart(objects, part.manifest, findings)))
    }
    findings.push(...digest.end())
  }
  findings.push(...chain.end().findings, ...checker.end().findings)
  return findings
}

function foldPart(objects: Objects, manifest: Manifest, findings: (Finding | ManifestFinding)[]): FoldedRange[] {
  const { versions, region } = manifest
  const judge = createRecordJudge({ versions, region })
  const recordsOf = (file: ManifestFile): Uint8Array | undefined => {
    const logFile = { bucket: file.s3Bucket, key: file.s3Object }
    const member = firstMember(objects.get(placeName(logFile))?.body ?? new Uint8Array())
    if (typeof member === 'string' || sha256Hex(member.content) !== file.hashValue) return undefined
    let unselected = 0
    const hasher = createRecordHasher({ onRecord: (record) => (unselected += judge(record) ? 0 : 1) })
    hasher.add(member.content)
    const hashed = hasher.end()
    if (unselected > 0) findings.push(manifestFinding('record-not-selected', logFile, { records: unselected }))
    return hashed.ok ? hashed.hashes : undefined
  }
  // In no particular order: ranges fold by themselves.
  return manifest.ranges.toReversed().map((range) => foldRange(range, range.files.map(recordsOf)))
}
