import { streamId, type AccountId, type Region, type StreamId } from '../event/index.ts'
import { readLookupAttributes, type LookupFilter } from './lookup-attributes.ts'
import { LookupRefusal, type LookupFault } from './lookup-fault.ts'
import { member } from './lookup-members.ts'

/** LookupEvents reaches back this far and no further. */
export const historyDays = 90
export const daySeconds = 86_400

/** The largest page, and the one a request without MaxResults gets. */
export const lookupResultsMax = 50

/** Longer tokens are not ours; nothing is decoded. */
export const lookupTokenCharsMax = 1_000

/**
 * Times a request may name, years 1 to 9999, in seconds since the epoch. What lies outside (milliseconds sent as
 * seconds, for example) is refused: InvalidTimeRangeException covers "outside the range of possible values".
 */
const possibleSeconds = { min: -62_135_596_800, max: 253_402_300_799 }

/** Events carry their time as whole seconds; the index holds them in 32 bits. */
const indexedSecondsMax = 0xffff_ffff

export type LookupCategory = 'management' | 'insight'

/** A checked LookupEvents request. */
export interface LookupPlan {
  readonly ok: true
  readonly stream: StreamId
  readonly category: LookupCategory
  readonly filter?: LookupFilter
  /** Seconds since the epoch, whole, both inclusive; `timeMin > timeMax` finds nothing. The floor is not in `timeMin`. */
  readonly timeMin: number
  readonly timeMax: number
  /** Oldest event time that a walk starting now may show, seconds since the epoch; a walk keeps that of its first page. */
  readonly floor: number
  readonly limit: number
  /** As sent: still sealed. */
  readonly token?: string
  /** Canonical text of account, Region and every member but the token: a token is good for this text only. */
  readonly identity: string
}

export interface LookupScope {
  /** Domain time, ms. */
  readonly now: number
  readonly account: AccountId
  readonly region: Region
}

/**
 * Checks a LookupEvents request: every constraint of the API, since most clients check none themselves. Unknown members
 * are ignored and `null` means absent. A StartTime before the last 90 days is cut at their beginning, not refused.
 * Source: AWS CloudTrail API Reference, LookupEvents.
 */
export function planLookup(input: Readonly<Record<string, unknown>>, scope: LookupScope): LookupPlan | LookupFault {
  try {
    return plan(input, scope)
  } catch (error) {
    if (error instanceof LookupRefusal) return error.fault
    throw error
  }
}

function plan(input: Readonly<Record<string, unknown>>, { now, account, region }: LookupScope): LookupPlan {
  const attributes = member(input, 'LookupAttributes', 'list')
  const start = member(input, 'StartTime', 'timestamp')
  const end = member(input, 'EndTime', 'timestamp')
  const categoryName = member(input, 'EventCategory', 'string')
  const maxResults = member(input, 'MaxResults', 'integer')
  const token = member(input, 'NextToken', 'string')

  const category = readCategory(categoryName)
  const filter = readLookupAttributes(attributes ?? [], category)
  checkRange(start, end)
  if (maxResults !== undefined && (maxResults < 1 || maxResults > lookupResultsMax))
    throw new LookupRefusal('invalid-max-results', `MaxResults must be between 1 and ${lookupResultsMax}.`)
  if (token !== undefined && (token.length === 0 || token.length > lookupTokenCharsMax))
    throw new LookupRefusal('invalid-next-token', 'The NextToken is not one that LookupEvents has issued.')

  const nowSeconds = now / 1_000
  const floor = Math.max(0, Math.ceil(nowSeconds - historyDays * daySeconds))
  return {
    ok: true,
    stream: streamId(account, region),
    category,
    ...(filter && { filter }),
    timeMin: Math.max(0, Math.ceil(start ?? 0)),
    timeMax: Math.min(indexedSecondsMax, Math.floor(end ?? nowSeconds)),
    floor,
    limit: maxResults ?? lookupResultsMax,
    ...(token !== undefined && { token }),
    identity: JSON.stringify([account, region, category, filter?.attribute, filter?.value, start, end, maxResults]),
  }
}

function readCategory(name: string | undefined): LookupCategory {
  if (name === undefined) return 'management'
  if (name === 'insight') return 'insight'
  throw new LookupRefusal('invalid-event-category', 'EventCategory must be insight, or absent for management events.')
}

/** Only times that were both specified can contradict each other: a start in the future alone finds nothing. */
function checkRange(start: number | undefined, end: number | undefined): void {
  for (const time of [start, end]) {
    if (time === undefined || (time >= possibleSeconds.min && time <= possibleSeconds.max)) continue
    throw new LookupRefusal(
      'invalid-time-range',
      'StartTime and EndTime must be in seconds since 1970-01-01T00:00:00Z, within the years 1 to 9999.',
    )
  }
  if (start !== undefined && end !== undefined && start > end)
    throw new LookupRefusal('invalid-time-range', 'StartTime must not be after EndTime.')
}
