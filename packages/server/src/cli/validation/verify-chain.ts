import {
  awsVerdict,
  checkLogFile,
  createChainChecker,
  type AwsVerdict,
  type DigestLogFile,
  type Finding,
  type Place,
} from '@opentrail/core/digest'
import { createCompleteness, type Completeness } from './complete.ts'
import type { DigestRecords } from './digest-records.ts'
import { fetchLogFile, type LogFileReader } from './fetch-objects.ts'
import { count, isSeenOfChain, widen, type Gathered, type VerifyOptions } from './gathered.ts'
import { createInOrder } from './in-order.ts'
import { createJudge, judgedObject } from './judge-digest.ts'
import type { TrailPlace } from './trail-place.ts'
import { walkChain } from './walk-chain.ts'

/**
 * Log files under way. Enough to hide a store's answering time (64 in 50 ms are 1,280 a second); where the processors are what
 * is waited for, most of these are examined or wait for it, and few are being fetched.
 */
const fetchesMax = 64

interface LogFileResult {
  readonly verdict?: AwsVerdict
  readonly findings: readonly Finding[]
}

export async function verifyChain(
  options: VerifyOptions,
  gathered: Gathered,
  reader: LogFileReader,
  list: (bucket: string) => Promise<readonly Place[]>,
  isBackfill: boolean,
): Promise<void> {
  const { trail, range, output } = options
  const { findings, counts } = gathered
  const checker = createChainChecker({
    keys: gathered.keys,
    expected: { ...trail.chain, isBackfill },
    expectedFrom: range.from,
    ledger: gathered.ledger,
    ...(!isBackfill && options.expectedUntil !== undefined && { expectedUntil: options.expectedUntil }),
    ...(!isBackfill && options.checkpoint && { checkpoint: options.checkpoint }),
  })
  const digestCount = isBackfill ? counts.backfillDigests : counts.digests
  // Lines come in the order of the chain, however the fetches end.
  const lines = createInOrder<() => void>(fetchesMax, (tell) => tell())
  const judge = createJudge(options, gathered, checker, isBackfill)
  const completeness = isBackfill || !options.complete ? undefined : openCompleteness(options, gathered)
  for await (const step of walkChain({ bucket: trail.bucket, from: range.from, list, judge })) {
    if (step.kind === 'gap') {
      await lines.add(async () => () => output.gap(step.from, step.to, isBackfill))
      continue
    }
    const { judged, isOnChain } = step
    await lines.add(async () => () => {
      gathered.done.digests++
      options.onProgress(gathered.done)
      if (!isOnChain || !judged.verdict) return
      output.verdict(judged.verdict)
      count(digestCount, judged.verdict)
      if (judged.verdict.status === 'valid' && judged.digest) widen(gathered, judged.digest, range)
    })
    const records = judged.believable && completeness?.open(judged.believable)
    for (const entry of judged.logFiles)
      await lines.add(async () => {
        const result = await judgeLogFile(reader, trail, entry, records)
        return () => {
          gathered.done.logFiles++
          options.onProgress(gathered.done)
          const isShown = isOnChain && judged.status === 'valid'
          findings.add(result.findings, () => isShown && result.verdict?.status === 'invalid')
          if (!isShown || !result.verdict) return
          output.verdict(result.verdict)
          count(counts.logFiles, result.verdict)
        }
      })
    if (records)
      await lines.add(async () => {
        const found = await records.judge()
        return () => findings.add(found, () => false)
      })
  }
  await lines.end()
  if (completeness) {
    const complete = completeness.end()
    findings.add(complete.findings, () => false)
    gathered.completeness = complete
  }
  const end = checker.end()
  const isWrong = ({ kind }: Finding): boolean => kind !== 'checkpoint-missing' || !gathered.isCheckpointCopied
  findings.add(end.findings.filter(isWrong), (found) => isSeenOfChain(gathered, found))
  if (!isBackfill && end.checkpoint) gathered.checkpoint = end.checkpoint
}

const openCompleteness = ({ source, complete }: VerifyOptions, { keys }: Gathered): Completeness =>
  createCompleteness({ source, keys, kept: complete?.kept ?? [], ...(complete?.log && { log: complete.log }) })

async function judgeLogFile(
  reader: LogFileReader,
  trail: TrailPlace,
  entry: DigestLogFile,
  records: DigestRecords | undefined,
): Promise<LogFileResult> {
  const place = { bucket: entry.s3Bucket, key: entry.s3Object }
  const fetched = await fetchLogFile(reader, place, await records?.task(entry))
  const findings = checkLogFile(entry, fetched)
  const isAsDelivered = findings.every(({ severity }) => severity !== 'invalid')
  records?.give(entry, isAsDelivered && 'records' in fetched ? fetched.records : undefined)
  return { findings, verdict: awsVerdict(judgedObject('log-file', place, trail, false), findings) }
}
