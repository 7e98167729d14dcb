import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { ApiDigest, ApiDigestPage } from '@opentrail/core/api'
import {
  checkDigest,
  checkLink,
  digestKey,
  parseDigestKey,
  publicKeys,
  type DigestFile,
  type DigestHead,
  type FetchedDigest,
  type Place,
} from '@opentrail/core/digest'
import { formatEventTime, type Region } from '@opentrail/core/event'
import type { Trail } from '@opentrail/core/trail'
import { BucketError, type BucketStore } from '../buckets/index.ts'
import type { ControlStore } from '../control/index.ts'
import { chainKey, type ChainDocument } from '../digests/index.ts'
import type { SigningKeys } from '../signing-keys/index.ts'

export interface DigestParts {
  readonly control: Pick<ControlStore, 'get' | 'list'>
  readonly buckets: Pick<BucketStore, 'get'>
  readonly signingKeys: Pick<SigningKeys, 'list'>
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Compressed: some 100,000 log files in one hour. A larger digest is for `opentrail validate-logs`. */
const storedBytesMax = 16 * 2 ** 20
const digestBytesMax = 64 * 2 ** 20

/** Where the walk through one Region's chain stands. Plain data: cursors carry it. */
export interface DigestPosition {
  readonly region: string
  readonly bucket: string
  readonly key: string
  /** What the newer one, or the chain's document, says of it. */
  readonly hash?: string | undefined
  readonly signature?: string | undefined
}

/** The newest digest of each of the trail's chains. @throws {ControlUnavailableError} */
export async function newestDigests(
  trail: Trail,
  regions: readonly Region[],
  { control }: DigestParts,
): Promise<DigestPosition[]> {
  const positions: DigestPosition[] = []
  for (const region of regions) {
    const chain = await control.get<ChainDocument>(chainKey(trail.id, region))
    if (chain?.value.previous) positions.push({ region, ...chain.value.previous })
  }
  return positions
}

/**
 * The next digests, newest first over all Regions; each is read and checked when its turn comes. A digest that is missing or not to be
 * believed does not end the walk: where the one before it must be follows from the time.
 */
export async function digestPage(
  trail: Trail,
  positions: readonly DigestPosition[],
  limit: number,
  parts: DigestParts,
): Promise<{ digests: ApiDigestPage['digests']; rest: DigestPosition[] }> {
  const digests: ApiDigest[] = []
  const rest = new Map(positions.map((position) => [position.region, position]))
  const starts = await chainStarts(trail, positions, parts)
  while (digests.length < limit) {
    const [newest] = [...rest.values()].sort((a, b) => endOf(b) - endOf(a))
    if (!newest) break
    const { digest, previous } = await readOne(trail, newest, parts)
    digests.push(digest)
    if (previous && endOf(previous) >= (starts.get(newest.region) ?? 0)) rest.set(newest.region, previous)
    else rest.delete(newest.region)
  }
  return { digests, rest: [...rest.values()] }
}

const endOf = ({ key }: DigestPosition): number => parseDigestKey(key)?.endTime ?? 0

async function chainStarts(trail: Trail, positions: readonly DigestPosition[], { control }: DigestParts) {
  const starts = new Map<string, number>()
  for (const { region } of positions) {
    const chain = await control.get<ChainDocument>(chainKey(trail.id, region as Region))
    if (chain) starts.set(region, chain.value.startedAt)
  }
  return starts
}

async function readOne(
  trail: Trail,
  position: DigestPosition,
  parts: DigestParts,
): Promise<{ digest: ApiDigest; previous: DigestPosition | undefined }> {
  const { region, bucket, key } = position
  const end = endOf(position)
  const fetched = await fetchDigest({ bucket, key }, parts)
  const keys = await parts.signingKeys.list(region as Region, end - dayMs, end + dayMs)
  const checked = checkDigest(fetched, {
    keys: publicKeys(
      keys.map((each) => ({
        der: each.publicKey,
        validityStart: each.validFrom,
        validityEnd: each.validTo,
        fingerprint: each.fingerprint,
      })),
    ),
    expected: {
      account: trail.account,
      trailName: trail.name,
      homeRegion: trail.homeRegion,
      sourceRegion: region as Region,
    },
  })
  const { content, findings, isAuthentic } = checked
  const link = content ? linkFault(position, content.head) : undefined
  const state = stateOf(fetched, isAuthentic && link === undefined)
  const why = link ?? (isAuthentic ? undefined : findings[0]?.message)
  const digest: ApiDigest = {
    account: trail.account,
    region,
    bucket,
    key,
    start: content?.digest.digestStartTime ?? formatEventTime(end - hourMs),
    end: content?.digest.digestEndTime ?? formatEventTime(end),
    files: content?.digest.logFiles.length ?? 0,
    ...(content?.head.previous && { previousKey: content.head.previous.key }),
    fingerprint: content?.digest.digestPublicKeyFingerprint ?? '',
    state,
    ...(state !== 'valid' && why !== undefined && { why }),
  }
  return { digest, previous: state === 'valid' && content ? previousOf(region, content.digest) : hourBefore(position) }
}

function stateOf({ status }: FetchedDigest, isValid: boolean): ApiDigest['state'] {
  if (status === 'not-found') return 'missing'
  if (status === 'unreadable') return 'unknown'
  return isValid ? 'valid' : 'invalid'
}

/** What the newer digest, or the server itself, says of this one against what it is. */
function linkFault({ bucket, key, hash, signature }: DigestPosition, head: DigestHead): string | undefined {
  if (hash === undefined) return undefined
  const expected = { bucket, key, sha256: hash, signature: signature ?? null }
  const newer: DigestHead = { ...head, startTime: head.endTime, place: { bucket, key: 'newer' }, previous: expected }
  return checkLink(newer, head)[0]?.message
}

function previousOf(region: string, digest: DigestFile): DigestPosition | undefined {
  const { previousDigestS3Bucket: bucket, previousDigestS3Object: key } = digest
  if (bucket === null || key === null) return undefined
  const position = {
    region,
    bucket,
    key,
    hash: digest.previousDigestHashValue ?? undefined,
    signature: digest.previousDigestSignature ?? undefined,
  }
  // Nothing that was signed names a later one; what is no digest's key has no place in time.
  return endOf(position) > 0 ? position : undefined
}

function hourBefore({ region, bucket, key }: DigestPosition): DigestPosition | undefined {
  const name = parseDigestKey(key)
  return name && { region, bucket, key: digestKey({ ...name, endTime: name.endTime - hourMs }) }
}

const unpack = promisify(gunzip)

/** Never throws what the store says: it is a state. */
async function fetchDigest(place: Place, { buckets }: DigestParts): Promise<FetchedDigest> {
  try {
    const { body, metadata = {} } = await buckets.get(place.bucket, place.key, { bytesMax: storedBytesMax })
    const bytes = await unpack(body, { maxOutputLength: digestBytesMax }).catch(() => undefined)
    if (!bytes) return { ...place, status: 'not-gzip' }
    return { ...place, status: 'found', metadata, bytes, hasTrailingData: false }
  } catch (error) {
    if (!(error instanceof BucketError)) throw error
    const isMissing = error.code === 'NoSuchKey' || error.code === 'NoSuchBucket'
    return isMissing ? { ...place, status: 'not-found' } : { ...place, status: 'unreadable', reason: error.code }
  }
}

/** Digests after the delivery in which a file is looked for: it is in the first that ends after it, unless the chain waited. */
const digestsTried = 3

/** The digest that lists the file; undefined: there is none yet, or it cannot be read. */
export async function findDigestOf(
  file: Place & { readonly deliveredAt: number; readonly ordinal: number },
  trail: Trail,
  region: Region,
  parts: DigestParts,
): Promise<Place | undefined> {
  const chain = (await parts.control.get<ChainDocument>(chainKey(trail.id, region)))?.value
  if (!chain?.previous || file.ordinal > chain.lastOrdinal || file.ordinal <= chain.afterOrdinal) return undefined
  const name = parseDigestKey(chain.previous.key)
  if (!name) return undefined
  const hours = Math.floor((name.endTime - file.deliveredAt - 1) / hourMs)
  for (let tried = 0; tried < digestsTried && hours - tried >= 0; tried++) {
    const key = digestKey({ ...name, endTime: name.endTime - (hours - tried) * hourMs })
    const place = { bucket: chain.previous.bucket, key }
    const fetched = await fetchDigest(place, parts)
    if (fetched.status === 'found' && lists(fetched.bytes, file)) return place
  }
  return undefined
}

function lists(bytes: Uint8Array, { bucket, key }: Place): boolean {
  try {
    const { logFiles } = JSON.parse(Buffer.from(bytes).toString()) as Partial<DigestFile>
    return Array.isArray(logFiles) && logFiles.some((file) => file.s3Bucket === bucket && file.s3Object === key)
  } catch {
    return false
  }
}
