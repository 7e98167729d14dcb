import type { ApiCounts, ApiEventPage, ApiTopValues } from '@opentrail/core/api'
import { searchAttributes } from '@opentrail/core/search'
import { countsSchema, eventPageSchema, topValuesSchema } from './answer-schemas.ts'
import { secondsMax } from './asked-time.ts'
import { apiEvent } from './event-view.ts'
import { operation, type ApiOperation } from './operation.ts'
import { cursorParameter } from './page-cursors.ts'
import { choice, integer, invalid } from './parameters.ts'
import { readScope, scopeParameters, type Scope } from './scope.ts'
import { scanMax, timeText, walk, type SearchParts } from './walk.ts'

const searchErrors = ['InvalidSearchException'] as const

/** Round lengths that people think in, seconds. */
const bucketLengths = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000]
/** Buckets of a picture. */
const bucketsWanted = 90
/** Buckets of one answer: five days by the minute, 90 days by the half hour. */
const bucketsMax = 8_000

/** Any event, newest first. */
export const eventsOperation = (parts: SearchParts): ApiOperation =>
  operation({
    method: 'GET',
    path: '/api/v1/events',
    eventName: 'SearchEvents',
    brief: 'Events by a search, newest first',
    details:
      'A page may be short, even empty, while `cursor` says that more may follow: then `searchedTo` says how far back it has looked.',
    parameters: {
      ...scopeParameters,
      limit: integer('Events of one answer at most', { min: 1, max: 1_000, default: 50 }),
      cursor: cursorParameter,
    },
    answer: { json: eventPageSchema },
    errors: [...searchErrors, 'InvalidNextTokenException'],
    unrecorded: ['cursor'],
    async ask(question) {
      const { entries, times: _, ...more } = await walk(question, { sent: question.parameters }, parts)
      return { json: { events: entries.map(apiEvent), ...more } satisfies ApiEventPage }
    },
  })

/** Counts over event time. */
export const histogramOperation = (parts: SearchParts): ApiOperation =>
  operation({
    method: 'GET',
    path: '/api/v1/events/histogram',
    eventName: 'GetEventHistogram',
    brief: 'How many events, over event time',
    details: 'Buckets begin at multiples of their length since 1970; empty ones are left out.',
    parameters: {
      ...scopeParameters,
      bucket: integer('Seconds of a bucket. Absent: a round length that makes at most some 90 of them', {
        min: 1,
        max: 31_536_000,
      }),
    },
    answer: { json: countsSchema },
    errors: [...searchErrors],
    async ask(question) {
      const scope = readScope(question.parameters, question, parts)
      const bucketSeconds = question.parameters.bucket ?? roundLength(spanOf(scope, parts.now()))
      if (spanOf(scope, parts.now()) / bucketSeconds > bucketsMax)
        throw invalid(`bucket is too short: there would be more than ${bucketsMax} buckets.`)
      if (scope.streams.length === 0) return { json: { total: 0, bucketSeconds, buckets: [] } satisfies ApiCounts }
      const { total, buckets, searchedTo } = await parts.search.counts({ ...scope, bucketSeconds, scanMax })
      return {
        json: {
          total,
          bucketSeconds,
          buckets: buckets.slice(-bucketsMax).map(({ start, count }) => ({ start: timeText(start), count })),
          ...(searchedTo !== undefined && { searchedTo: timeText(searchedTo) }),
        } satisfies ApiCounts,
      }
    },
  })

/** Seconds; without an end it is now. */
function spanOf({ timeMin, timeMax }: Pick<Scope, 'timeMin' | 'timeMax'>, now: number): number {
  const end = timeMax === secondsMax ? Math.max(timeMin, Math.floor(now / 1_000)) : timeMax
  return end - timeMin + 1
}

const roundLength = (span: number): number =>
  bucketLengths.find((length) => span / length <= bucketsWanted) ??
  Math.ceil(span / bucketsWanted / 2_592_000) * 2_592_000

/** The most frequent values of an attribute. */
export const valuesOperation = (parts: SearchParts): ApiOperation =>
  operation({
    method: 'GET',
    path: '/api/v1/events/values',
    eventName: 'GetEventValues',
    brief: 'The most frequent values of an attribute, with their counts',
    parameters: {
      ...scopeParameters,
      attribute: choice('What is counted', searchAttributes),
      limit: integer('Values of the answer at most', { min: 1, max: 100, default: 10 }),
    },
    answer: { json: topValuesSchema },
    errors: [...searchErrors],
    async ask(question) {
      const { attribute, limit } = question.parameters
      const scope = readScope(question.parameters, question, parts)
      if (scope.streams.length === 0) return { json: { attribute, total: 0, values: [] } satisfies ApiTopValues }
      const { values, total, searchedTo } = await parts.search.values({ ...scope, attribute, limit, scanMax })
      return {
        json: {
          attribute,
          total,
          values,
          ...(searchedTo !== undefined && { searchedTo: timeText(searchedTo) }),
        } satisfies ApiTopValues,
      }
    },
  })
