import { markerKey, type LogFolder } from '../delivery/index.ts'
import { formatEventTime, isRegionName, parseEventTime, type AccountId, type Region } from '../event/index.ts'
import { readTrailName } from '../trail/index.ts'

/** What the key of a digest is made of. */
export interface DigestName extends LogFolder {
  /** The Region whose log files the digest covers. */
  readonly sourceRegion: Region
  readonly trailName: string
  readonly homeRegion: Region
  /** The digest's `digestEndTime` in ms, whole seconds. */
  readonly endTime: number
  /** It lists log files that the digests of their hour had missed; such digests are a chain of their own. */
  readonly isBackfill: boolean
}

/**
 * The key of a digest: nothing in it is random, so a digest is written to the same place however often it is tried.
 * @throws {RangeError} `endTime` is no whole second. Source: CloudTrail User Guide, "Digest file location"; `_backfill` is
 * read by the AWS CLI.
 */
export function digestKey(name: DigestName): string {
  const { account, sourceRegion, trailName, homeRegion, endTime, isBackfill } = name
  if (endTime % 1000 !== 0) throw new RangeError(`a digest ends at a whole second, not at ${endTime} ms`)
  const time = formatEventTime(endTime)
  const stamp = time.replaceAll(/[-:]/g, '')
  const folder = `${digestFolder(name)}${time.slice(0, 10).replaceAll('-', '/')}`
  const backfill = isBackfill ? '_backfill' : ''
  return `${folder}/${account}_CloudTrail-Digest_${sourceRegion}_${trailName}_${homeRegion}_${stamp}${backfill}.json.gz`
}

/** Where the digests of one account and source Region are, with a slash at its end; other trails' digests are there too. */
export const digestFolder = (folder: LogFolder & { readonly sourceRegion: Region }): string =>
  `${markerKey({ ...folder, kind: 'CloudTrail-Digest' })}${folder.sourceRegion}/`

/** S3's own limit; nothing longer is a key. */
const keyCharsMax = 1024
const keyPattern = new RegExp(
  String.raw`^(?:(?<keyPrefix>.+)/)?AWSLogs/(?:(?<organizationId>o-[a-z0-9]+)/)?(?<account>\d{12})/CloudTrail-Digest/` +
    String.raw`(?<sourceRegion>[^/_]+)/(?<year>\d{4})/(?<month>\d\d)/(?<day>\d\d)/` +
    String.raw`\k<account>_CloudTrail-Digest_\k<sourceRegion>_(?<trailName>[A-Za-z0-9._-]{1,128})_(?<homeRegion>[^/_]+)_` +
    String.raw`\k<year>\k<month>\k<day>T(?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)Z(?<backfill>_backfill)?\.json\.gz$`,
  's',
)

/**
 * What a digest's key says; undefined for all else, and where folder and file name disagree. The key is untrusted.
 * Round trip with `digestKey`.
 */
export function parseDigestKey(key: string): DigestName | undefined {
  const groups = key.length > keyCharsMax ? undefined : keyPattern.exec(key)?.groups
  if (!groups) return undefined
  const { keyPrefix, organizationId, account, sourceRegion = '', trailName, homeRegion = '', backfill } = groups
  const { year, month, day, hour, minute, second } = groups
  const endTime = parseEventTime(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  const name = readTrailName(trailName)
  if (endTime === undefined || !name.ok || !isRegionName(sourceRegion) || !isRegionName(homeRegion)) return undefined
  return {
    ...(keyPrefix !== undefined && { keyPrefix }),
    ...(organizationId !== undefined && { organizationId }),
    account: account as AccountId,
    sourceRegion,
    trailName: name.name,
    homeRegion,
    endTime,
    isBackfill: backfill !== undefined,
  }
}
