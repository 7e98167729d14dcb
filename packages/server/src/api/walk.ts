import { formatEventTime, type StoredEntry } from '@opentrail/core/event'
import type { SearchExpression } from '@opentrail/core/search'
import type { HistorySearch, SearchScope } from '../history/index.ts'
import { apiError, type Asker } from './operation.ts'
import { identityOf, type PageCursor, type PageCursors } from './page-cursors.ts'
import { readScope, type ScopeParts, type SentScope } from './scope.ts'

/** Records that one answer may read where the index alone cannot tell: a fraction of a second, and a bounded one. */
export const scanMax = 50_000

export interface SearchParts extends ScopeParts {
  readonly search: HistorySearch
  readonly cursors: PageCursors
}

export interface Walked {
  readonly entries: readonly StoredEntry[]
  /** Of the whole walk, whole seconds, both inclusive. */
  readonly times: Pick<SearchScope, 'timeMin' | 'timeMax'>
  readonly cursor?: string
  readonly searchedTo?: string
}

export interface WalkRequest {
  readonly sent: SentScope & { readonly cursor?: string | undefined; readonly limit: number }
  readonly subject?: string
  /** Beside `where`: both have to match. */
  readonly also?: SearchExpression
}

/** One page of a search, from its beginning or its cursor on. @throws {ApiError} what the scope and the cursor may throw. */
export async function walk(
  asker: Asker,
  { sent, subject = '', also }: WalkRequest,
  parts: SearchParts,
): Promise<Walked> {
  const now = parts.now()
  const scope = readScope(sent, asker, parts)
  const identity = identityOf(asker, subject, { ...sent })
  const cursor = sent.cursor === undefined ? undefined : parts.cursors.open(sent.cursor, identity, now)
  if (cursor) refuseOtherTimes(cursor, sent)
  const streams = cursor ? [...cursor.snapshots.keys()] : scope.streams
  const { timeMin, timeMax } = cursor ?? scope
  const times = { timeMin, timeMax }
  if (streams.length === 0) return { entries: [], times }
  const expression = both(scope.expression, also)
  const page = await parts.search.page({
    streams,
    ...(expression && { expression }),
    ...times,
    limit: sent.limit,
    scanMax,
    signal: asker.signal,
    ...(cursor && { after: cursor.after, snapshots: cursor.snapshots }),
  })
  if (!page.next) return { entries: page.entries, times }
  const { from, to } = cursor ?? sent
  const next = {
    from,
    to,
    beganAt: cursor?.beganAt ?? now,
    ...times,
    snapshots: page.snapshots,
    after: page.next,
  }
  return {
    entries: page.entries,
    times,
    cursor: parts.cursors.seal(next, identity),
    searchedTo: timeText(page.next.time),
  }
}

function refuseOtherTimes(cursor: PageCursor, { from, to }: SentScope): void {
  if ((from === undefined || from === cursor.from) && (to === undefined || to === cursor.to)) return
  throw apiError('InvalidNextTokenException', 'The cursor was issued for a request with other times.')
}

export const timeText = (seconds: number): string => formatEventTime(seconds * 1_000)

export function both(
  one: SearchExpression | undefined,
  other: SearchExpression | undefined,
): SearchExpression | undefined {
  if (!one || !other) return one ?? other
  return { kind: 'and', of: [one, other] }
}
