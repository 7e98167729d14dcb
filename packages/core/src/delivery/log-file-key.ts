import { isRegionName, type AccountId, type Region } from '../event/index.ts'
import { logFileKinds, type LogFileKind } from './log-file-kind.ts'

/** Where a trail's files of one account are. */
export interface LogFolder {
  /** Without slashes at its ends. */
  readonly keyPrefix?: string
  /** Organization trails only, and then for every account. */
  readonly organizationId?: string
  /** The account that owns the events, not the bucket's. */
  readonly account: AccountId
}

export interface LogFileName extends LogFolder {
  readonly region: Region
  readonly kind: LogFileKind
  /** 16 of `[A-Za-z0-9]`, as `uniquePart` makes them: keeps files of one stamp apart, orders nothing. */
  readonly unique: string
}

const minuteMs = 60_000
/** Insights files carry the minute, all others a five-minute mark. */
const stampStepMs = (kind: LogFileKind): number => (kind === 'CloudTrail-Insight' ? minuteMs : 5 * minuteMs)

/**
 * The key of a log file that was planned at `plannedAt` (ms, domain time): the stamp is that time rounded up, and the date
 * folders are the stamp's. @throws {RangeError} `plannedAt` is no time.
 * Source: CloudTrail User Guide, "CloudTrail log file name format"; the rounding is observed.
 */
export function logFileKey(name: LogFileName & { readonly plannedAt: number }): string {
  const { account, region, kind, plannedAt, unique } = name
  const step = stampStepMs(kind)
  const stamp = new Date(Math.ceil(plannedAt / step) * step).toISOString()
  const [year, month, day] = [stamp.slice(0, 4), stamp.slice(5, 7), stamp.slice(8, 10)]
  const minute = `${year}${month}${day}T${stamp.slice(11, 13)}${stamp.slice(14, 16)}Z`
  const folder = `${accountFolder(name)}/${kind}/${region}/${year}/${month}/${day}`
  return `${folder}/${account}_${kind}_${region}_${minute}_${unique}.json.gz`
}

/** The empty object that CreateTrail and UpdateTrail put to try the bucket; it stays, so readers skip keys that end in `/`. */
export const markerKey = (
  folder: LogFolder & { readonly kind: LogFileKind | 'CloudTrail-Digest' | 'OpenTrail-Manifest' },
): string => `${accountFolder(folder)}/${folder.kind}/`

function accountFolder({ keyPrefix, organizationId, account }: LogFolder): string {
  const prefix = keyPrefix === undefined ? '' : `${keyPrefix}/`
  const organization = organizationId === undefined ? '' : `${organizationId}/`
  return `${prefix}AWSLogs/${organization}${account}`
}

export interface ParsedLogFileKey extends LogFileName {
  /** The stamp, ms since the epoch; the file was planned at most five minutes before. */
  readonly stamp: number
}

/** S3's own limit; nothing longer is a key. */
const keyCharsMax = 1024
const keyPattern = new RegExp(
  String.raw`^(?:(?<keyPrefix>.+)/)?AWSLogs/(?:(?<organizationId>o-[a-z0-9]+)/)?(?<account>\d{12})/(?<kind>${logFileKinds.join('|')})/` +
    String.raw`(?<region>[^/_]+)/(?<year>\d{4})/(?<month>\d\d)/(?<day>\d\d)/` +
    // Files of 2013 and 2014 have no `_` before the unique part.
    String.raw`\k<account>_\k<kind>_\k<region>_\k<year>\k<month>\k<day>T(?<hour>\d\d)(?<minute>\d\d)Z_?(?<unique>[A-Za-z0-9]{16})\.json\.gz$`,
  's',
)

/**
 * What a log file's key says. Undefined for everything else that lies in a bucket (digests, markers, query results), and
 * where folder and file name disagree. The key is untrusted.
 */
export function parseLogFileKey(key: string): ParsedLogFileKey | undefined {
  const groups = key.length > keyCharsMax ? undefined : keyPattern.exec(key)?.groups
  if (!groups) return undefined
  const { keyPrefix, organizationId, account, region, year, month, day, hour, minute, unique } = groups
  const kind = logFileKinds.find((kind) => kind === groups['kind'])
  const stamp = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:00.000Z`)
  // A day that the month lacks is moved on by some engines: what is no date does not read back.
  const isDate = !Number.isNaN(stamp) && new Date(stamp).getUTCDate() === Number(day)
  if (!kind || !isDate || !region || !isRegionName(region) || !unique) return undefined
  return {
    ...(keyPrefix !== undefined && { keyPrefix }),
    ...(organizationId !== undefined && { organizationId }),
    account: account as AccountId,
    region,
    kind,
    stamp,
    unique,
  }
}
