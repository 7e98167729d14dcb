import { createChainChecker, type ChainOptions, type Checkpoint } from './chain-checker.ts'
import type { DigestLogFile } from './digest-file.ts'
import { parseDigestKey } from './digest-key.ts'
import type { FetchedDigest, Place } from './fetched.ts'
import type { Finding } from './finding.ts'

export interface CheckedChain {
  readonly findings: readonly Finding[]
  /** Of believable digests, newest digest first: check each with `checkLogFile`. */
  readonly logFiles: readonly DigestLogFile[]
  readonly checkpoint?: Checkpoint
}

/** Newest first, as `createChainChecker` wants them; what is not named like a digest comes first. */
export function byNewest(one: Place, other: Place): number {
  const [stamp, otherStamp] = [one, other].map(({ key }) => parseDigestKey(key)?.endTime ?? Infinity) as [
    number,
    number,
  ]
  if (stamp !== otherStamp) return stamp > otherStamp ? -1 : 1
  return `${one.bucket}/${one.key}` < `${other.bucket}/${other.key}` ? -1 : 1
}

/**
 * Judges all digests of one trail, account and source Region, in any order: its chain and, where there are backfill
 * digests, theirs. For what fits into memory; `createChainChecker` does the same one by one.
 */
export function checkChain(fetched: readonly FetchedDigest[], options: ChainOptions): CheckedChain {
  const backfill = fetched.filter(isBackfill)
  const { expectedUntil: _until, expectedFrom: _from, checkpoint: _checkpoint, ...shared } = options
  const chains = [
    checkOne(
      fetched.filter((digest) => !isBackfill(digest)),
      options,
    ),
    // Nobody knows when the next of these is due.
    ...(backfill.length > 0
      ? [checkOne(backfill, { ...shared, expected: { ...options.expected, isBackfill: true } })]
      : []),
  ]
  const checkpoint = chains[0]?.checkpoint
  return {
    findings: chains.flatMap(({ findings }) => findings),
    logFiles: chains.flatMap(({ logFiles }) => logFiles),
    ...(checkpoint && { checkpoint }),
  }
}

function checkOne(fetched: readonly FetchedDigest[], options: ChainOptions): CheckedChain {
  const checker = createChainChecker(options)
  const added = fetched.toSorted(byNewest).map((digest) => checker.add(digest))
  const { findings, checkpoint } = checker.end()
  return {
    findings: [...added.flatMap((one) => one.findings), ...findings],
    logFiles: added.flatMap(({ logFiles }) => logFiles),
    ...(checkpoint && { checkpoint }),
  }
}

const isBackfill = ({ key }: Place): boolean => parseDigestKey(key)?.isBackfill ?? false
