import { eventIdKey, parseEnvelope, type Sequence, type StoredEntry, type StreamId } from '@opentrail/core/event'
import { PostingsUnavailableError, type HistoryReader } from '../history/index.ts'
import type { Journal } from '../journal/index.ts'

export interface EventPlaces {
  readonly journal: Pick<Journal, 'get' | 'durable' | 'recentIds'>
  readonly history: HistoryReader
}

/** Newest entries among which an event is searched that the history does not have, such as data events: 32 MB of ids. */
const idsSearchedMax = 2_000_000
/** The latest event time there is in the index, seconds. */
const timeMax = 0xffff_ffff

/**
 * The entry with this event id: management and Insights events of the whole history, others among the newest entries.
 * @throws {CipherError} the key of the entry is destroyed. @throws {PostingsUnavailableError} it is not among the newest, and the
 * index does not answer. @throws {JournalUnavailableError}
 */
export async function findEvent(
  { journal, history }: EventPlaces,
  stream: StreamId,
  eventId: string,
): Promise<StoredEntry | undefined> {
  let unavailable: PostingsUnavailableError | undefined
  try {
    const indexed = await findIndexed(history, stream, eventId)
    if (indexed) return indexed
  } catch (error) {
    if (!(error instanceof PostingsUnavailableError)) throw error
    unavailable = error
  }
  const recent = await findRecent(journal, stream, eventId)
  if (!recent && unavailable) throw unavailable
  return recent
}

async function findIndexed(
  history: HistoryReader,
  stream: StreamId,
  eventId: string,
): Promise<StoredEntry | undefined> {
  for (const category of ['management', 'insight'] as const) {
    const filter = { attribute: 'EventId', value: eventId } as const
    const { entries } = await history.page({ stream, category, filter, timeMin: 0, timeMax, limit: 1 })
    if (entries[0]) return entries[0]
  }
  return undefined
}

async function findRecent(
  journal: EventPlaces['journal'],
  stream: StreamId,
  eventId: string,
): Promise<StoredEntry | undefined> {
  const wanted = Buffer.from(eventIdKey(eventId))
  const after = Math.max(0, journal.durable(stream) - idsSearchedMax) as Sequence | 0
  for await (const { first, idKeys } of journal.recentIds(stream, after, 0)) {
    const ids = Buffer.from(idKeys.buffer, idKeys.byteOffset, idKeys.length)
    for (let at = ids.indexOf(wanted); at >= 0; at = ids.indexOf(wanted, at + 1)) {
      if (at % wanted.length !== 0) continue
      const [entry] = await journal.get(stream, [(first + at / wanted.length) as Sequence])
      // The key of an id that is no UUID is only the beginning of a hash.
      if (entry && parseEnvelope(entry).event.eventId === eventId) return entry
    }
  }
  return undefined
}
