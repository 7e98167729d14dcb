import { logFileKinds, parseLogFileKey, type LogFileKind, type ParsedLogFileKey } from '../delivery/index.ts'
import { formatEventTime } from '../event/index.ts'
import type { DigestLogFile } from './digest-file.ts'
import type { ExpectedChain } from './expected-chain.ts'
import type { Place } from './fetched.ts'
import { finding, type Finding } from './finding.ts'
import { PlaceSet } from './place-set.ts'

/** A stamp is rounded up, by at most so much: a file may have been delivered that long before it. */
const stampLeadMs = 5 * 60_000
/** A file that is delivered later than this after its stamp is late; it may be called unlisted until the next digest. */
const deliveryMsMax = 15 * 60_000
/** After this long without another digest, a chain is taken to have ended where other chains go on. */
const nextDigestMsMax = 2 * 3_600_000

/** Why a time is not covered by a chain that covers what is around it. */
export type HoleReason = 'gap' | 'missing'

/** What one chain covers; `createChainChecker` fills it in, newest first. `place` is that of a digest concerned. */
export interface ChainCoverage {
  /** The digest from `from` to `to` (ms) is there. */
  cover(from: number, to: number, place: Place): void
  /** From `from` to `to` there is none. */
  hole(from: number, to: number, reason: HoleReason, place: Place): void
}

/**
 * Which log files are listed, and by that, which of those in a bucket are not. One ledger for all chains whose log files
 * share folders: two trails that deliver to one bucket and prefix put theirs side by side, and their names do not tell
 * whose they are. Memory grows by some 50 bytes per listed log file.
 */
export interface LogFileLedger {
  /** Notes a listed file. False: a digest had listed it already. */
  list(entry: Pick<DigestLogFile, 's3Bucket' | 's3Object'>): boolean
  coverage(chain: ExpectedChain): ChainCoverage
  /** What is to be said of an object that lies in a bucket; asked once all digests were added. Undefined: nothing. */
  judge(present: Place): Finding | undefined
}

interface Interval {
  from: number
  readonly to: number
  readonly reason: HoleReason
}
interface Span {
  /** Where the chain's digests are, and so its log files: `<bucket>/[<prefix>/]AWSLogs/[<organization>/]<account>/`. */
  readonly folders: Set<string>
  readonly region: string
  from: number
  to: number
  readonly holes: Interval[]
}

/** @param options.kinds of files that the digests list; a kind that they never list would seem unlisted. All by default. */
export function createLogFileLedger(options: { readonly kinds?: readonly LogFileKind[] } = {}): LogFileLedger {
  const kinds = new Set<LogFileKind>(options.kinds ?? logFileKinds)
  const listed = new PlaceSet()
  const spans: Span[] = []
  return {
    list: ({ s3Bucket, s3Object }) => listed.add({ bucket: s3Bucket, key: s3Object }),
    coverage(chain) {
      const span: Span = { folders: new Set(), region: chain.sourceRegion, from: Infinity, to: -Infinity, holes: [] }
      // Backfill digests are made for single hours; that there are none says nothing of a log file.
      if (!chain.isBackfill) spans.push(span)
      return coverageOf(span)
    },
    judge(present) {
      if (listed.has(present)) return undefined
      const name = parseLogFileKey(present.key)
      const near = spans.filter(({ folders }) => folders.has(folderOf(present)))
      if (!name) return judgeStranger(present, near.length > 0)
      if (!kinds.has(name.kind)) return undefined
      return judgeUnlisted(
        present,
        name,
        near.filter(({ region }) => region === name.region),
      )
    },
  }
}

function coverageOf(span: Span): ChainCoverage {
  const widen = (from: number, to: number, place: Place): void => {
    span.from = Math.min(span.from, from)
    span.to = Math.max(span.to, to)
    span.folders.add(folderOf(place))
  }
  return {
    cover: widen,
    hole(from, to, reason, place) {
      widen(from, to, place)
      const last = span.holes.at(-1)
      // Newest first: neighbours are merged, so that a chain without any digests takes no more room than one with all.
      if (last?.reason === reason && last.from <= to) last.from = Math.min(last.from, from)
      else span.holes.push({ from, to, reason })
    },
  }
}

/** All of a place before the folder of its kind. */
const folderOf = ({ bucket, key }: Place): string => {
  const place = `${bucket}/${key}`
  return place.slice(0, place.lastIndexOf('/CloudTrail') + 1)
}

/**
 * What lies in a log file's folder without the name of one; markers and what lies elsewhere are nobody's business. Readers
 * that take every `.json.gz` would read it as a log file, so a name that is a little off must not excuse what is put in.
 */
function judgeStranger(present: Place, isCovered: boolean): Finding | undefined {
  const isInFolder = logFileKinds.some((kind) => present.key.includes(`/${kind}/`)) && present.key.includes('AWSLogs/')
  if (present.key.endsWith('/') || !isInFolder) return undefined
  if (isCovered && /\.json\.gz$/i.test(present.key))
    return finding(
      'log-file-unlisted',
      present,
      'It ends like a log file, is not named like one, and no digest lists it.',
    )
  return finding('object-unknown', present, 'The object lies among log files and is not named like one.')
}

const verdicts = {
  pending: ['log-file-not-yet-digested', 'The log file is newer than the last digest.'],
  outside: ['log-file-not-covered', 'No digest covers the time of the log file.'],
  gap: ['log-file-in-gap', 'The log file was delivered while no digests were made.'],
  missing: ['log-file-unproven', 'The digest that would list the log file is missing or invalid.'],
  unlisted: ['log-file-unlisted', 'Digests cover the time of the log file, and none lists it.'],
} as const

/** The mildest explanation that one of the chains allows: the file may be of any that deliver to its folder. */
function judgeUnlisted(present: Place, name: ParsedLogFileKey, spans: readonly Span[]): Finding {
  const newest = Math.max(...spans.map(({ to }) => to))
  const reasons = spans.map((span) => reasonIn(span, name.stamp, newest))
  const order = ['pending', 'gap', 'missing', 'unlisted'] as const
  const [kind, message] = verdicts[order.find((reason) => reasons.includes(reason)) ?? 'outside']
  return finding(kind, present, message, { stamp: formatEventTime(name.stamp) })
}

function reasonIn({ from, to, holes }: Span, stamp: number, newest: number): keyof typeof verdicts {
  const [earliest, latest] = [stamp - stampLeadMs, stamp + deliveryMsMax]
  if (latest > to) return to === newest || stamp < to + nextDigestMsMax ? 'pending' : 'gap'
  if (earliest < from) return 'outside'
  const hole = holes[firstBelow(holes, latest)]
  return hole && hole.to > earliest ? hole.reason : 'unlisted'
}

/** Index of the newest hole that begins before `time`; they are in order, newest first. */
function firstBelow(holes: readonly Interval[], time: number): number {
  let [low, high] = [0, holes.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (holes[middle]!.from < time) high = middle
    else low = middle + 1
  }
  return low
}
