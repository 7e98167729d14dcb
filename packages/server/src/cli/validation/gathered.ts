import {
  createLogFileLedger,
  type AwsVerdict,
  type Checkpoint,
  type DigestFile,
  type FetchedDigest,
  type Finding,
  type LogFileLedger,
  type PublicKey,
} from '@opentrail/core/digest'
import { formatEventTime, parseEventTime } from '@opentrail/core/event'
import { CommandError } from '../command-error.ts'
import type { KeptTree, LogIdentity } from '@opentrail/core/manifest'
import type { AwsOutput } from './aws-output.ts'
import type { Completeness } from './complete.ts'
import type { TimeRange } from './digest-listing.ts'
import { createFindingList, type FindingList } from './finding-list.ts'
import type { KeySource } from './key-source.ts'
import type { ObjectSource } from './object-source.ts'
import type { TrailPlace } from './trail-place.ts'

export interface VerifyOptions {
  readonly trail: TrailPlace
  readonly range: TimeRange
  readonly source: ObjectSource
  readonly keys: KeySource
  readonly output: AwsOutput
  /** A digest is known to have been written then, ms. */
  readonly expectedUntil?: number
  readonly checkpoint?: Checkpoint
  /** Present: manifests are checked, too. */
  readonly complete?: { readonly log?: LogIdentity; readonly kept: readonly KeptTree[] }
  /** Called now and then. */
  readonly onProgress: (done: Progress) => void
}

export interface Progress {
  readonly digests: number
  readonly logFiles: number
}

export interface Count {
  valid: number
  invalid: number
}

/** What is gathered on the way. */
export interface Gathered {
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
  completeness?: ReturnType<Completeness['end']>
  /** The digest of the given checkpoint is there, in a copy that lacks its signature. */
  isCheckpointCopied?: boolean
}

export const startGathering = (): Gathered => ({
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

const hourMs = 3_600_000

export async function addKeys({ keys }: Gathered, source: KeySource, from: number, to: number): Promise<void> {
  const found = await source.between(from, to)
  for (const [fingerprint, key] of found) keys.set(fingerprint, key)
  if (found.size === 0)
    throw new CommandError(`No public keys found between ${formatEventTime(from)} and ${formatEventTime(to)}`, {
      exitCode: 255,
    })
}

/** A backfill digest is made long after its hour, so its key may be of another time. */
export async function addBackfillKeys(
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

/** What the AWS CLI says of a chain as a whole: gaps, digests that are not there, and that there are none. */
export function isSeenOfChain({ notFound }: Gathered, { kind, subject }: Finding): boolean {
  if (kind === 'digest-missing' || kind === 'older-digests-absent')
    return notFound.has(`${subject.bucket}/${subject.key}`)
  return kind === 'gap' || kind === 'chain-restarted' || kind === 'no-digests'
}

export function count(counted: Count, { status }: AwsVerdict): void {
  if (status === 'valid') counted.valid++
  if (status === 'invalid') counted.invalid++
}

/** The time that valid digests cover, within the range. */
export function widen(gathered: Gathered, digest: DigestFile, range: TimeRange): void {
  const start = Math.max(parseEventTime(digest.digestStartTime) ?? range.from, range.from)
  const end = Math.min(parseEventTime(digest.digestEndTime) ?? range.to, range.to)
  const { from, to } = gathered.found ?? { from: start, to: end }
  gathered.found = { from: Math.min(from, start), to: Math.max(to, end) }
}
