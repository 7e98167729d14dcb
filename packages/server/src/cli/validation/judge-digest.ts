import { hash } from 'node:crypto'
import {
  awsVerdict,
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
  type Place,
} from '@opentrail/core/digest'
import type { BelievableDigest } from '@opentrail/core/manifest'
import { printable } from '../table.ts'
import { fetchDigest, type CopiedDigest } from './fetch-objects.ts'
import { addBackfillKeys, isSeenOfChain, type Gathered, type VerifyOptions } from './gathered.ts'
import type { TrailPlace } from './trail-place.ts'
import type { JudgedDigest, JudgeHint } from './walk-chain.ts'

export interface Judged extends JudgedDigest {
  readonly status: AwsVerdict['status'] | 'unsigned-copy'
  readonly verdict?: AwsVerdict
  /** To be checked. */
  readonly logFiles: readonly DigestLogFile[]
  /** Something vouches for it; there is a manifest beside it. */
  readonly believable?: BelievableDigest
}

export function createJudge(
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
    const isBelievable = !isBackfill && fetched.status === 'found' && added.isBelievable
    const believable = isBelievable && digest && { place, digest, sha256: hash('sha256', fetched.bytes) }
    return {
      place,
      status: verdict.status,
      verdict,
      ...(digest && { digest }),
      logFiles,
      ...(believable && { believable }),
    }
  }
}

const isKept = (checkpoint: Checkpoint | undefined, { bucket, key, bytes }: AvailableDigest): boolean =>
  checkpoint?.bucket === bucket && checkpoint.key === key && checkpoint.sha256.toLowerCase() === hash('sha256', bytes)

/** The digest that follows repeats the signature; it is checked like any other. */
export function restoreSignature<Fetched extends FetchedDigest & CopiedDigest>(
  fetched: Fetched,
  newer: DigestFile | undefined,
): Fetched {
  if (!fetched.isCopy || fetched.status !== 'found' || !newer) return fetched
  const isPrevious = newer.previousDigestS3Bucket === fetched.bucket && newer.previousDigestS3Object === fetched.key
  const signature = isPrevious ? newer.previousDigestSignature : null
  if (signature === null) return fetched
  return { ...fetched, metadata: { signature, 'signature-algorithm': 'SHA256withRSA' } }
}

/** Names are untrusted, and go to a terminal. */
export const judgedObject = (
  type: JudgedObject['type'],
  { bucket, key }: Place,
  { chain }: TrailPlace,
  isBackfill: boolean,
): JudgedObject => ({ type, bucket: printable(bucket), key: printable(key), isBackfill, homeRegion: chain.homeRegion })
