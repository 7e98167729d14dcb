import { setTimeout as delay } from 'node:timers/promises'
import {
  parseEnvelope,
  splitterStart,
  type AccountId,
  type NewEntry,
  type Region,
  type Sequence,
  type StreamId,
} from '@opentrail/core/event'
import type { ApiImportAnswer, ApiImportRefusal } from '@opentrail/core/api'
import { PostingsUnavailableError, type HistorySearch } from '../history/index.ts'
import type { Journal } from '../journal/index.ts'
import { createGate } from '../process/index.ts'
import { AdmissionBusyError, type AdmissionPool } from './admission-pool.ts'
import type { PackedEntries, RecordRefusal } from './admit-chunk.ts'
import { bodyChunks } from './body-chunks.ts'
import { unpackEntries } from './packed-entries.ts'
import { WriterBusyError, type RecordWriter } from './record-writer.ts'
import { reusedCode } from './tally.ts'

export interface ImportRequest {
  readonly body: AsyncIterable<Uint8Array>
  readonly encoding: 'identity' | 'gzip'
  /** ARN of who imports. */
  readonly principal: string
  /** Whose the records are that name no account or no Region, as those of 2013 do. */
  readonly account: AccountId
  readonly region: Region
  /** Those that may be imported into. */
  readonly accounts: ReadonlySet<string>
  readonly signal: AbortSignal
}

export interface ImportOutcome {
  readonly answer: ApiImportAnswer
  /** Records refused because their id is taken by another event; the first ids by name. */
  readonly reused: { readonly count: number; readonly eventIds: readonly string[] }
  /** Event time of the newest record that is in the history now, ms; absent where there is none. */
  readonly newest?: number
}

export interface Importer {
  /**
   * Takes in a log file's records of any age, for history only. What is in the history already, or was imported before, is
   * counted and not stored again, so a repeated import changes nothing. Memory does not depend on the size of the file.
   * @throws {ImportInterruptedError} with the counts so far, whatever the cause.
   */
  take(request: ImportRequest): Promise<ImportOutcome>
}

export interface ImporterOptions {
  readonly admission: AdmissionPool
  readonly writer: RecordWriter
  readonly journal: Pick<Journal, 'get' | 'durable' | 'stats'>
  readonly search: Pick<HistorySearch, 'known'>
  readonly regions: ReadonlySet<string>
  readonly configVersion: () => number
  /** Domain time, ms. */
  readonly now: () => number
  /** Of one file, unpacked. */
  readonly bodyBytesMax: number
  /** Share of the journal that imports leave to live events. */
  readonly journalShareMax?: number
}

/** The body could not be taken to its end; what `outcome` counts as imported is imported. The same again does the rest. */
export class ImportInterruptedError extends Error {
  override readonly name = 'ImportInterruptedError'
  readonly outcome: ImportOutcome
  constructor(outcome: ImportOutcome, cause: unknown) {
    super('the file was not imported completely', { cause })
    this.outcome = outcome
  }
}

/** The journal is so full that what is left belongs to live events. */
export class ImportRoomError extends Error {
  override readonly name = 'ImportRoomError'
}

/**
 * Of all imports together. Live intake shares workers, journal and index with them, and finds at most one chunk of a
 * megabyte before it in each. That one chunk is stored before the next is compared also means that no record of two
 * imports at a time can be stored twice.
 */
const chunksInAdmissionMax = 1
const chunksInStorageMax = 1
/** A fifth of the journal stays for what happens now. */
const defaultJournalShareMax = 0.8
/** What `HistorySearch.known` takes at once. */
const idsMax = 5_000
/** Entries compared per step: each may hold a whole block of the journal in memory. */
const comparedMax = 256
/** An import waits for live events this long, then gives up and may be repeated. */
const waitMsMax = 60_000
const pauseMs = 100
/** Refusals and reused ids that are told one by one. */
const refusalsNamedMax = 100
const reusedNamedMax = 10

export function createImporter(options: ImporterOptions): Importer {
  const { admission, journal, journalShareMax = defaultJournalShareMax } = options
  const admitting = createGate(chunksInAdmissionMax)
  const storing = createGate(chunksInStorageMax)

  function checkRoom(): void {
    const { bytes, bytesMax } = journal.stats()
    if (bytes > bytesMax * journalShareMax)
      throw new ImportRoomError(`the journal holds ${bytes} of ${bytesMax} bytes; the rest is kept for live events`)
  }

  return {
    async take(request) {
      const tally = createImportTally()
      const { signal } = request
      let state = splitterStart
      // One chunk of a file is stored while the next is admitted.
      let storingLast: Promise<void> = Promise.resolve()
      try {
        for await (const { chunk, last } of bodyChunks(request.body, request.encoding, options.bodyBytesMax)) {
          checkRoom()
          const task = { chunk, state, isLast: last, context: contextOf(request, options) }
          const result = await admitting(signal, () => whenThereIsRoom(signal, () => admission.admit(task)))
          state = result.state
          tally.received(result.received)
          tally.refused(result.refusals, result.refusalsUntold)
          await storingLast
          storingLast = storing(signal, async () => {
            for (const packed of result.admitted) await store(packed, signal, options, tally)
          })
          // Awaited with the next chunk: a failure until then is no unhandled one.
          storingLast.catch(() => {})
        }
        await storingLast
      } catch (error) {
        await storingLast.catch(() => {})
        throw new ImportInterruptedError(tally.outcome(), error)
      }
      return tally.outcome()
    },
  }
}

const contextOf = ({ principal, account, region, accounts }: ImportRequest, options: ImporterOptions) => ({
  origin: 'import' as const,
  principal,
  configVersion: options.configVersion(),
  account,
  region,
  accounts,
  regions: options.regions,
  now: options.now(),
})

/** Live events go first: while they fill a queue, an import waits and tries again. @throws what else goes wrong. */
async function whenThereIsRoom<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  for (let waitedMs = 0; ; waitedMs += pauseMs) {
    try {
      return await work()
    } catch (error) {
      const isBusy =
        error instanceof WriterBusyError ||
        error instanceof AdmissionBusyError ||
        error instanceof PostingsUnavailableError
      if (!isBusy || waitedMs >= waitMsMax) throw error
      await delay(pauseMs, undefined, { signal })
    }
  }
}

async function store(
  { stream, packed, indexes }: PackedEntries,
  signal: AbortSignal,
  options: ImporterOptions,
  tally: ImportTally,
): Promise<void> {
  const entries = unpackEntries(stream, packed, indexes.length).map((entry, place) => ({
    entry,
    index: indexes[place]!,
    ...identityOf(entry),
  }))
  for (let from = 0; from < entries.length; from += idsMax) {
    const some = entries.slice(from, from + idsMax)
    const verdicts = await whenThereIsRoom(signal, () => compare(stream, some, options))
    for (const [place, verdict] of verdicts.entries()) tally.judged(some[place]!, verdict)
    const fresh = some.filter((_, place) => verdicts[place] === 'new')
    const write = () =>
      options.writer.write(
        stream,
        fresh.map(({ entry }) => entry),
        { background: true },
      )
    const outcomes = await whenThereIsRoom(signal, write)
    for (const [place, { kind }] of outcomes.entries()) tally.judged(fresh[place]!, verdictOf[kind])
  }
}

interface ImportedEntry {
  readonly entry: NewEntry
  readonly index: number
  readonly eventId: string
  readonly eventTime: number
}

function identityOf(entry: NewEntry): Pick<ImportedEntry, 'eventId' | 'eventTime'> {
  const { eventId, eventTime } = parseEnvelope(entry).event
  return { eventId, eventTime }
}

type Verdict = 'new' | 'imported' | 'there' | 'reused'
const verdictOf = { stored: 'imported', duplicate: 'there', reused: 'reused' } as const

/**
 * Which entries the history has already, whenever they came. The record decides, not the id: an event that OpenTrail has
 * recorded, delivered and now reads again is the same to the byte.
 */
async function compare(
  stream: StreamId,
  entries: readonly ImportedEntry[],
  { journal, search }: ImporterOptions,
): Promise<Verdict[]> {
  // Into a new stream nothing has to be compared.
  if (journal.durable(stream) === 0) return entries.map(() => 'new')
  const ids = new Set(entries.map(({ eventId }) => eventId))
  const known = await search.known(stream, [...ids])
  if (known.size === 0) return entries.map(() => 'new')
  const hashes = await hashesAt(stream, [...new Set(known.values())], journal)
  return entries.map(({ entry, eventId }) => {
    const sequence = known.get(eventId)
    const hash = sequence === undefined ? undefined : hashes.get(sequence)
    // Retention has removed what the index still names: nobody has it any more.
    if (!hash) return 'new'
    return Buffer.compare(hash, entry.recordHash) === 0 ? 'there' : 'reused'
  })
}

async function hashesAt(
  stream: StreamId,
  sequences: readonly Sequence[],
  journal: ImporterOptions['journal'],
): Promise<Map<Sequence, Uint8Array>> {
  const hashes = new Map<Sequence, Uint8Array>()
  for (let at = 0; at < sequences.length; at += comparedMax) {
    const step = sequences.slice(at, at + comparedMax)
    for (const stored of await journal.get(stream, step))
      if (stored) hashes.set(stored.sequence, Uint8Array.from(stored.recordHash))
  }
  return hashes
}

interface ImportTally {
  received(count: number): void
  refused(refusals: readonly RecordRefusal[], untold?: number): void
  judged(entry: ImportedEntry, verdict: Verdict): void
  outcome(): ImportOutcome
}

function createImportTally(): ImportTally {
  const counts = { records: 0, imported: 0, alreadyThere: 0, refusedCount: 0 }
  const refused: ApiImportRefusal[] = []
  const reused = { count: 0, eventIds: [] as string[] }
  let newest = -Infinity
  const refuse = (refusals: readonly RecordRefusal[], untold = 0): void => {
    counts.refusedCount += refusals.length + untold
    refused.push(...refusals.slice(0, refusalsNamedMax - refused.length))
  }
  return {
    received: (count) => void (counts.records += count),
    refused: refuse,
    judged({ index, eventId, eventTime }, verdict) {
      if (verdict === 'imported' || verdict === 'there') newest = Math.max(newest, eventTime)
      if (verdict === 'imported') counts.imported++
      if (verdict === 'there') counts.alreadyThere++
      if (verdict !== 'reused') return
      reused.count++
      if (reused.eventIds.length < reusedNamedMax) reused.eventIds.push(eventId)
      refuse([{ index, code: reusedCode, message: 'This eventID is taken by an event with other content.', eventId }])
    },
    outcome: () => ({
      answer: { ...counts, refused: refused.toSorted((a, b) => a.index - b.index) },
      reused,
      ...(newest > -Infinity && { newest }),
    }),
  }
}
