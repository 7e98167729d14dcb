import { hash } from 'node:crypto'
import {
  awsVerdict,
  checkLogFile,
  createChainChecker,
  createLogFileLedger,
  parseDigestKey,
  readDigest,
  type AvailableDigest,
  type AwsVerdict,
  type ChainChecker,
  type Checkpoint,
  type DigestFile,
  type DigestLogFile,
  type FetchedDigest,
  type Finding,
  type JudgedObject,
  type LogFileLedger,
  type Place,
  type PublicKey,
} from '@opentrail/core/digest'
import { formatEventTime, parseEventTime } from '@opentrail/core/event'
import { CommandError } from '../command-error.ts'
import { printable } from '../table.ts'
import type { AwsCounts, AwsOutput } from './aws-output.ts'
import { listDigests, type DigestListing, type TimeRange } from './digest-listing.ts'
import { fetchDigest, fetchLogFile, type CopiedDigest } from './fetch-objects.ts'
import { createFindingList, type FindingList } from './finding-list.ts'
import { createInOrder } from './in-order.ts'
import type { KeySource } from './key-source.ts'
import { judgeListing } from './judge-listing.ts'
import type { ObjectSource } from './object-source.ts'
import type { TrailPlace } from './trail-place.ts'
import { walkChain, type JudgedDigest, type JudgeHint } from './walk-chain.ts'

export interface VerifyOptions {
  readonly trail: TrailPlace
  readonly range: TimeRange
  readonly source: ObjectSource
  readonly keys: KeySource
  readonly output: AwsOutput
  /** A digest is known to have been written then, ms. */
  readonly expectedUntil?: number
  readonly checkpoint?: Checkpoint
  /** Called now and then. */
  readonly onProgress: (done: Progress) => void
}

export interface Progress {
  readonly digests: number
  readonly logFiles: number
}

export interface Verification {
  readonly findings: FindingList
  readonly counts: AwsCounts
  readonly found?: TimeRange
  /** Objects among the log files that were compared with what the digests list. */
  readonly objectsListed: number
  /** Digests of a plain copy whose signature no other digest repeats, and the log files that only they list. */
  readonly unsignedCopies: Progress
  /** Keys that were known, by fingerprint. */
  readonly keys: ReadonlyMap<string, PublicKey>
  /** The newest digest, to be kept. */
  readonly checkpoint?: Checkpoint
}

/** Fetches under way: hides the store's answering time, and bounds what is held in memory. */
export const fetchesMax = 16
const hourMs = 3_600_000

interface Judged extends JudgedDigest {
  readonly status: AwsVerdict['status'] | 'unsigned-copy'
  readonly verdict?: AwsVerdict
  /** To be checked. */
  readonly logFiles: readonly DigestLogFile[]
}

/** What is gathered on the way. */
interface Gathered {
  readonly findings: FindingList
  readonly counts: { digests: Count; backfillDigests: Count; logFiles: Count }
  readonly ledger: LogFileLedger
  readonly keys: Map<string, PublicKey>
  /** Names of digests that the output calls not found. */
  readonly notFound: Set<string>
  readonly unsignedCopies: { digests: number; logFiles: number }
  readonly done: { digests: number; logFiles: number }
  found?: TimeRange
  checkpoint?: Checkpoint
  /** The digest of the given checkpoint is there, in a copy that lacks its signature. */
  isCheckpointCopied?: boolean
}
interface Count {
  valid: number
  invalid: number
}

/**
 * Verifies one trail's digests and log files in a range: what the AWS CLI checks, in its order and words, and all else that
 * the digests tell. Memory does not grow with the log files but for some 50 bytes each.
 * @throws {CommandError} with exit code 255: the range cannot be verified at all.
 */
export async function verifyTrail(options: VerifyOptions): Promise<Verification> {
  const { trail, range, output } = options
  const gathered = startGathering()
  output.begin(trail.arn, range)
  const listings = new Map<string, Promise<DigestListing>>()
  const list = (bucket: string): Promise<DigestListing> => {
    const known = listings.get(bucket) ?? listDigests(options.source, trail, bucket, range)
    listings.set(bucket, known)
    return known
  }
  const { backfill } = await list(trail.bucket)
  await addKeys(gathered, options.keys, range.from, range.to + 2 * hourMs)
  await verifyChain(options, gathered, async (bucket) => (await list(bucket)).standard, false)
  if (backfill.length > 0) await verifyChain(options, gathered, async (bucket) => (await list(bucket)).backfill, true)
  const { findings, counts, found, unsignedCopies, keys, checkpoint } = gathered
  output.end({ range, counts, ...(found && { found }) })
  const objectsListed = await judgeListing(options, gathered.ledger, [...listings.keys()], (stray) =>
    findings.add([stray], () => false),
  )
  return {
    findings,
    counts,
    objectsListed,
    unsignedCopies,
    keys,
    ...(found && { found }),
    ...(checkpoint && { checkpoint }),
  }
}

const startGathering = (): Gathered => ({
  findings: createFindingList(),
  counts: {
    digests: { valid: 0, invalid: 0 },
    backfillDigests: { valid: 0, invalid: 0 },
    logFiles: { valid: 0, invalid: 0 },
  },
  ledger: createLogFileLedger(),
  keys: new Map(),
  notFound: new Set(),
  unsignedCopies: { digests: 0, logFiles: 0 },
  done: { digests: 0, logFiles: 0 },
})

async function addKeys({ keys }: Gathered, source: KeySource, from: number, to: number): Promise<void> {
  const found = await source.between(from, to)
  for (const [fingerprint, key] of found) keys.set(fingerprint, key)
  if (found.size === 0)
    throw new CommandError(`No public keys found between ${formatEventTime(from)} and ${formatEventTime(to)}`, {
      exitCode: 255,
    })
}

interface LogFileResult {
  readonly verdict?: AwsVerdict
  readonly findings: readonly Finding[]
}

async function verifyChain(
  options: VerifyOptions,
  gathered: Gathered,
  list: (bucket: string) => Promise<readonly Place[]>,
  isBackfill: boolean,
): Promise<void> {
  const { trail, range, source, output } = options
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
    for (const entry of judged.logFiles)
      await lines.add(async () => {
        const result = await judgeLogFile(source, trail, entry)
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
  }
  await lines.end()
  const end = checker.end()
  const isWrong = ({ kind }: Finding): boolean => kind !== 'checkpoint-missing' || !gathered.isCheckpointCopied
  findings.add(end.findings.filter(isWrong), (found) => isSeenOfChain(gathered, found))
  if (!isBackfill && end.checkpoint) gathered.checkpoint = end.checkpoint
}

/** What the AWS CLI says of a chain as a whole: gaps, digests that are not there, and that there are none. */
function isSeenOfChain({ notFound }: Gathered, { kind, subject }: Finding): boolean {
  if (kind === 'digest-missing' || kind === 'older-digests-absent')
    return notFound.has(`${subject.bucket}/${subject.key}`)
  return kind === 'gap' || kind === 'chain-restarted' || kind === 'no-digests'
}

function createJudge(
  options: VerifyOptions,
  gathered: Gathered,
  checker: ChainChecker,
  isBackfill: boolean,
): (place: Place, hint: JudgeHint) => Promise<Judged> {
  const { source, trail } = options
  const ahead = new Map<string, Promise<FetchedDigest & CopiedDigest>>()
  const fetch = (place: Place): Promise<FetchedDigest & CopiedDigest> => {
    const name = `${place.bucket}/${place.key}`
    const running = ahead.get(name) ?? fetchDigest(source, place)
    running.catch(() => {})
    ahead.set(name, running)
    return running
  }
  let newest = Infinity
  let newer: DigestFile | undefined

  return async (place, { next, isOnChain }) => {
    const running = fetch(place)
    for (const each of next) void fetch(each)
    const fetched = restoreSignature(await running, newer)
    ahead.delete(`${place.bucket}/${place.key}`)
    const object = judgedObject('digest', place, trail, isBackfill)
    if (fetched.status === 'not-found') {
      if (isOnChain) gathered.notFound.add(`${place.bucket}/${place.key}`)
      const missing: Finding = { kind: 'digest-not-found', severity: 'invalid', subject: place, message: '', data: {} }
      return { place, verdict: awsVerdict(object, [missing]), status: 'invalid', logFiles: [] }
    }
    const read = fetched.status === 'found' ? readDigest(fetched.bytes) : undefined
    const digest = read?.ok ? read.digest : undefined
    if (digest && fetched.isCopy && fetched.status === 'found' && fetched.metadata['signature'] === undefined) {
      newer = digest
      if (isKept(options.checkpoint, fetched)) gathered.isCheckpointCopied = true
      gathered.unsignedCopies.digests++
      gathered.unsignedCopies.logFiles += digest.logFiles.length
      return { place, status: 'unsigned-copy', digest, logFiles: [] }
    }
    if (isBackfill && digest) await addBackfillKeys(options, gathered, fetched, digest)
    const stamp = parseDigestKey(place.key)?.endTime ?? Infinity
    // A link to a newer digest is a finding by itself; the chain's time runs one way.
    if (stamp > newest) return { place, status: 'invalid', logFiles: [] }
    newest = stamp
    const added = checker.add(fetched)
    newer = digest
    const own = added.findings.filter(({ subject }) => subject.bucket === place.bucket && subject.key === place.key)
    const verdict = awsVerdict(object, own)
    gathered.findings.add(
      added.findings,
      (found) => (isOnChain && verdict.status === 'invalid' && own.includes(found)) || isSeenOfChain(gathered, found),
    )
    const logFiles = verdict.status === 'valid' ? (digest?.logFiles ?? []) : added.logFiles
    return { place, status: verdict.status, verdict, ...(digest && { digest }), logFiles }
  }
}

const isKept = (checkpoint: Checkpoint | undefined, { bucket, key, bytes }: AvailableDigest): boolean =>
  checkpoint?.bucket === bucket && checkpoint.key === key && checkpoint.sha256.toLowerCase() === hash('sha256', bytes)

/** The digest that follows repeats the signature; it is checked like any other. */
function restoreSignature<Fetched extends FetchedDigest & CopiedDigest>(
  fetched: Fetched,
  newer: DigestFile | undefined,
): Fetched {
  if (!fetched.isCopy || fetched.status !== 'found' || !newer) return fetched
  const isPrevious = newer.previousDigestS3Bucket === fetched.bucket && newer.previousDigestS3Object === fetched.key
  const signature = isPrevious ? newer.previousDigestSignature : null
  if (signature === null) return fetched
  return { ...fetched, metadata: { signature, 'signature-algorithm': 'SHA256withRSA' } }
}

/** A backfill digest is made long after its hour, so its key may be of another time. */
async function addBackfillKeys(
  options: VerifyOptions,
  gathered: Gathered,
  fetched: FetchedDigest,
  digest: DigestFile,
): Promise<void> {
  const made =
    fetched.status === 'found' ? Date.parse(fetched.metadata['backfill-generation-timestamp'] ?? '') : Number.NaN
  if (Number.isNaN(made) || gathered.keys.has(digest.digestPublicKeyFingerprint)) return
  await addKeys(gathered, options.keys, made - hourMs, made + hourMs)
}

async function judgeLogFile(source: ObjectSource, trail: TrailPlace, entry: DigestLogFile): Promise<LogFileResult> {
  const place = { bucket: entry.s3Bucket, key: entry.s3Object }
  const findings = checkLogFile(entry, await fetchLogFile(source, place))
  return { findings, verdict: awsVerdict(judgedObject('log-file', place, trail, false), findings) }
}

/** Names are untrusted, and go to a terminal. */
const judgedObject = (
  type: JudgedObject['type'],
  { bucket, key }: Place,
  { chain }: TrailPlace,
  isBackfill: boolean,
): JudgedObject => ({ type, bucket: printable(bucket), key: printable(key), isBackfill, homeRegion: chain.homeRegion })

function count(counted: Count, { status }: AwsVerdict): void {
  if (status === 'valid') counted.valid++
  if (status === 'invalid') counted.invalid++
}

/** The time that valid digests cover, within the range. */
function widen(gathered: Gathered, digest: DigestFile, range: TimeRange): void {
  const start = Math.max(parseEventTime(digest.digestStartTime) ?? range.from, range.from)
  const end = Math.min(parseEventTime(digest.digestEndTime) ?? range.to, range.to)
  const { from, to } = gathered.found ?? { from: start, to: end }
  gathered.found = { from: Math.min(from, start), to: Math.max(to, end) }
}
