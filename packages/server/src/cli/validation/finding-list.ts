import { findingKinds, type Finding, type Severity } from '@opentrail/core/digest'
import type { ManifestFinding } from '@opentrail/core/manifest'

/** A finding, and whether the AWS CLI's output has a line that tells of it. */
/** Of digests and log files, or of manifests. */
export type AnyFinding = Finding | ManifestFinding

export type NotedFinding = AnyFinding & {
  readonly isSeenByAws: boolean
}

/** All findings counted, and the first of them kept: a bucket may hold any number of things that are wrong. */
export interface FindingList {
  add(findings: readonly AnyFinding[], isSeenByAws: (finding: Finding) => boolean): void
  readonly kept: readonly NotedFinding[]
  readonly counts: Readonly<Record<Severity, number>>
  /** Of those that the AWS CLI does not see. */
  readonly unseen: Readonly<Record<Severity, number>>
  /** Findings that only say that the source would not hand something out. */
  readonly unreadable: number
}

const isOfDigests = (found: AnyFinding): found is Finding => Object.hasOwn(findingKinds, found.kind)

/** More than anybody reads; each has a kilobyte. The counts tell of the rest. */
const keptMax = 10_000

export function createFindingList(): FindingList {
  const kept: NotedFinding[] = []
  const counts = { invalid: 0, gap: 0, notice: 0 }
  const unseen = { invalid: 0, gap: 0, notice: 0 }
  let unreadable = 0
  return {
    kept,
    counts,
    unseen,
    get unreadable() {
      return unreadable
    },
    add(findings, isSeenByAws) {
      for (const found of findings) {
        const isSeen = isOfDigests(found) && findingKinds[found.kind].aws !== '' && isSeenByAws(found)
        counts[found.severity]++
        if (!isSeen) unseen[found.severity]++
        if (found.kind === 'digest-unreadable' || found.kind === 'log-file-unreadable') unreadable++
        if (kept.length < keptMax) kept.push({ ...found, isSeenByAws: isSeen })
      }
    },
  }
}
