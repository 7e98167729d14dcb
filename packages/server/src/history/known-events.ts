import { parseEnvelope, type Sequence } from '@opentrail/core/event'
import { searchAttributes } from '@opentrail/core/search'
import { HashMap, placeOf, placeOrder } from './event-matches.ts'
import type { EventPlace } from './postings-store.ts'
import { readRecords } from './search-candidates.ts'
import { hashOf } from './search-hashes.ts'
import type { OpenScope, SearchParts } from './search-scope.ts'
import { amongMax } from './search-values.ts'

/** Records read at once to be sure. */
const readsAtOnce = 256
const eventId = searchAttributes.indexOf('eventID')

/** Which of these ids events of the scope's one stream have, and where: the newest where several have one. */
export async function knownEvents(
  eventIds: readonly string[],
  scope: OpenScope,
  parts: SearchParts,
): Promise<ReadonlyMap<string, Sequence>> {
  if (eventIds.length > amongMax)
    throw new RangeError(`${eventIds.length} ids, at most ${amongMax} are looked up at once`)
  const known = new Map<string, Sequence>()
  const places = eventIds.length > 0 ? await placesOf(eventIds, scope, parts) : []
  for (let at = 0; at < places.length; at += readsAtOnce) {
    const part = places.slice(at, at + readsAtOnce)
    const records = await readRecords(part, parts)
    for (const [index, record] of records.entries()) {
      const id = record && parseEnvelope(record).event.eventId
      if (id !== undefined) known.set(id, part[index]!.sequence)
    }
  }
  const asked = new Set(eventIds)
  return new Map([...known].filter(([id]) => asked.has(id)))
}

async function placesOf(
  eventIds: readonly string[],
  scope: OpenScope,
  { store, tail, hasher }: SearchParts,
): Promise<EventPlace[]> {
  const { stored, recent } = scope.split()
  const compare = placeOrder(stored.streams)
  const found = new HashMap<EventPlace>()
  const among = eventIds.map((id) => hashOf(hasher, eventId, id))
  const asked = new HashMap<true>()
  for (const { low, high } of among) asked.set(low, high, true)
  const consider = (low: number, high: number, place: EventPlace): void => {
    const known = found.get(low, high)
    if (!known || compare(place, known) < 0) found.set(low, high, place)
  }
  tail.forEachMatch(recent, (rows, row) => {
    const { values } = rows.columns[eventId]!
    const [low, high] = [values[2 * row]!, values[2 * row + 1]!]
    if (asked.get(low, high)) consider(low, high, placeOf(rows, row))
  })
  for (const { value, newest } of await store.topValues({ ...stored, attribute: eventId, limit: amongMax, among }))
    consider(value.low, value.high, newest)
  return found.values()
}
