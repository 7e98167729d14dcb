import { formatEventTime } from '@opentrail/core/event'
import { treeJson } from './checkpoint-file.ts'
import type { TimeRange } from './digest-listing.ts'
import type { TrailPlace } from './trail-place.ts'
import type { Verification } from './verify-trail.ts'

/** All that is known about a verification beside its result. */
export interface VerificationContext {
  readonly version: string
  /** Wall clock, ms. */
  readonly verifiedAt: number
  readonly trail: TrailPlace
  readonly range: TimeRange
  readonly source: string
  readonly keySource: string
  /** What this verification cannot tell, in sentences. */
  readonly notKnown: readonly string[]
}

export type Outcome = 'valid' | 'invalid' | 'incomplete'

/** The whole result as one JSON value; times are ISO, UTC. */
export const verificationDocument = (context: VerificationContext, result: Verification) => {
  const { trail, range } = context
  const { findings, counts, found, unsignedCopies, objectsListed } = result
  const outcome = outcomeOf(result)
  const tree = result.completeness?.newest
  return {
    tool: { name: 'opentrail validate-logs', version: context.version },
    verifiedAt: formatEventTime(context.verifiedAt),
    outcome,
    exitCode: exitCodes[outcome],
    trail: {
      arn: trail.arn,
      account: trail.chain.account,
      region: trail.chain.sourceRegion,
      bucket: trail.bucket,
      prefix: trail.keyPrefix ?? null,
      organizationId: trail.organizationId ?? null,
    },
    requested: rangeTexts(range),
    found: found ? rangeTexts(found) : null,
    source: context.source,
    keys: {
      source: context.keySource,
      known: Array.from(result.keys.values(), ({ fingerprint, validityStart, validityEnd }) => ({
        fingerprint,
        validFrom: formatEventTime(validityStart),
        validTo: formatEventTime(validityEnd),
      })),
    },
    counts: { ...counts, unsignedCopies, objectsListed, findings: findings.counts },
    findings: findings.kept,
    findingsLeftOut: sum(findings.counts) - findings.kept.length,
    notKnown: context.notKnown,
    checkpoint: result.checkpoint ? { ...result.checkpoint, ...(tree && { tree: treeJson(tree) }) } : null,
    completeness: result.completeness?.accounted ?? null,
  }
}
export type VerificationDocument = ReturnType<typeof verificationDocument>

const rangeTexts = ({ from, to }: TimeRange) => ({ from: formatEventTime(from), to: formatEventTime(to) })
const sum = ({ invalid, gap, notice }: Verification['findings']['counts']): number => invalid + gap + notice

/** As the AWS CLI ends: 255 where the store would not hand something out, and nothing else is wrong. */
const exitCodes: Readonly<Record<Outcome, number>> = { valid: 0, invalid: 1, incomplete: 255 }

export function outcomeOf({
  counts,
  findings,
  completeness,
}: Pick<Verification, 'counts' | 'findings' | 'completeness'>): Outcome {
  const { digests, backfillDigests, logFiles } = counts
  const isSeenInvalid = digests.invalid + backfillDigests.invalid + logFiles.invalid > 0
  if (isSeenInvalid || findings.counts.invalid > findings.unreadable) return 'invalid'
  const isUnsigned = (completeness?.accounted?.unsigned ?? 0) > 0
  return findings.unreadable > 0 || isUnsigned ? 'incomplete' : 'valid'
}
