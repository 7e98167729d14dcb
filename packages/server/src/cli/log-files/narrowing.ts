import { isAccountId, isRegionName } from '@opentrail/core/event'
import { misuse } from '../command-error.ts'
import { textFlag } from '../flags.ts'
import { parseTime } from '../times.ts'

export interface NarrowingFlags {
  readonly from?: string
  readonly to?: string
  readonly account?: string
  readonly logRegion?: string
}

export const narrowingFlags = {
  from: textFlag('Only files of this time and later, as their names say: 2026-03-04, or 90d', 'TIME'),
  to: textFlag('Only files up to this time', 'TIME'),
  account: textFlag('Only files of these accounts', 'IDS'),
  logRegion: textFlag('Only files of these Regions', 'NAMES'),
} as const

/** Which files are meant, as far as keys tell. Files that do not tell are meant, too. */
export interface Narrowing {
  /** ms since the epoch. */
  readonly from: number
  readonly to: number
  readonly accounts?: ReadonlySet<string>
  readonly regions?: ReadonlySet<string>
}

/** A file is named after the time at which it was planned; what it holds happened up to some hours before. */
const deliveryMsMax = 3 * 3_600_000

/** @throws {CommandError} */
export function narrowingOf({ from, to, account, logRegion }: NarrowingFlags, now: number): Narrowing {
  const accounts = listed(account, isAccountId, 'account id of 12 digits')
  const regions = listed(logRegion, isRegionName, 'Region')
  const range = {
    from: from === undefined ? -Infinity : parseTime(from, now),
    to: to === undefined ? Infinity : parseTime(to, now) + deliveryMsMax,
  }
  if (range.from > range.to) throw misuse('--from is after --to')
  return { ...range, ...(accounts && { accounts }), ...(regions && { regions }) }
}

function listed(
  text: string | undefined,
  isValid: (name: string) => boolean,
  what: string,
): ReadonlySet<string> | undefined {
  if (text === undefined) return undefined
  const names = text.split(',').map((name) => name.trim())
  for (const name of names) if (!isValid(name)) throw misuse(`"${name}" is no ${what}`)
  return new Set(names)
}
