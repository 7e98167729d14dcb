import {
  byNewest,
  chainDifference,
  createChainChecker,
  parseDigestKey,
  readDigest,
  type DigestFile,
  type ExpectedChain,
  type Place,
} from '@opentrail/core/digest'
import { dayFolder, lastStamp } from './digest-listing.ts'
import { fetchDigest } from './fetch-objects.ts'
import { addBackfillKeys, type Gathered, type VerifyOptions } from './gathered.ts'
import { restoreSignature } from './judge-digest.ts'
import { accountFolder } from './trail-place.ts'

/** So many digests are fetched ahead. */
const aheadMax = 8

/**
 * Notes the log files of other trails that deliver to the same folders: their names do not tell whose they are, so they
 * would seem to be put in. Only what a signed digest lists is noted; whatever is wrong with those chains is found where
 * their own trail is verified. @throws {SourceError}
 */
export async function noteOtherChains(
  options: VerifyOptions,
  gathered: Gathered,
  buckets: Iterable<string>,
): Promise<void> {
  for (const [expected, places] of await listOthers(options, buckets))
    await noteChain(options, gathered, expected, places)
}

async function listOthers(
  { source, trail, range }: VerifyOptions,
  buckets: Iterable<string>,
): Promise<[ExpectedChain, Place[]][]> {
  const { chain } = trail
  const folder = `${accountFolder(trail)}/CloudTrail-Digest/${chain.sourceRegion}/`
  const others = new Map<string, [ExpectedChain, Place[]]>()
  for (const bucket of buckets)
    for await (const key of source.list(bucket, folder, `${folder}${dayFolder(range.from)}`)) {
      const name = parseDigestKey(key)
      if (!name || name.endTime < range.from || name.account !== chain.account) continue
      // Names of one day come trail by trail.
      if (key > `${folder}${dayFolder(lastStamp(range))}~`) break
      if (name.endTime > lastStamp(range)) continue
      const { account, trailName, homeRegion, sourceRegion, isBackfill } = name
      if (chainDifference(name, { ...chain, isBackfill }) === undefined) continue
      const id = `${trailName}/${homeRegion}/${isBackfill}`
      const other = others.get(id) ?? [{ account, trailName, homeRegion, sourceRegion, isBackfill }, []]
      other[1].push({ bucket, key })
      others.set(id, other)
    }
  return [...others.values()]
}

async function noteChain(
  options: VerifyOptions,
  gathered: Gathered,
  expected: ExpectedChain,
  places: readonly Place[],
): Promise<void> {
  const { keys, ledger } = gathered
  const checker = createChainChecker({ keys, ledger, expected, expectedFrom: options.range.from })
  const waiting = places.toSorted(byNewest)
  const running: ReturnType<typeof fetchDigest>[] = []
  let newer: DigestFile | undefined
  for (;;) {
    for (const place of waiting.splice(0, aheadMax - running.length)) {
      const fetching = fetchDigest(options.source, place)
      fetching.catch(() => {})
      running.push(fetching)
    }
    const first = running.shift()
    if (!first) return
    const fetched = restoreSignature(await first, newer)
    const read = fetched.status === 'found' ? readDigest(fetched.bytes) : undefined
    newer = read?.ok ? read.digest : undefined
    // A plain copy has lost the signature, and no other digest repeats it.
    if (fetched.isCopy && fetched.status === 'found' && fetched.metadata['signature'] === undefined) continue
    if (newer && expected.isBackfill) await addBackfillKeys(options, gathered, fetched, newer)
    checker.add(fetched)
  }
}
