import { createHash } from 'node:crypto'
import { parseEnvelope, type NewEntry, type Sequence, type StoredEntry, type StreamId } from '@opentrail/core/event'
import type { StreamState } from '../../packages/server/src/journal/index.ts'
import { JournalFullError } from '../../packages/server/src/journal/index.ts'
import { demand, type Attempt, type Ledger } from './ledger.ts'
import { naiveFrontier } from './naive-merkle.ts'
import { plain } from './naive-history.ts'

/** How long a sent id is remembered: a repetition within it is stored once (ADR 0003). */
const windowMs = 60 * 60 * 1_000

/** What is looked at, beside what the ledger's archive has from the journal. */
export interface Observed {
  /** Read when nothing was under way. */
  readonly streams: readonly StreamState[]
  readonly documents: ReadonlySet<string>
  /** Keys of the events that still wait in the outbox, as hexadecimal idKeys. */
  readonly outbox: ReadonlySet<string>
  /** Up to where each stream is in the history store for good. */
  readonly historyCursors: ReadonlyMap<StreamId, number>
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
/** Its configuration version is stamped anew when it is appended; nothing else of it may change. */
const unstamped = (entry: NewEntry) => JSON.stringify({ ...parseEnvelope(entry), configVersion: 0 })
const identity = (entry: NewEntry) => `${hex(entry.idKey)}/${hex(entry.recordHash)}/${entry.admittedAt}`
const describe = (entry: StoredEntry) => `${entry.stream}#${entry.sequence}`

/**
 * The judge: every acknowledged event is in the journal exactly once, where its answer said, with the bytes its input has
 * to become; nothing else is there; and what derives from the journal agrees with it. @throws {Violation}
 */
export function checkJournal(ledger: Ledger, observed: Observed): void {
  for (const [stream, entries] of ledger.archive) {
    checkSequences(stream, entries)
    if (!ledger.clockWentBack) checkOnce(entries)
    for (const entry of entries) checkContent(ledger, entry)
  }
  checkStates(ledger, observed)
  const claimed = new Set<string>()
  for (const attempt of ledger.attempts) checkAttempt(ledger, attempt, claimed)
  checkRefusedAbsent(ledger)
  checkChanges(ledger, observed)
}

function checkSequences(stream: StreamId, entries: readonly StoredEntry[]): void {
  for (const [index, entry] of entries.entries())
    demand(entry.sequence === index + 1 && entry.stream === stream, () => `${describe(entry)} stands at ${index + 1}`)
}

/** The same id again only after the window has forgotten it. */
function checkOnce(entries: readonly StoredEntry[]): void {
  const lastOf = new Map<string, StoredEntry>()
  for (const entry of entries) {
    const id = hex(entry.idKey)
    const earlier = lastOf.get(id)
    demand(
      !earlier || entry.admittedAt - earlier.admittedAt > windowMs,
      () =>
        `${describe(entry)} has the id of ${describe(earlier!)}, ${entry.admittedAt - earlier!.admittedAt} ms later`,
    )
    lastOf.set(id, entry)
  }
}

/** Once it has passed: the archive does not change, and what was sent stays sent. */
const passed = new WeakSet<StoredEntry>()

/** Whole, and the bytes that its input has to become. */
function checkContent(ledger: Ledger, entry: StoredEntry): void {
  if (passed.has(entry)) return
  checkContentAnew(ledger, entry)
  passed.add(entry)
}

function checkContentAnew(ledger: Ledger, entry: StoredEntry): void {
  const { text, record } = plain(entry)
  demand(
    hex(entry.recordHash) === createHash('sha256').update(entry.record).digest('hex'),
    () => `${describe(entry)}: the hash is not the record's`,
  )
  demand(
    hex(entry.idKey) === record.eventID.replaceAll('-', ''),
    () => `${describe(entry)}: the key is not that of its id ${record.eventID}`,
  )
  const envelope = parseEnvelope(entry)
  demand(envelope.event.eventId === record.eventID, () => `${describe(entry)}: the envelope names another event`)
  // Written by delivery itself; it is compared with the ledger of deliveries.
  if (record.eventName === 'AbandonDelivery' && envelope.origin === 'self') return
  const own = ledger.own.get(record.requestID)
  if (own) {
    demand(
      own.stream === entry.stream && own.eventName === record.eventName,
      () => `${describe(entry)}: altered: ${text}`,
    )
    return
  }
  const sent = ledger.records.get(record.requestID)
  if (!sent) return demand(false, () => `${describe(entry)}: nobody sent it: ${text}`)
  demand(sent.stream === entry.stream, () => `${describe(entry)} was sent to ${sent.stream}`)
  demand(sent.id === undefined || sent.id === record.eventID, () => `${describe(entry)} was sent as ${sent.id}`)
  demand(
    text === sent.stored(record.eventID),
    () => `${describe(entry)} is ${text}, not ${sent.stored(record.eventID)}`,
  )
  const cause = attemptsOf(ledger, sent.marker).find(
    ({ sentAt, principal }) => sentAt === entry.admittedAt && principal === envelope.principal,
  )
  demand(cause !== undefined, () => `${describe(entry)}: no request brought it at ${entry.admittedAt}`)
}

const attemptsOf = (ledger: Ledger, marker: string): Attempt[] =>
  ledger.attempts.filter(({ request }) => request.lines.some(({ good }) => good?.marker === marker))

function checkStates(ledger: Ledger, { streams, historyCursors }: Observed): void {
  demand(
    streams.length === [...ledger.archive.values()].filter(({ length }) => length > 0).length,
    () => `the journal knows ${streams.length} streams`,
  )
  for (const { stream, first, last, frontier } of streams) {
    const entries = ledger.archive.get(stream)!
    demand(last === entries.length, () => `${stream} ends at ${last}, and ${entries.length} entries were read`)
    const expected = naiveFrontier(entries.map(({ recordHash }) => recordHash)).map(hex)
    demand(
      frontier.size === last && JSON.stringify(frontier.nodes.map(hex)) === JSON.stringify(expected),
      () => `${stream}: the Merkle frontier of ${frontier.size} is not that of its ${last} records`,
    )
    for (const entry of entries.slice(0, first - 1)) {
      demand(
        entry.admittedAt < ledger.retainedBefore,
        () => `${describe(entry)} of ${entry.admittedAt} was removed before its time, ${ledger.retainedBefore}`,
      )
      demand(
        entry.sequence <= (historyCursors.get(stream) ?? 0),
        () => `${describe(entry)} was removed before history had it`,
      )
    }
  }
}

/** Whatever was answered holds, one by one and in sum. `claimed`: places that were answered as stored. */
function checkAttempt(ledger: Ledger, attempt: Attempt, claimed: Set<string>): void {
  const at = (stream: StreamId, sequence: Sequence) => ledger.archive.get(stream)?.[sequence - 1]
  const found = { stored: 0, duplicate: 0, reused: 0 }
  const places: string[] = []
  for (const { stream, entries, outcomes } of attempt.writes) {
    if (!outcomes) continue
    demand(outcomes.length === entries.length, () => `${entries.length} entries have ${outcomes.length} outcomes`)
    let before = 0
    for (const [index, { kind, sequence }] of outcomes.entries()) {
      const entry = entries[index]!
      const stored = at(stream, sequence)
      const place = `${stream}#${sequence}`
      if (!stored) return demand(false, () => `${place} was acknowledged as ${kind} and is not in the journal`)
      demand(hex(stored.idKey) === hex(entry.idKey), () => `${place} was acknowledged as ${kind} and has another id`)
      found[kind]++
      const same = hex(stored.recordHash) === hex(entry.recordHash)
      const keyed = parseEnvelope(entry).idFromKey === true && parseEnvelope(stored).idFromKey === true
      if (kind === 'reused') demand(!same, () => `${place} holds the same bytes and was refused as reused`)
      else demand(same || keyed, () => `${place} was acknowledged as ${kind} and holds other bytes`)
      if (kind !== 'stored') continue
      demand(identity(stored) === identity(entry), () => `${place} was stored and is not what was admitted`)
      demand(unstamped(stored) === unstamped(entry), () => `${place} has another envelope`)
      demand(!claimed.has(place), () => `${place} was acknowledged as stored twice`)
      demand(sequence > before, () => `${place} was stored before an earlier record of its request`)
      before = sequence
      claimed.add(place)
      places.push(place)
    }
  }
  if (attempt.end === 'answered') checkAnswer(attempt, found, places)
}

function checkAnswer(
  { request, answer, writes }: Attempt,
  found: { readonly stored: number; readonly duplicate: number; readonly reused: number },
  places: readonly string[],
): void {
  const wrong = (what: string) => () => `an answer's ${what}: ${JSON.stringify(answer)}, found ${JSON.stringify(found)}`
  const bad = request.lines.flatMap(({ refusal }, index) => (refusal === undefined ? [] : [`${index}:${refusal}`]))
  demand(
    writes.every(({ outcomes }) => outcomes !== undefined),
    () => 'answered although a write had failed',
  )
  demand(answer!.received === request.lines.length, wrong('records received'))
  demand(answer!.stored === found.stored && answer!.duplicates === found.duplicate, wrong('counts'))
  demand(answer!.refused === found.reused + bad.length, wrong('refusals'))
  demand(found.stored + found.duplicate + found.reused + bad.length === request.lines.length, wrong('sum'))
  const named = answer!.refusals
    .filter(({ code }) => code !== 'EventIdReused')
    .map(({ index, code }) => `${index}:${code}`)
  demand(JSON.stringify(named.sort()) === JSON.stringify([...bad].sort()), wrong('refused records'))
  const ranges = answer!.ranges.flatMap(({ stream, from, to }) =>
    Array.from({ length: to - from + 1 }, (_, index) => `${stream}#${from + index}`),
  )
  demand(JSON.stringify(ranges.sort()) === JSON.stringify([...places].sort()), wrong('ranges'))
}

/** "Nothing was stored" is a promise, too. */
function checkRefusedAbsent(ledger: Ledger): void {
  const tries = new Map<string, { refused: number; all: number; stream: StreamId }>()
  for (const { writes } of ledger.attempts)
    for (const { stream, entries, error } of writes)
      for (const entry of entries) {
        const known = tries.get(identity(entry)) ?? { refused: 0, all: 0, stream }
        tries.set(identity(entry), known)
        known.all++
        if (error instanceof JournalFullError) known.refused++
      }
  for (const entries of ledger.archive.values())
    for (const entry of entries) {
      const known = tries.get(identity(entry))
      demand(!known || known.refused < known.all, () => `${describe(entry)} was refused as stored nowhere`)
    }
}

/** Every change of the control store has its event, and no event is there without its change. */
function checkChanges(ledger: Ledger, { documents, outbox }: Observed): void {
  const events = new Map<string, number>()
  for (const entries of ledger.archive.values())
    for (const entry of entries) {
      const { requestID } = plain(entry).record
      events.set(requestID, (events.get(requestID) ?? 0) + 1)
    }
  let missing = 0
  for (const { marker, key, end } of ledger.own.values()) {
    const count = events.get(marker) ?? 0
    demand(count <= 1, () => `our own event ${marker} is there ${count} times`)
    if (key === undefined) {
      demand(end !== 'refused' || count === 0, () => `our own event ${marker} was refused and is there`)
      demand(end !== 'done' || count === 1, () => `our own event ${marker} was acknowledged and is not there`)
      continue
    }
    const changed = documents.has(key)
    demand(changed || count === 0, () => `the event ${marker} is there without its change`)
    demand(changed || end !== 'done', () => `the change ${marker} was acknowledged and is not there`)
    demand(!changed || end !== 'refused', () => `the change ${marker} was refused and is there`)
    if (changed && count === 0) missing++
  }
  demand(missing <= outbox.size, () => `${missing} changes have no event, and ${outbox.size} events wait`)
}

/** The store of derived postings: each event of the journal's, once. */
export function checkPostings(
  stored: Iterable<{ readonly stream: number; readonly sequence: Sequence }>,
  numbers: ReadonlyMap<number, StreamId>,
  ledger: Ledger,
  mustHold: (entry: StoredEntry) => boolean,
): void {
  const found = new Set<string>()
  for (const { stream, sequence } of stored) {
    const place = `${numbers.get(stream)}#${sequence}`
    demand(!found.has(place), () => `${place} is in the history store twice`)
    found.add(place)
  }
  for (const entries of ledger.archive.values())
    for (const entry of entries) {
      if (!mustHold(entry)) continue
      demand(found.has(describe(entry)), () => `${describe(entry)} is not in the history store`)
    }
}
