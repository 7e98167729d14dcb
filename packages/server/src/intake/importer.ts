import { splitterStart, type AccountId, type Region } from '@opentrail/core/event'
import type { ApiImportAnswer, ApiImportRefusal } from '@opentrail/core/api'
import type { HistorySearch } from '../history/index.ts'
import type { Journal } from '../journal/index.ts'
import { createGate } from '../process/index.ts'
import type { AdmissionPool } from './admission-pool.ts'
import type { RecordRefusal } from './admit-chunk.ts'
import { bodyChunks } from './body-chunks.ts'
import { createImportStorage, type Judged } from './import-storage.ts'
import { whenThereIsRoom } from './import-waiting.ts'
import type { RecordWriter } from './record-writer.ts'
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

/** Of all imports together. Live intake shares the workers with them, and finds at most one chunk of a megabyte before it. */
const chunksInAdmissionMax = 1
/** A fifth of the journal stays for what happens now. */
const defaultJournalShareMax = 0.8
/** Refusals and reused ids that are told one by one. */
const refusalsNamedMax = 100
const reusedNamedMax = 10

export function createImporter(options: ImporterOptions): Importer {
  const { admission, journal, journalShareMax = defaultJournalShareMax } = options
  const admitting = createGate(chunksInAdmissionMax)
  const storage = createImportStorage(options)

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
          const result = await admitting(signal, () => whenThereIsRoom([signal], () => admission.admit(task)))
          state = result.state
          tally.received(result.received)
          tally.refused(result.refusals, result.refusalsUntold)
          await storingLast
          storingLast = storage.store(result.admitted, signal, tally.judged)
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

interface ImportTally {
  received(count: number): void
  refused(refusals: readonly RecordRefusal[], untold?: number): void
  readonly judged: Judged
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
