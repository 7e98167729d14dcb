import { parseEnvelope, type NewEntry, type StreamId } from '@opentrail/core/event'
import type { RecordRefusal } from './admit-chunk.ts'
import type { WriteOutcome } from './record-writer.ts'
import type { RefusalReport } from './refusal-reports.ts'
import { createSequenceRanges, type SequenceRange } from './sequence-ranges.ts'

/** What became of a request's records. Always: received = stored + duplicates + refused. */
export interface IntakeAnswer {
  readonly received: number
  readonly stored: number
  readonly duplicates: number
  readonly refused: number
  readonly ranges: readonly SequenceRange[]
  /** False where more ranges were stored than one answer names. */
  readonly rangesComplete: boolean
  /** The first refusals; all of them (up to the report's own bound) are under `reportId`. */
  readonly refusals: readonly RecordRefusal[]
  readonly reportId?: string
}

export interface IntakeOutcome {
  readonly answer: IntakeAnswer
  /** Records refused because their id is taken by another event; the first ids by name. */
  readonly reused: { readonly count: number; readonly eventIds: readonly string[] }
}

/** The id is taken by other bytes. */
export const reusedCode = 'EventIdReused'
/** The journal did not take the record: the one refusal that another try can cure. */
export const notStoredCode = 'NotStored'

/** Refusals that the answer itself names. */
const refusalsNamedMax = 1_000
/** Reused ids that the event about them names. */
const reusedNamedMax = 10

/** Counts one request's records. Appends of a request end in any order, so calls may overlap. */
export interface Tally {
  received(count: number): void
  refused(refusals: readonly RecordRefusal[]): Promise<void>
  refusedUntold(count: number): void
  /** Counts a written entry, or returns the refusal that it ends in, not counted yet. */
  outcome(stream: StreamId, index: number, outcome: WriteOutcome, entry: NewEntry): RecordRefusal | undefined
  finish(): Promise<IntakeOutcome>
}

/** `openReport` is called once, when the answer cannot name all refusals. */
export function createTally(
  openReport: () => Promise<RefusalReport>,
  onFault?: (error: unknown, where: string) => void,
): Tally {
  const ranges = createSequenceRanges()
  const refusals: RecordRefusal[] = []
  const counts = { received: 0, stored: 0, duplicates: 0, refused: 0 }
  const reused = { count: 0, eventIds: [] as string[] }
  let untold = 0
  let report: RefusalReport | undefined
  let reportId: string | undefined
  let reporting: Promise<void> = Promise.resolve()
  let failed = false

  /** One piece of work after the other. A report that fails does not spoil the intake: what is stored is stored. */
  function reportNext(work: () => Promise<void>): Promise<void> {
    reporting = reporting.then(async () => {
      if (failed) return
      try {
        await work()
      } catch (error) {
        failed = true
        onFault?.(error, 'report of refused records')
      }
    })
    return reporting
  }

  async function addToReport(more: readonly RecordRefusal[]): Promise<void> {
    if (!report) {
      report = await openReport()
      // The report holds all refusals, the named ones too, so that one place has the whole list.
      for (const named of refusals) await report.add(named)
    }
    for (const refusal of more) await report.add(refusal)
  }

  async function closeReport(): Promise<void> {
    if (untold > 0) await addToReport([])
    report?.addUntold(untold)
    const closing = report
    report = undefined
    await closing?.close()
    reportId = closing?.id
  }

  return {
    received: (count) => void (counts.received += count),
    async refused(added) {
      counts.refused += added.length
      const named = added.slice(0, refusalsNamedMax - refusals.length)
      refusals.push(...named)
      const more = added.slice(named.length)
      if (more.length > 0) await reportNext(() => addToReport(more))
    },
    refusedUntold(count) {
      counts.refused += count
      untold += count
    },
    outcome(stream, index, outcome, entry) {
      if (outcome.kind === 'reused') {
        const { eventId } = parseEnvelope(entry).event
        reused.count++
        if (reused.eventIds.length < reusedNamedMax) reused.eventIds.push(eventId)
        return { index, code: reusedCode, message: 'This eventID is taken by an event with other content.', eventId }
      }
      if (outcome.kind === 'duplicate') counts.duplicates++
      else {
        counts.stored++
        ranges.add(stream, outcome.sequence)
      }
      return undefined
    },
    async finish() {
      await reportNext(closeReport)
      // A report that failed is still closed, without a second complaint.
      await report?.close().catch(() => {})
      const { ranges: stored, complete } = ranges.finish()
      const answer: IntakeAnswer = {
        ...counts,
        ranges: stored,
        rangesComplete: complete,
        refusals: refusals.toSorted((a, b) => a.index - b.index),
        ...(reportId !== undefined && !failed && { reportId }),
      }
      return { answer, reused }
    },
  }
}
