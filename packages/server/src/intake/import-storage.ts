import { encodedLength, parseEnvelope, type NewEntry, type Sequence, type StreamId } from '@opentrail/core/event'
import type { HistorySearch } from '../history/index.ts'
import type { Journal } from '../journal/index.ts'
import type { PackedEntries } from './admit-chunk.ts'
import { whenThereIsRoom } from './import-waiting.ts'
import { unpackEntries } from './packed-entries.ts'
import type { RecordWriter } from './record-writer.ts'

export interface ImportStorageOptions {
  readonly writer: RecordWriter
  readonly journal: Pick<Journal, 'get' | 'durable'>
  readonly search: Pick<HistorySearch, 'known'>
}

export interface ImportedEntry {
  readonly entry: NewEntry
  /** Its place in the file. */
  readonly index: number
  readonly eventId: string
  readonly eventTime: number
}

export type Verdict = 'imported' | 'there' | 'reused'
export type Judged = (entry: ImportedEntry, verdict: Verdict) => void

/** Where all imports store what the history does not have yet. */
export interface ImportStorage {
  /** Each entry is judged once it is durable, or known to be. @throws what the index, the journal and the writer throw. */
  store(chunk: readonly PackedEntries[], signal: AbortSignal, judged: Judged): Promise<void>
}

/** What `HistorySearch.known` takes at once. */
const idsMax = 5_000
/** Entries read to be compared per step: each may hold a whole block of the journal in memory. */
const comparedMax = 256
/** Of one append, which live events may have to wait for. */
const appendBytesMax = 2 * 1024 * 1024

interface Waiting {
  readonly stream: StreamId
  readonly entries: readonly ImportedEntry[]
  readonly signal: AbortSignal
  readonly judged: Judged
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Chunks of the same stream that wait are compared with the history together, because most of what a question costs the index
 * does not depend on how many ids it has. What is compared is stored before anything else is compared, so no record of two
 * imports at a time can be stored twice.
 */
export function createImportStorage(options: ImportStorageOptions): ImportStorage {
  /** Bounded by those who call: each waits for its chunk. */
  const waiting: Waiting[] = []
  let isWorking = false

  async function work(): Promise<void> {
    isWorking = true
    while (waiting.length > 0) {
      const group = takeGroup(waiting)
      try {
        await storeGroup(group, options)
        for (const { resolve } of group) resolve()
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    isWorking = false
  }

  const add = (stream: StreamId, entries: readonly ImportedEntry[], signal: AbortSignal, judged: Judged) =>
    new Promise<void>((resolve, reject) => {
      waiting.push({ stream, entries, signal, judged, resolve, reject })
      if (!isWorking) void work()
    })

  return {
    async store(chunk, signal, judged) {
      for (const { stream, packed, indexes } of chunk) {
        const entries = unpackEntries(stream, packed, indexes.length).map((entry, place): ImportedEntry => ({
          entry,
          index: indexes[place]!,
          ...identityOf(entry),
        }))
        for (let from = 0; from < entries.length; from += idsMax) {
          signal.throwIfAborted()
          await add(stream, entries.slice(from, from + idsMax), signal, judged)
        }
      }
    },
  }
}

function identityOf(entry: NewEntry): Pick<ImportedEntry, 'eventId' | 'eventTime'> {
  const { eventId, eventTime } = parseEnvelope(entry).event
  return { eventId, eventTime }
}

/** The one that has waited longest, and others of its stream that fit into the same question. */
function takeGroup(waiting: Waiting[]): Waiting[] {
  const { stream } = waiting[0]!
  let ids = 0
  const group = waiting.filter((one) => {
    const fits = one.stream === stream && ids + one.entries.length <= idsMax
    if (fits) ids += one.entries.length
    return fits
  })
  const taken = new Set(group)
  waiting.splice(0, waiting.length, ...waiting.filter((one) => !taken.has(one)))
  return group
}

async function storeGroup(group: readonly Waiting[], options: ImportStorageOptions): Promise<void> {
  const { stream } = group[0]!
  const signals = group.map(({ signal }) => signal)
  const all = group.flatMap(({ entries, judged }) => entries.map((imported) => ({ ...imported, judged })))
  const known = await whenThereIsRoom(signals, () => hashesOf(stream, all, options))
  const fresh: (typeof all)[number][] = []
  const there: [entry: (typeof all)[number], verdict: Verdict][] = []
  for (const one of all) {
    const hash = known.get(one.eventId)
    if (hash) there.push([one, sameRecord(hash, one)])
    else {
      fresh.push(one)
      known.set(one.eventId, one.entry.recordHash)
    }
  }
  for (const part of appends(fresh)) {
    const entries = part.map(({ entry }) => entry)
    const outcomes = await whenThereIsRoom(signals, () => options.writer.write(stream, entries, { background: true }))
    for (const [place, { kind }] of outcomes.entries()) part[place]!.judged(part[place]!, verdictOf[kind])
  }
  // Only now: what is in the same group twice is there once the first is.
  for (const [one, verdict] of there) one.judged(one, verdict)
}

const verdictOf = { stored: 'imported', duplicate: 'there', reused: 'reused' } as const

/** The record decides, not the id: an event that OpenTrail has recorded, delivered and now reads again is the same to the byte. */
const sameRecord = (hash: Uint8Array, { entry }: ImportedEntry): Verdict =>
  Buffer.compare(hash, entry.recordHash) === 0 ? 'there' : 'reused'

function* appends<Entry extends ImportedEntry>(entries: readonly Entry[]): Generator<Entry[]> {
  for (let from = 0; from < entries.length;) {
    let bytes = 0
    let to = from
    while (to < entries.length && bytes < appendBytesMax) bytes += encodedLength(entries[to++]!.entry)
    yield entries.slice(from, to)
    from = to
  }
}

/** The hashes of the records that the history has under these ids, whenever they came. */
async function hashesOf(
  stream: StreamId,
  entries: readonly ImportedEntry[],
  { journal, search }: ImportStorageOptions,
): Promise<Map<string, Uint8Array>> {
  // Into a new stream nothing has to be compared.
  if (journal.durable(stream) === 0) return new Map()
  const ids = new Set(entries.map(({ eventId }) => eventId))
  const known = await search.known(stream, [...ids])
  const bySequence = await hashesAt(stream, [...new Set(known.values())], journal)
  const hashes = new Map<string, Uint8Array>()
  for (const [eventId, sequence] of known) {
    const hash = bySequence.get(sequence)
    // Where retention has removed what the index still names, nobody has it any more.
    if (hash) hashes.set(eventId, hash)
  }
  return hashes
}

async function hashesAt(
  stream: StreamId,
  sequences: readonly Sequence[],
  journal: ImportStorageOptions['journal'],
): Promise<Map<Sequence, Uint8Array>> {
  const hashes = new Map<Sequence, Uint8Array>()
  for (let at = 0; at < sequences.length; at += comparedMax) {
    const step = sequences.slice(at, at + comparedMax)
    for (const stored of await journal.get(stream, step))
      if (stored) hashes.set(stored.sequence, Uint8Array.from(stored.recordHash))
  }
  return hashes
}
