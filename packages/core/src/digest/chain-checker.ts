import { formatEventTime } from '../event/index.ts'
import { checkDigest, digestWindowMs, type CheckedDigest, type DigestExpectations } from './check-digest.ts'
import { checkLink } from './check-link.ts'
import type { DigestLogFile } from './digest-file.ts'
import type { DigestHead, PreviousDigest } from './digest-head.ts'
import { digestFolder, parseDigestKey } from './digest-key.ts'
import { chainDifference } from './expected-chain.ts'
import { isSamePlace, type FetchedDigest, type Place } from './fetched.ts'
import { finding, type Finding, type FindingKind } from './finding.ts'
import type { LogFileLedger } from './log-file-ledger.ts'
import { sha256Hex } from './digest-signature.ts'

/** What is kept of a verified digest, in a place that the bucket's owner cannot change, to recognise its chain by. */
export interface Checkpoint extends Place {
  /** Lower hex, of the digest's uncompressed bytes. */
  readonly sha256: string
}

export interface ChainOptions extends DigestExpectations {
  /**
   * A digest is known to have been written at this time (ms), as GetTrailStatus says, or to end then: the window that ends
   * before it must be there. Without it, or a checkpoint, nobody can see that the newest digests were deleted.
   */
  readonly expectedUntil?: number
  /** Windows that end after this time (ms) must be accounted for. Without it, the chain may begin where it likes. */
  readonly expectedFrom?: number
  readonly checkpoint?: Checkpoint
  /** Shared by all chains whose log files lie in the same folders; without it, unlisted and twice listed files go unseen. */
  readonly ledger?: LogFileLedger
}

export interface AddedDigest {
  readonly findings: readonly Finding[]
  /** Something vouches for the digest: its signature, or the hash in the signed digest that follows it. */
  readonly isBelievable: boolean
  /** The log files to check, each once; empty where nothing vouches for the digest. */
  readonly logFiles: readonly DigestLogFile[]
}

export interface ChainEnd {
  readonly findings: readonly Finding[]
  readonly digests: number
  /** The newest digest of the chain, if one is believable: keep it for the next verification. */
  readonly checkpoint?: Checkpoint
}

/** Judges one chain, newest digest first. Holds no more than its neighbours' heads: memory does not grow with the chain. */
export interface ChainChecker {
  /** @throws {RangeError} the stamp of the digest's key is newer than that of the one before: the caller's order is wrong. */
  add(fetched: FetchedDigest): AddedDigest
  /** What can only be said at the end. Once. */
  end(): ChainEnd
}

/** What is known of what comes before the digests seen so far. */
type Before =
  | { readonly kind: 'nothing-seen' }
  /** The digest that `newer` names, whose key has this stamp (ms). */
  | { readonly kind: 'link'; readonly newer: DigestHead; readonly previous: PreviousDigest; readonly stamp: number }
  /** `newer` is the first of its chain: another chain may end any time before it. */
  | { readonly kind: 'start'; readonly newer: DigestHead }
  /** What there was is missing or not believable; the digests seen claim the time after `from` (ms). */
  | { readonly kind: 'unknown'; readonly from: number }

const windowText = (from: number, to: number) => ({ from: formatEventTime(from), to: formatEventTime(to) })
const noLogFiles: readonly DigestLogFile[] = []

export function createChainChecker(options: ChainOptions): ChainChecker {
  const { expected, windowMs = digestWindowMs, checkpoint, ledger, expectedFrom, expectedUntil } = options
  const coverage = ledger?.coverage(expected)
  const isBackfill = expected.isBackfill ?? false
  let before: Before = { kind: 'nothing-seen' }
  let lastStamp = Infinity
  let newestStamp: number | undefined
  /** Subject of what concerns the chain as a whole. */
  let ends: Place = { bucket: checkpoint?.bucket ?? '', key: digestFolder(expected) }
  let newest: Checkpoint | undefined
  let isCheckpointSeen = false
  let digests = 0
  let findings: Finding[] = []
  const report = (kind: FindingKind, subject: Place, message: string, data: Finding['data'] = {}): void => {
    findings.push(finding(kind, subject, message, data))
  }

  /** The time from `from` to `to` has no digest, for no reason that is proved. Backfill digests leave most hours out. */
  function unproven(subject: Place, from: number, to: number): void {
    if (isBackfill || from >= to) return
    const data = windowText(from, to)
    report('window-unproven', subject, `Nothing tells why there is no digest from ${data.from} to ${data.to}.`, data)
    coverage?.hole(from, to, 'missing', subject)
  }

  function missing({ bucket, key }: Place, stamp: number): void {
    report('digest-missing', { bucket, key }, 'The next digest is linked to this one, and it is not there.')
    coverage?.hole(stamp - windowMs, stamp, 'missing', { bucket, key })
    before = { kind: 'unknown', from: stamp - windowMs }
  }

  function notBelievable(place: Place, stamp: number): void {
    coverage?.hole(stamp - windowMs, stamp, 'missing', place)
    before = { kind: 'unknown', from: stamp - windowMs }
  }

  /** `head` is the chain's next; what it names is expected from now on. */
  function adopt(head: DigestHead): void {
    coverage?.cover(head.startTime, head.endTime, head.place)
    newest ??= { ...head.place, sha256: head.sha256 }
    const { previous } = head
    if (!previous) {
      before = { kind: 'start', newer: head }
      return
    }
    const name = parseDigestKey(previous.key)
    if (name && chainDifference(name, expected) === undefined && name.endTime < head.endTime) {
      before = { kind: 'link', newer: head, previous, stamp: name.endTime }
      return
    }
    const message = 'The digest names a predecessor that cannot be one.'
    report('link-elsewhere', head.place, message, { previousBucket: previous.bucket, previousKey: previous.key })
    before = { kind: 'unknown', from: head.startTime }
  }

  /** A digest that the chain passes by; `stamp` is that of the one it expects. What is not signed has its findings already. */
  function stray(checked: CheckedDigest, newer: DigestHead, stamp?: number): boolean {
    const head = checked.isAuthentic ? checked.content?.head : undefined
    if (!head) return false
    const isSameWindow = head.endTime === newer.endTime || head.endTime === stamp
    const data = { other: newer.place.key, reason: isSameWindow ? 'same-window' : 'same-predecessor' }
    if (isSameWindow) report('fork', head.place, 'Another signed digest ends at the same time.', data)
    else if (head.previous && newer.previous && isSamePlace(head.previous, newer.previous))
      report('fork', head.place, 'Another signed digest has the same predecessor.', data)
    else report('digest-unlinked', head.place, 'No newer digest is linked to this one.', { newer: newer.place.key })
    return true
  }

  function afterStart(newer: DigestHead, place: Place, end: number): void {
    const data = windowText(end, newer.startTime)
    if (end < newer.startTime && !isBackfill) {
      report('gap', newer.place, `No digests were made from ${data.from} to ${data.to}.`, { ...data, older: place.key })
      coverage?.hole(end, newer.startTime, 'gap', newer.place)
    } else report('chain-restarted', newer.place, `A new chain begins at ${data.to}.`, { ...data, older: place.key })
  }

  /** The digest is where the chain goes on. True: something vouches for its content. */
  function goOn(place: Place, stamp: number, { content, isAuthentic }: CheckedDigest): boolean {
    // Its own signature may be lost; the signed digest that follows vouches for the content all the same.
    const link = before.kind === 'link' ? before : undefined
    const isVouched = link !== undefined && content?.head.sha256 === link.previous.sha256
    if (!content || !(isAuthentic || isVouched)) {
      notBelievable(place, stamp)
      return false
    }
    if (isAuthentic && link) findings.push(...checkLink(link.newer, content.head))
    adopt(content.head)
    return true
  }

  /** Finds the digest's place in the chain. True: something vouches for its content. */
  function join(place: Place, stamp: number, checked: CheckedDigest): boolean {
    if (before.kind === 'link') {
      const { newer, previous } = before
      if (isSamePlace(previous, place)) return goOn(place, stamp, checked)
      if (stamp >= before.stamp) return stray(checked, newer, before.stamp)
      missing(previous, before.stamp)
    }
    if (before.kind === 'start') {
      if (stamp >= before.newer.endTime) return stray(checked, before.newer)
      afterStart(before.newer, place, stamp)
    }
    if (before.kind === 'unknown') unproven(place, stamp, before.from)
    return goOn(place, stamp, checked)
  }

  function checkCheckpoint(fetched: FetchedDigest): void {
    if (!checkpoint || !isSamePlace(checkpoint, fetched) || fetched.status !== 'found') return
    isCheckpointSeen = true
    const actual = sha256Hex(fetched.bytes)
    if (actual === checkpoint.sha256.toLowerCase()) return
    const message = 'The digest is not the one of which a checkpoint was kept.'
    report('checkpoint-differs', fetched, message, { expected: checkpoint.sha256, actual })
  }

  /** Each of the digest's log files once, noted in the ledger. */
  function take(place: Place, { content }: CheckedDigest): readonly DigestLogFile[] {
    const logFiles = onlyOnce(content?.digest.logFiles ?? noLogFiles)
    // What is listed again stays: two digests may differ on its hash.
    for (const { s3Bucket, s3Object } of logFiles)
      if (ledger?.list({ s3Bucket, s3Object }) === false)
        report('log-file-listed-twice', place, 'A newer digest has already listed this log file.', {
          s3Bucket,
          s3Object,
        })
    return logFiles
  }

  function endOfChain(): void {
    if (before.kind === 'link') {
      const { previous, stamp } = before
      const isWanted = expectedFrom !== undefined && stamp > expectedFrom
      if (isWanted) missing(previous, stamp)
      else if (expectedFrom === undefined)
        report('older-digests-absent', previous, 'The oldest digest is linked to this one, and it is not there.')
    }
    if (before.kind === 'unknown' && expectedFrom !== undefined) unproven(ends, expectedFrom, before.from)
  }

  function endOfTime(): void {
    if (expectedUntil !== undefined && (newestStamp ?? -Infinity) + windowMs <= expectedUntil) {
      const known = formatEventTime(expectedUntil)
      const message = `A digest is known of ${known}; the newest that is there is older by an hour or more.`
      const data = { expectedUntil: known, newest: newestStamp === undefined ? null : formatEventTime(newestStamp) }
      report('newest-digest-missing', ends, message, data)
    } else if (digests === 0) report('no-digests', ends, 'There is no digest of this chain.')
    if (checkpoint && !isCheckpointSeen && mustHaveCheckpoint(checkpoint))
      report('checkpoint-missing', checkpoint, 'The digest of which a checkpoint was kept is not in the chain.')
  }

  /** Not where the chain is cut off before it: by the range that was asked for, or by older digests that are gone. */
  function mustHaveCheckpoint({ key }: Checkpoint): boolean {
    const stamp = parseDigestKey(key)?.endTime
    if (stamp === undefined || newestStamp === undefined || stamp >= lastStamp) return true
    if (expectedFrom !== undefined) return stamp > expectedFrom
    return before.kind === 'start'
  }

  return {
    add(fetched) {
      findings = []
      const checked = checkDigest(fetched, options)
      findings.push(...checked.findings)
      const name = parseDigestKey(fetched.key)
      // What is named as of another chain has no place in this one.
      if (!name || chainDifference(name, expected) !== undefined)
        return { findings, isBelievable: false, logFiles: noLogFiles }
      if (name.endTime > lastStamp) throw new RangeError('digests are added newest first')
      digests++
      lastStamp = name.endTime
      if (newestStamp === undefined) ends = fetched
      newestStamp ??= name.endTime
      checkCheckpoint(fetched)
      const isBelievable = join(fetched, name.endTime, checked)
      return { findings, isBelievable, logFiles: isBelievable ? take(fetched, checked) : noLogFiles }
    },
    end() {
      findings = []
      // First what the end of the chain tells of a checkpoint, since closing it changes what is known.
      endOfTime()
      endOfChain()
      return { findings, digests, ...(newest && { checkpoint: newest }) }
    },
  }
}

function onlyOnce(files: readonly DigestLogFile[]): readonly DigestLogFile[] {
  const seen = new Set<string>()
  return files.filter(({ s3Bucket, s3Object }) => {
    const file = `${s3Bucket}/${s3Object}`
    return !seen.has(file) && seen.add(file)
  })
}
