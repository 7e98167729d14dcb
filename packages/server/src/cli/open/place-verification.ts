import type { ApiVerification, ApiVerifiedTrail } from '@opentrail/core/api'
import type { CliContext } from '../context.ts'
import type { LogStore } from '../log-files/log-store.ts'
import type { Narrowing } from '../log-files/narrowing.ts'
import type { Progress } from '../validation/gathered.ts'
import type { VerificationDocument } from '../validation/verification-document.ts'
import type { Unproven } from './find-chains.ts'
import { stoppable } from './stoppable-store.ts'
import { verifyChains, worstOutcome, type VerifyFlags, type Watcher } from './verify-place.ts'

export interface PlaceVerification {
  /** How far it is. The first call begins it. */
  look(): ApiVerification
  /** Ends it where it is. */
  close(): Promise<void>
}

/** Of one trail; more than anybody reads on a page. */
const trailFindingsMax = 100
/** Of all trails, each with some hundred bytes: a page asks again and again while it runs. */
const findingsMax = 2_000

/** What `open --verify` does, in the background. What goes wrong is its result. */
export function createPlaceVerification(
  context: CliContext,
  flags: VerifyFlags,
  { store, narrowing }: { readonly store: LogStore; readonly narrowing: Narrowing },
): PlaceVerification {
  const ending = new AbortController()
  const place = { store: stoppable(store, ending.signal), narrowing }
  const trails: ApiVerifiedTrail[] = []
  const unproven: Unproven[] = []
  const notKnown = new Set<string>()
  let underWay: Progress = { digests: 0, logFiles: 0 }
  let end: Pick<ApiVerification, 'state' | 'outcome' | 'why'> = { state: 'running' }
  let running: Promise<void> | undefined
  const watcher: Watcher = {
    unproven: (found) => void unproven.push(found),
    onProgress: (done) => void (underWay = { ...done }),
  }

  async function run(): Promise<void> {
    try {
      let left = findingsMax
      for await (const { document } of verifyChains(context, flags, place, watcher)) {
        const trail = verifiedTrail(document, Math.min(trailFindingsMax, left))
        left -= trail.findings.length
        trails.push(trail)
        for (const sentence of document.notKnown) notKnown.add(sentence)
        underWay = { digests: 0, logFiles: 0 }
      }
      end = { state: 'done', outcome: worstOutcome(trails, unproven) }
    } catch (error) {
      end = { state: 'failed', why: error instanceof Error ? error.message : String(error) }
    }
  }

  return {
    look() {
      running ??= run()
      return { ...end, checked: sumOf(trails, underWay), trails, unproven, notKnown: [...notKnown] }
    },
    async close() {
      ending.abort()
      await running
    },
  }
}

function verifiedTrail({ trail, outcome, counts, ...document }: VerificationDocument, max: number): ApiVerifiedTrail {
  const { digests, backfillDigests, logFiles, unsignedCopies } = counts
  const findings = document.findings.toSorted((a, b) => weights[a.severity] - weights[b.severity]).slice(0, max)
  return {
    arn: trail.arn,
    account: trail.account,
    region: trail.region,
    outcome,
    digests: {
      valid: digests.valid + backfillDigests.valid,
      invalid: digests.invalid + backfillDigests.invalid,
      unsigned: unsignedCopies.digests,
    },
    logFiles: { valid: logFiles.valid, invalid: logFiles.invalid, unsigned: unsignedCopies.logFiles },
    findings: findings.map(({ kind, severity, subject, message }) => ({
      kind,
      severity,
      object: 'key' in subject ? `${subject.bucket}/${subject.key}` : '',
      sentence: message,
    })),
    findingsLeftOut: document.findingsLeftOut + document.findings.length - findings.length,
  }
}

const weights = { invalid: 0, gap: 1, notice: 2 } as const

const sumOf = (trails: readonly ApiVerifiedTrail[], underWay: Progress): Progress => ({
  digests: trails.reduce((sum, { digests }) => sum + checked(digests), underWay.digests),
  logFiles: trails.reduce((sum, { logFiles }) => sum + checked(logFiles), underWay.logFiles),
})
const checked = ({ valid, invalid }: ApiVerifiedTrail['logFiles']): number => valid + invalid
