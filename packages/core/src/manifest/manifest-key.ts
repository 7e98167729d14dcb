import { markerKey } from '../delivery/index.ts'
import { parseDigestKey, type DigestName } from '../digest/index.ts'
import { formatEventTime } from '../event/index.ts'
import { manifestPartsMax } from './manifest.ts'

/** What the key of a manifest's part is made of: the name of the digest that it belongs to, never a backfill digest's. */
export interface ManifestName extends Omit<DigestName, 'isBackfill'> {
  /** From 1. */
  readonly part: number
}

/**
 * The key of a part: nothing in it is random, so that it is written to the same place however often it is tried, and
 * found from its digest. @throws {RangeError} `endTime` is no whole second, or there is no such part.
 */
export function manifestKey(name: ManifestName): string {
  const { account, sourceRegion, trailName, homeRegion, endTime, part } = name
  if (endTime % 1000 !== 0) throw new RangeError(`a digest ends at a whole second, not at ${endTime} ms`)
  if (!Number.isInteger(part) || part < 1 || part > manifestPartsMax)
    throw new RangeError(`a manifest has parts 1 to ${manifestPartsMax}, not ${part}`)
  const time = formatEventTime(endTime)
  const stamp = time.replaceAll(/[-:]/g, '')
  const folder = `${markerKey({ ...name, kind: 'OpenTrail-Manifest' })}${sourceRegion}/`
  const file = [
    account,
    'OpenTrail-Manifest',
    sourceRegion,
    trailName,
    homeRegion,
    stamp,
    String(part).padStart(4, '0'),
  ]
  return `${folder}${time.slice(0, 10).replaceAll('-', '/')}/${file.join('_')}.json.gz`
}

/** S3's own limit; nothing longer is a key. */
const keyCharsMax = 1024
const keyPattern =
  /^(?<before>.*)OpenTrail-Manifest(?<between>\/.*?)_OpenTrail-Manifest_(?<after>.*)_(?<part>\d{4})\.json\.gz$/s

/** What a part's key says; undefined for all else. The key is untrusted. Round trip with `manifestKey`. */
export function parseManifestKey(key: string): ManifestName | undefined {
  const groups = key.length > keyCharsMax ? undefined : keyPattern.exec(key)?.groups
  if (!groups) return undefined
  const { before, between, after, part } = groups
  // Apart from the part, the two kinds of names differ in nothing but the kind.
  const digest = parseDigestKey(`${before}CloudTrail-Digest${between}_CloudTrail-Digest_${after}.json.gz`)
  if (!digest || digest.isBackfill || Number(part) < 1) return undefined
  const { isBackfill: _, ...name } = digest
  const parsed = { ...name, part: Number(part) }
  // A trail's name may hold the words that were exchanged.
  return manifestKey(parsed) === key ? parsed : undefined
}

/** Where a part of the manifest of a digest is, in the digest's bucket. Undefined: such an object has no manifest. */
export function manifestKeyOf(digestObject: string, part: number): string | undefined {
  const name = parseDigestKey(digestObject)
  return name && !name.isBackfill && part <= manifestPartsMax ? manifestKey({ ...name, part }) : undefined
}
