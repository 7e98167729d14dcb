import { parseEnvelope, type StreamId } from '@opentrail/core/event'
import type { HistorySearch } from '../history/index.ts'
import type { Journal } from '../journal/index.ts'

/** An index that has followed the whole journal: what it says of ids is what is stored. */
export const indexOf = (journal: Journal): Pick<HistorySearch, 'known'> => ({
  async known(stream, eventIds) {
    const wanted = new Set(eventIds)
    const { entries } = await journal.read(stream, 0, Number.MAX_SAFE_INTEGER)
    const found = entries.map((entry) => [parseEnvelope(entry).event.eventId, entry.sequence] as const)
    return new Map(found.filter(([eventId]) => wanted.has(eventId)))
  },
})

/** What the journal holds of a stream, as text, with the origin of each entry. */
export async function storedIn(journal: Journal, stream: StreamId): Promise<{ origin: string; record: string }[]> {
  const { entries } = await journal.read(stream, 0, Number.MAX_SAFE_INTEGER)
  return entries.map((entry) => ({
    origin: parseEnvelope(entry).origin,
    record: Buffer.from(entry.record).toString(),
  }))
}
