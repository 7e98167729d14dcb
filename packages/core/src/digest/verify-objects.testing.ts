import { createChainChecker, type Checkpoint } from './chain-checker.ts'
import { byNewest } from './check-chain.ts'
import { checkLogFile } from './check-log-file.ts'
import { parseDigestKey } from './digest-key.ts'
import { chainDifference, type ExpectedChain } from './expected-chain.ts'
import type { Finding } from './finding.ts'
import { createLogFileLedger } from './log-file-ledger.ts'
import { fetchDigest, fetchLogFile, placeOf, type Objects } from './objects.testing.ts'
import type { PublicKeys } from './public-key.ts'

/** A chain, and what its owner knows of it beside the buckets. */
export interface KnownChain {
  readonly expected: ExpectedChain
  readonly expectedUntil?: number
  readonly expectedFrom?: number
  readonly checkpoint?: Checkpoint
}

/** Verifies all that lies in the buckets, as a command would: digests newest first, their log files, then the listing. */
export function verifyObjects(objects: Objects, chains: readonly KnownChain[], keys: PublicKeys): Finding[] {
  const ledger = createLogFileLedger()
  const places = Array.from(objects.keys(), placeOf)
  const findings = chains.flatMap((chain) => {
    const checker = createChainChecker({ ...chain, keys, ledger })
    const own = places.filter(({ key }) => isOfChain(key, chain.expected)).toSorted(byNewest)
    const found = own.flatMap((place) => {
      const added = checker.add(fetchDigest(objects, place))
      const files = added.logFiles.flatMap((entry) =>
        checkLogFile(entry, fetchLogFile(objects, { bucket: entry.s3Bucket, key: entry.s3Object })),
      )
      return [...added.findings, ...files]
    })
    return [...found, ...checker.end().findings]
  })
  return [...findings, ...places.flatMap((place) => (isDigest(place.key) ? [] : (ledger.judge(place) ?? [])))]
}

const isDigest = (key: string): boolean => parseDigestKey(key) !== undefined
function isOfChain(key: string, expected: ExpectedChain): boolean {
  const name = parseDigestKey(key)
  return name !== undefined && chainDifference(name, expected) === undefined
}
