import { isRegionName, type AccountId, type Region } from '../event/index.ts'
import { logFileKinds, type LogFileKind } from './log-file-kind.ts'

export interface ParsedLogFileName {
  readonly account: AccountId
  readonly region: Region
  readonly kind: LogFileKind
  /** ms since the epoch. */
  readonly stamp: number
}

const namePattern = new RegExp(
  String.raw`^(?<account>\d{12})_(?<kind>${logFileKinds.join('|')})_(?<region>[^/_]+)_` +
    String.raw`(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)T(?<hour>\d\d)(?<minute>\d\d)Z_?[A-Za-z0-9]{16}\.json(?:\.gz)?$`,
)

/**
 * What a log file's name alone says, wherever copies of it have gone; unpacked ones count, too. Undefined: it is no name of a log
 * file. The name is untrusted.
 */
export function parseLogFileName(name: string): ParsedLogFileName | undefined {
  const groups = name.length > 255 ? undefined : namePattern.exec(name)?.groups
  if (!groups) return undefined
  const { account, region, year, month, day, hour, minute } = groups
  const kind = logFileKinds.find((known) => known === groups['kind'])
  const stamp = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:00.000Z`)
  const isDate = !Number.isNaN(stamp) && new Date(stamp).getUTCDate() === Number(day)
  if (!kind || !isDate || !region || !isRegionName(region)) return undefined
  return { account: account as AccountId, region, kind, stamp }
}
