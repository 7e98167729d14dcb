import type { Sequence } from '@opentrail/core/event'
import { histogramStatement, pageStatement, valuesStatement, type EventSource } from './event-statements.ts'
import type { PostingDays } from './posting-days.ts'
import type { PostingsEngine } from './postings-engine.ts'
import type { EventPlace, EventQuery, PostingsStore } from './postings-store.ts'
import type { RepeatedDays } from './repeated-days.ts'
import { sequenceLeft, timeLeft } from './postings-table.ts'

/** What takes longer is given up: a search is asked again, and others wait for the engine, too. */
const searchTimeoutMs = 20_000
/**
 * Both cores, but their threads give way to inserts; memory for a million groups. The older planner suffices and takes less
 * (as for lookups).
 */
const searchSettings = `max_threads = 2, enable_analyzer = 0, max_execution_time = ${searchTimeoutMs / 1_000}, max_memory_usage = 268435456`
/**
 * The first span of event time that a page looks at, in seconds, and how many times longer each next one is: the newest
 * events are asked for most, and the table is not in the order of time over streams and categories.
 */
const firstSpanSeconds = 3_600
const spanGrowth = 8

export type EventSearch = Pick<PostingsStore, 'search' | 'histogram' | 'topValues'>

export function createEventSearch(engine: PostingsEngine, days: PostingDays, repeated: RepeatedDays): EventSearch {
  const { events: table } = engine.tables
  const ask = (what: string, statement: string, { signal }: EventQuery): Promise<Buffer> =>
    engine.bytes(what, statement, searchTimeoutMs, signal)

  function sourceOf(query: EventQuery): EventSource | undefined {
    const among = query.streams.length > 0 && query.timeMin <= query.timeMax ? days.within(query) : []
    if (among.length === 0) return undefined
    return { table, days: among, repeats: among.some((day) => repeated.has(day)), settings: searchSettings }
  }

  /** The next `limit` events, repeats included, in spans of time that grow. */
  async function next(query: EventQuery & { after?: EventPlace; limit: number }): Promise<EventPlace[]> {
    const found: EventPlace[] = []
    const newest = Math.min(query.timeMax, query.after?.time ?? query.timeMax, days.timeMax())
    let span = firstSpanSeconds
    for (let timeMax = newest; timeMax >= query.timeMin; span *= spanGrowth) {
      const timeMin = Math.max(query.timeMin, timeMax - span + 1)
      const part = { ...query, timeMin, timeMax, limit: query.limit - found.length }
      const source = sourceOf(part)
      if (source) found.push(...placesIn(await ask('search', pageStatement(part, source), query)))
      if (found.length >= query.limit) break
      timeMax = timeMin - 1
    }
    return found
  }

  return {
    async search(query) {
      const places: EventPlace[] = []
      // Ends: each round but the first follows repeats, and goes on strictly behind the last place.
      for (let after = query.after; ; after = places.at(-1)) {
        const found = await next(after ? { ...query, after } : query)
        places.push(...found.filter(isFirst).slice(0, query.limit - places.length))
        if (found.length < query.limit || places.length === query.limit) return places
      }
    },

    async histogram(query) {
      const source = sourceOf(query)
      if (!source) return []
      const bytes = await ask('histogram', histogramStatement(query, source), query)
      return recordsOf(bytes, 12, (at) => ({ start: bytes.readUInt32LE(at), count: wideNumber(bytes, at + 4) }))
    },

    async topValues(query) {
      const source = sourceOf(query)
      if (!source) return []
      const bytes = await ask('top values', valuesStatement(query, source), query)
      return recordsOf(bytes, 32, (at) => ({
        value: { low: bytes.readUInt32LE(at), high: bytes.readUInt32LE(at + 4) },
        count: wideNumber(bytes, at + 8),
        newest: {
          time: timeLeft(bytes.readUInt32LE(at + 28)),
          stream: query.streams[bytes.readUInt32LE(at + 24)]!.stream,
          sequence: sequenceLeft(wideNumber(bytes, at + 16)) as Sequence,
        },
      }))
    },
  }
}

const wideNumber = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32

function recordsOf<T>(bytes: Buffer, length: number, read: (at: number) => T): T[] {
  return Array.from({ length: Math.floor(bytes.length / length) }, (_, index) => read(index * length))
}

const placesIn = (bytes: Buffer): EventPlace[] =>
  recordsOf(bytes, 16, (at) => ({
    time: timeLeft(bytes.readUInt32LE(at)),
    stream: bytes.readUInt32LE(at + 4),
    sequence: sequenceLeft(wideNumber(bytes, at + 8)) as Sequence,
  }))

/** Events that were inserted twice under different tokens (a refill) stand side by side. */
function isFirst({ stream, sequence }: EventPlace, index: number, found: readonly EventPlace[]): boolean {
  const before = found[index - 1]
  return before?.stream !== stream || before.sequence !== sequence
}
