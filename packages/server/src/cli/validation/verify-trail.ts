import type { Checkpoint, PublicKey } from '@opentrail/core/digest'
import type { AwsCounts } from './aws-output.ts'
import { createByteBudget } from './byte-budget.ts'
import { listDigests, type DigestListing, type TimeRange } from './digest-listing.ts'
import { createExaminer } from './examiner.ts'
import type { FindingList } from './finding-list.ts'
import { addKeys, startGathering, type Gathered, type Progress, type VerifyOptions } from './gathered.ts'
import { judgeListing } from './judge-listing.ts'
import { noteOtherChains } from './other-chains.ts'
import { verifyChain } from './verify-chain.ts'

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
  /** Where manifests were checked. */
  readonly completeness?: Gathered['completeness']
}

const hourMs = 3_600_000
/** Stored log files that are held at a time: all that are under way, if they have a megabyte each. */
const heldBytesMax = 64 * 2 ** 20

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
  const examiner = createExaminer()
  const reader = { source: options.source, examiner, budget: createByteBudget(heldBytesMax) }
  try {
    await verifyChain(options, gathered, reader, async (bucket) => (await list(bucket)).standard, false)
    if (backfill.length > 0)
      await verifyChain(options, gathered, reader, async (bucket) => (await list(bucket)).backfill, true)
  } finally {
    await examiner.close()
  }
  const { findings, counts, found, unsignedCopies, keys, checkpoint, completeness } = gathered
  output.end({ range, counts, ...(found && { found }) })
  await noteOtherChains(options, gathered, listings.keys())
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
    ...(completeness && { completeness }),
  }
}
