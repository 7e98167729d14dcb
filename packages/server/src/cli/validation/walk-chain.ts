import { byNewest, parseDigestKey, type AwsVerdict, type DigestFile, type Place } from '@opentrail/core/digest'
import { parseEventTime } from '@opentrail/core/event'

/** What came of one digest. */
export interface JudgedDigest {
  readonly place: Place
  readonly status: AwsVerdict['status'] | 'unsigned-copy'
  /** Where it could be read. */
  readonly digest?: DigestFile
}

export type Step<Judged extends JudgedDigest> =
  /** `isOnChain`: the AWS CLI looks at it, too; the others are in the listing and linked to by nothing. */
  | { readonly kind: 'digest'; readonly judged: Judged; readonly isOnChain: boolean }
  /** ms; the AWS CLI tells of it. */
  | { readonly kind: 'gap'; readonly from: number; readonly to: number }

export interface WalkOptions<Judged extends JudgedDigest> {
  /** Of the trail. */
  readonly bucket: string
  /** ms */
  readonly from: number
  /** Digests of the chain in the range, oldest first. */
  list(bucket: string): Promise<readonly Place[]>
  /** Called newest digest first, but for links that lead to a newer one. */
  judge(place: Place, about: JudgeHint): Promise<Judged>
}

export interface JudgeHint {
  /** As of `Step`. */
  readonly isOnChain: boolean
  /** What will probably be asked for soon. */
  readonly next: readonly Place[]
}

/** So many digests are fetched ahead: in idle hours nothing else is waited for. */
const aheadMax = 32

/**
 * Visits digests in the AWS CLI's order: from the newest along the links, and where they end or a digest is not valid, on
 * from the newest older one that is listed. On its way it brings what the CLI passes by, each digest once.
 */
export async function* walkChain<Judged extends JudgedDigest>(
  options: WalkOptions<Judged>,
): AsyncGenerator<Step<Judged>> {
  let { bucket } = options
  /** What the CLI has still before it; the newest is taken from the end. */
  let listed = [...(await options.list(bucket))].sort((one, other) => -byNewest(one, other))
  /** All that was listed and is not judged, newest last. */
  let open = [...listed]
  const visited = new Set<string>()
  let place = listed.pop()
  let lastStart = place && stampOf(place)
  const judge = (at: Place, isOnChain: boolean): Promise<Judged> => {
    visited.add(nameOf(at))
    return options.judge(at, { isOnChain, next: listed.slice(-aheadMax).toReversed() })
  }
  const olderThan = (stamp: number): Place | undefined => {
    for (let next = listed.pop(); next; next = listed.pop()) if (stampOf(next) < stamp) return next
    return undefined
  }

  async function* passedBy(next: Place | undefined): AsyncGenerator<Step<Judged>> {
    const isDue = (at: Place): boolean => next === undefined || byNewest(at, next) <= 0
    for (let at = open.at(-1); at && isDue(at); at = open.at(-1)) {
      open.pop()
      if (visited.has(nameOf(at)) || (next && nameOf(next) === nameOf(at))) continue
      yield { kind: 'digest', judged: await judge(at, false), isOnChain: false }
    }
  }

  // A digest that was visited is linked to again only by one whose signer forges: its findings tell, and the CLI goes round.
  while (place && lastStart !== undefined && options.from <= lastStart && !visited.has(nameOf(place))) {
    yield* passedBy(place)
    const judged = await judge(place, true)
    yield { kind: 'digest', judged, isOnChain: true }
    const { digest, status } = judged
    const isFollowed = digest !== undefined && (status === 'valid' || status === 'unsigned-copy')
    const stamp = stampOf(place)
    if (!isFollowed) {
      place = olderThan(stamp)
      continue
    }
    const start = parseEventTime(digest.digestStartTime) ?? stamp
    lastStart = start
    const { previousDigestS3Bucket: previousBucket, previousDigestS3Object: key } = digest
    if (previousBucket === null || key === null || parseDigestKey(key) === undefined) {
      place = olderThan(stamp)
      if (place && key === null) yield { kind: 'gap', from: stampOf(place), to: start }
      continue
    }
    place = { bucket: previousBucket, key }
    if (previousBucket === bucket) continue
    bucket = previousBucket
    listed = [...(await options.list(bucket))].sort((one, other) => -byNewest(one, other))
    open = [...open, ...listed].sort((one, other) => -byNewest(one, other))
  }
  yield* passedBy(undefined)
}

const stampOf = ({ key }: Place): number => parseDigestKey(key)?.endTime ?? 0
const nameOf = ({ bucket, key }: Place): string => `${bucket}/${key}`
