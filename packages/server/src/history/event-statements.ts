import type { EventPlace, EventPredicate, EventQuery } from './postings-store.ts'
import { searchColumnNames, sequenceLeft, timeLeft } from './postings-table.ts'
import { hasSeveral } from './search-columns.ts'
import { searchAttributes } from '@opentrail/core/search'
import type { Hash64 } from './sip-hash.ts'

/**
 * Statements over the table of events. Only numbers and names of our own go into the text, so nothing needs to be escaped.
 */
export interface EventSource {
  readonly table: string
  /** Admission days to look at: at least one. */
  readonly days: readonly number[]
  /** An event may be there twice: it counts once all the same. */
  readonly repeats: boolean
  readonly settings: string
}

const sqlHash = ({ low, high }: Hash64): string => String((BigInt(high) << 32n) | BigInt(low))
const sqlHashes = (values: readonly Hash64[]): string => values.map(sqlHash).join(', ')

function predicateText(predicate: EventPredicate): string {
  switch (predicate.kind) {
    case 'and':
      return predicate.of.length === 0 ? '1' : `(${predicate.of.map(predicateText).join(' AND ')})`
    case 'or':
      return predicate.of.length === 0 ? '0' : `(${predicate.of.map(predicateText).join(' OR ')})`
    case 'not':
      return `NOT ${predicateText(predicate.of)}`
    default: {
      const column = searchColumnNames[predicate.attribute]!
      if (predicate.values.length === 0) return '0'
      if (hasSeveral(searchAttributes[predicate.attribute]!))
        return `hasAny(${column}, [${sqlHashes(predicate.values)}])`
      return `(${column} IN (${sqlHashes(predicate.values)}))`
    }
  }
}

/** A number for each stream: the same text for one stream as for a thousand, but for its length. */
function ofStream(
  { streams }: EventQuery,
  number: (range: EventQuery['streams'][number], rank: number) => number,
): string {
  const [first] = streams
  if (streams.length === 1) return String(number(first!, 0))
  const numbers = streams.map(({ stream }) => stream).join(', ')
  return `transform(stream, [${numbers}], [${streams.map(number).join(', ')}], toUInt64(0))`
}

/** Where events of the same second stand in the order. (A bare number in ORDER BY would be a column's place.) */
const rankOf = (query: EventQuery): string => `toUInt32(${ofStream(query, (_, rank) => rank)})`

function boundsText(query: EventQuery, { days }: EventSource): string {
  const { streams, predicate, timeMin, timeMax } = query
  return [
    `stream IN (${streams.map(({ stream }) => stream).join(', ')})`,
    `day IN (${days.join(', ')})`,
    `time_left BETWEEN ${timeLeft(timeMax)} AND ${timeLeft(timeMin)}`,
    `sequence_left >= ${ofStream(query, ({ sequenceMax }) => sequenceLeft(sequenceMax))}`,
    `sequence_left <= ${ofStream(query, ({ sequenceMin }) => sequenceLeft(sequenceMin))}`,
    ...(predicate ? [predicateText(predicate)] : []),
  ].join(' AND ')
}

function afterText(query: EventQuery, { time, stream, sequence }: EventPlace): string {
  const rank = query.streams.findIndex((range) => range.stream === stream)
  const place = `(${rankOf(query)}, sequence_left)`
  return ` AND (time_left > ${timeLeft(time)} OR ${place} > (${rank}, ${sequenceLeft(sequence)}))`
}

/** Rows of `time_left`, `stream`, `sequence_left`, repeats included. */
export function pageStatement(query: EventQuery & { after?: EventPlace; limit: number }, source: EventSource): string {
  const { after, limit } = query
  return (
    `SELECT time_left, stream, sequence_left FROM ${source.table} ` +
    `WHERE ${boundsText(query, source)}${after ? afterText(query, after) : ''} ` +
    `ORDER BY time_left, ${rankOf(query)}, sequence_left LIMIT ${limit} SETTINGS ${source.settings} FORMAT RowBinary`
  )
}

const eventCount = ({ repeats }: EventSource): string => (repeats ? 'uniqExact(stream, sequence_left)' : 'count()')

/** Rows of the bucket's start and its count. */
export const histogramStatement = (query: EventQuery & { bucketSeconds: number }, source: EventSource): string =>
  `SELECT toUInt32(intDiv(${timeLeft(0)} - time_left, ${query.bucketSeconds}) * ${query.bucketSeconds}) AS start, ` +
  `${eventCount(source)} FROM ${source.table} WHERE ${boundsText(query, source)} ` +
  `GROUP BY start ORDER BY start SETTINGS ${source.settings} FORMAT RowBinary`

/** A place as one number in the order of places, for the least of numbers is found much faster than that of tuples. */
const packedPlace =
  'bitOr(bitShiftLeft(toUInt128(time_left), 96), bitOr(bitShiftLeft(toUInt128(rank), 64), toUInt128(sequence_left)))'

/** Rows of the value, its count, and the place of its newest event: `sequence_left` (64 bits), rank (32), `time_left` (32). */
export function valuesStatement(
  query: EventQuery & { attribute: number; limit: number; among?: readonly Hash64[] },
  source: EventSource,
): string {
  const column = searchColumnNames[query.attribute]!
  const value = hasSeveral(searchAttributes[query.attribute]!) ? `arrayJoin(${column})` : column
  const { among, attribute } = query
  const wanted = among ? ` AND ${predicateText({ kind: 'has', attribute, values: among })}` : ''
  // Of a list the others come along.
  const only = among ? ` AND value IN (${sqlHashes(among)})` : ''
  return (
    `SELECT value, ${eventCount(source)} AS events, min(${packedPlace}) AS newest FROM ` +
    `(SELECT ${value} AS value, stream, time_left, sequence_left, ${rankOf(query)} AS rank FROM ${source.table} ` +
    `WHERE ${boundsText(query, source)}${wanted}) WHERE value != 0${only} GROUP BY value ORDER BY events DESC, newest, value ` +
    `LIMIT ${query.limit} SETTINGS ${source.settings} FORMAT RowBinary`
  )
}
