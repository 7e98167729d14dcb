import type { ApiCounts } from '@opentrail/core/api'
import { formatSearch, type SearchAttribute, type SearchExpression } from '@opentrail/core/search'
import { withoutReading } from '../event-history/own-reading.ts'

/** What services answer when a call is not allowed. */
export const deniedCodes = [
  'AccessDenied',
  'AccessDeniedException',
  'Client.UnauthorizedOperation',
  'UnauthorizedOperation',
  'AuthorizationError',
  'AuthorizationErrorException',
  'Forbidden',
  'NotAuthorized',
] as const

export const failures: SearchExpression = { kind: 'exists', path: ['errorCode'] }
export const denied: SearchExpression = { kind: 'attribute', attribute: 'errorCode', values: deniedCodes }
export const having = (attribute: SearchAttribute, value: string): SearchExpression => ({
  kind: 'attribute',
  attribute,
  values: [value],
})

/** As text, all of them at once; undefined: every event. */
export function searchText(...parts: readonly SearchExpression[]): string | undefined {
  const [first] = parts
  if (!first) return undefined
  return formatSearch(parts.length === 1 ? first : { kind: 'and', of: parts })
}

/** What is asked for a number that leads to `where`: the event history leaves out the same when it shows it. */
export const askedSearch = (where: string | undefined, hidesReading: boolean): string | undefined =>
  hidesReading ? withoutReading(where ?? '') : where

/** Bars of a picture, few enough that each can be read. */
const barsMax = 32
const roundSeconds = [60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 259_200, 604_800]

/** Seconds of a bar. */
export const bucketSeconds = (spanMs: number): number =>
  roundSeconds.find((seconds) => spanMs / 1_000 / seconds <= barsMax) ?? 604_800

export interface Layer {
  readonly name: string
  readonly counts: Pick<ApiCounts, 'buckets'>
}
export interface Series {
  readonly name: string
  readonly points: readonly { readonly x: Date; readonly y: number }[]
}

export const restName = 'Other services'

/** One series per layer and one of the rest, all with the same bars, empty ones too. `from`, `to` in ms. */
export function stackedSeries(all: ApiCounts, layers: readonly Layer[], from: number, to: number): Series[] {
  const stepMs = all.bucketSeconds * 1_000
  const first = Math.floor(from / stepMs) * stepMs
  const starts = Array.from(
    { length: Math.max(1, Math.floor((to - first) / stepMs) + 1) },
    (_, index) => first + index * stepMs,
  )
  const countsOf = ({ buckets }: Layer['counts']) =>
    new Map(buckets.map(({ start, count }) => [Date.parse(start), count]))
  const maps = layers.map(({ counts }) => countsOf(counts))
  const total = countsOf(all)
  const rest = starts.map((start) =>
    // Counted one after the other, so the parts may be more than the whole was.
    Math.max(0, (total.get(start) ?? 0) - maps.reduce((sum, map) => sum + (map.get(start) ?? 0), 0)),
  )
  const series = layers.map(({ name }, index) => ({
    name,
    points: starts.map((start) => ({ x: new Date(start), y: maps[index]?.get(start) ?? 0 })),
  }))
  const hasRest = rest.some((count) => count > 0)
  return hasRest
    ? [
        ...series,
        { name: restName, points: starts.map((start, index) => ({ x: new Date(start), y: rest[index] ?? 0 })) },
      ]
    : series
}
