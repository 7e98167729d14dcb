import { gunzipSync } from 'node:zlib'
import {
  byNewest,
  checkChain,
  checkLogFile,
  parseDigestKey,
  publicKeys,
  readDigest,
  type DigestFile,
  type DigestName,
  type FetchedDigest,
  type FetchedLogFile,
  type Finding,
  type Place,
  type PublicKeys,
} from '@opentrail/core/digest'
import { parseEventTime, streamParts } from '@opentrail/core/event'
import { createHash } from 'node:crypto'
import type { LedgerEntry } from '../../packages/server/src/delivery/index.ts'
import { verifyManifests } from '../../packages/server/src/digests/verify-manifests.testing.ts'
import type { SigningKeys } from '../../packages/server/src/signing-keys/index.ts'
import { demand, Violation, type Ledger } from './ledger.ts'
import type { SimulatedBuckets } from './simulated-buckets.ts'
import { regions } from './workload.ts'

/** What is no log file, and judged here. */
export const isProof = (key: string): boolean =>
  key.includes('/CloudTrail-Digest/') || key.includes('/OpenTrail-Manifest/')

type Delivered = Extract<LedgerEntry, { deliveredAt: number }>

interface Signed extends Place {
  readonly name: DigestName
  readonly fetched: Extract<FetchedDigest, { status: 'found' }>
  readonly digest: DigestFile
}

/**
 * At the end, the verifier is the judge: every chain is valid, every log file that a digest lists is as it says, and what was
 * delivered while a chain was there is in one digest. Says how many digests there are. @throws {Violation}
 */
export async function checkDigests(ledger: Ledger, buckets: SimulatedBuckets, signers: SigningKeys): Promise<number> {
  const keys = await keysOf(signers)
  const digests: Signed[] = []
  for (const { bucket, key } of buckets.objects()) {
    const name = parseDigestKey(key)
    if (name) digests.push(await fetch(buckets, { bucket, key }, name))
  }
  for (const chain of Map.groupBy(digests, ({ name }) => chainOf(name)).values()) await checkOne(chain, keys, buckets)
  checkListed(ledger, digests)
  return digests.length
}

async function keysOf(signers: SigningKeys): Promise<PublicKeys> {
  const views = await Promise.all(regions.map((region) => signers.list(region, 0, Number.MAX_SAFE_INTEGER)))
  return publicKeys(
    views.flat().map(({ publicKey, validFrom, validTo, fingerprint }) => {
      return { der: publicKey, validityStart: validFrom, validityEnd: validTo - 1, fingerprint }
    }),
  )
}

const chainOf = ({ account, sourceRegion, trailName, homeRegion }: DigestName): string =>
  [account, sourceRegion, trailName, homeRegion].join(' ')

async function fetch(buckets: SimulatedBuckets, place: Place, name: DigestName): Promise<Signed> {
  const { body, metadata = {} } = await buckets.port.get(place.bucket, place.key, { bytesMax: 2 ** 30 })
  const bytes = gunzipSync(body)
  const read = readDigest(bytes)
  if (!read.ok) throw new Violation(`${place.key} is no digest: ${read.message}`)
  return {
    ...place,
    name,
    digest: read.digest,
    fetched: { ...place, status: 'found', metadata, bytes, hasTrailingData: false },
  }
}

/** A trail that is deleted and made again, and one that logs or validates no more for a while, leave gaps; nothing else is found. */
async function checkOne(chain: readonly Signed[], keys: PublicKeys, buckets: SimulatedBuckets): Promise<void> {
  const { account, trailName, homeRegion, sourceRegion } = chain[0]!.name
  const { findings, logFiles } = checkChain(
    chain.map(({ fetched }) => fetched),
    { keys, expected: { account, trailName, homeRegion, sourceRegion } },
  )
  const found: Finding[] = [...findings]
  for (const entry of logFiles) {
    const place = { bucket: entry.s3Bucket, key: entry.s3Object }
    found.push(...checkLogFile(entry, fetchLogFile(buckets, place)))
  }
  for (const finding of found) demand(finding.severity === 'gap', () => `the verifier finds ${JSON.stringify(finding)}`)
  await checkManifests(chain, keys, buckets)
}

/** What a manifest may say of a service whose buckets fail, whose ranges are given up and whose trails stop and start. */
const honest = new Set(['manifests-restarted', 'manifests-begin', 'range-abandoned'])

async function checkManifests(chain: readonly Signed[], keys: PublicKeys, buckets: SimulatedBuckets): Promise<void> {
  const { account, sourceRegion: region } = chain[0]!.name
  const believable = chain.toSorted(byNewest).map(({ bucket, key, digest, fetched }) => {
    const sha256 = createHash('sha256').update(fetched.bytes).digest('hex')
    return { place: { bucket, key }, digest, sha256 }
  })
  const read = ({ bucket, key }: Place) => buckets.port.get(bucket, key, { bytesMax: 2 ** 30 }).catch(() => undefined)
  for (const finding of await verifyManifests(believable, { account, region, keys }, read))
    demand(honest.has(finding.kind), () => `the verifier finds ${JSON.stringify(finding)}`)
}

function fetchLogFile(buckets: SimulatedBuckets, place: Place): FetchedLogFile {
  const object = buckets.object(place.bucket, place.key)
  if (!object) return { ...place, status: 'not-found' }
  const sha256 = createHash('sha256')
    .update(gunzipSync(object.bodies.at(-1)!))
    .digest('hex')
  return { ...place, status: 'found', sha256, hasTrailingData: false }
}

/** Deliveries in the second in which a chain began may have come before it. */
const beginningMs = 1_000

function checkListed(ledger: Ledger, digests: readonly Signed[]): void {
  const listed = new Map<string, number>()
  for (const { digest } of digests)
    for (const { s3Object } of digest.logFiles) listed.set(s3Object, (listed.get(s3Object) ?? 0) + 1)
  const trailIds = trailIdsByPrefix(ledger)
  const windows = Map.groupBy(digests, ({ name }) => `${trailIds.get(name.keyPrefix ?? '')} ${name.sourceRegion}`)
  for (const { trailId, stream, entries } of ledger.lanes.values()) {
    const { region } = streamParts(stream)
    const own = windows.get(`${trailId} ${region}`) ?? []
    const delivered = [...entries.values()].filter((entry): entry is Delivered => 'deliveredAt' in entry)
    for (const entry of delivered) {
      const times = listed.get(entry.key) ?? 0
      // Where the clock went back, a chain may have begun at a time before deliveries that it came after.
      const isCovered = !ledger.clockWentBack && own.some(({ digest }) => covers(digest, entry.deliveredAt))
      const describe = () => `${entry.key}, delivered at ${new Date(entry.deliveredAt).toISOString()}`
      demand(times <= 1, () => `${describe()}, is in ${times} digests`)
      demand(times === 1 || !isCovered, () => `${describe()}, is in no digest of its time`)
      listed.delete(entry.key)
    }
  }
  for (const key of listed.keys()) demand(false, () => `a digest lists ${key}, which nobody has delivered`)
}

/** Every destination has a prefix of its own. */
const trailIdsByPrefix = (ledger: Ledger): ReadonlyMap<string, string> =>
  new Map(ledger.trailChanges.flatMap(({ trailId, after }) => (after ? [[after.settings.keyPrefix!, trailId]] : [])))

/** The first digest of a chain covers no time of the chain. */
function covers({ previousDigestS3Object, digestStartTime, digestEndTime }: DigestFile, time: number): boolean {
  if (previousDigestS3Object === null) return false
  const [start, end] = [digestStartTime, digestEndTime].map((text) => parseEventTime(text)!) as [number, number]
  return start + beginningMs <= time && time < end
}
