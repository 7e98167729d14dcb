import { parseEnvelope, type Sequence, type StoredEntry, type StreamId } from '@opentrail/core/event'
import { attributeValues, matchesSearch, searchedEvent } from '@opentrail/core/search'
import type { HistorySearch, SearchPlace, SearchScope } from '../history/index.ts'
import type { Journal } from '../journal/index.ts'

interface Found extends SearchPlace {
  readonly entry: StoredEntry
}

const newestFirst = (a: SearchPlace, b: SearchPlace): number =>
  b.time - a.time || (a.stream < b.stream ? 1 : a.stream > b.stream ? -1 : b.sequence - a.sequence)

/** The port's words, taken literally: reads everything, each time. */
export function memorySearch(journal: Pick<Journal, 'read' | 'durable'>): HistorySearch {
  async function find({ streams, expression, timeMin, timeMax, snapshots }: SearchScope) {
    const ends = new Map<StreamId, Sequence | 0>()
    const found: Found[] = []
    for (const stream of streams) {
      const end = snapshots?.get(stream) ?? journal.durable(stream)
      ends.set(stream, end)
      const { entries } = await journal.read(stream, 0, 1_000_000)
      for (const entry of entries) {
        const { event } = parseEnvelope(entry)
        const time = Math.floor(event.eventTime / 1_000)
        if (entry.sequence > end || time < timeMin || time > timeMax) continue
        if (expression && !matchesSearch(expression, searchedEvent(entry.record, event))) continue
        found.push({ time, stream, sequence: entry.sequence, entry })
      }
    }
    return { found: found.sort(newestFirst), ends }
  }
  const counted = (texts: readonly string[]) =>
    [...Map.groupBy(texts, (text) => text)].map(([value, all]) => ({ value, count: all.length }))

  return {
    async page(request) {
      const { found, ends } = await find(request)
      const rest = found.filter((each) => !request.after || newestFirst(request.after, each) < 0)
      const page = rest.slice(0, request.limit)
      const last = page.at(-1)
      return {
        entries: page.map(({ entry }) => entry),
        snapshots: ends,
        ...(rest.length > page.length &&
          last && { next: { time: last.time, stream: last.stream, sequence: last.sequence } }),
      }
    },
    async counts({ bucketSeconds, ...scope }) {
      const { found, ends } = await find(scope)
      const starts = found.map(({ time }) => String(Math.floor(time / bucketSeconds) * bucketSeconds))
      const buckets = counted(starts).map(({ value, count }) => ({ start: Number(value), count }))
      return { snapshots: ends, total: found.length, buckets: buckets.sort((a, b) => a.start - b.start) }
    },
    async values({ attribute, limit, ...scope }) {
      const { found } = await find(scope)
      const all = found.flatMap(({ entry }) =>
        attributeValues(searchedEvent(entry.record, parseEnvelope(entry).event), attribute),
      )
      return {
        values: counted(all)
          .sort((a, b) => b.count - a.count)
          .slice(0, limit),
        total: found.length,
      }
    },
    async known(stream, eventIds) {
      const { found } = await find({ streams: [stream], timeMin: 0, timeMax: 0xffff_ffff })
      const wanted = new Set(eventIds)
      const places = found.map(({ entry, sequence }) => [parseEnvelope(entry).event.eventId, sequence] as const)
      return new Map(places.filter(([id]) => wanted.has(id)))
    },
  }
}
