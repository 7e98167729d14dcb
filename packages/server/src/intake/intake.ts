import {
  decodeEntry,
  encodedLength,
  splitterStart,
  type AdmissionContext,
  type NewEntry,
  type StreamId,
} from '@opentrail/core/event'
import type { AdmissionPool } from './admission-pool.ts'
import type { PackedEntries, RecordRefusal } from './admit-chunk.ts'
import { bodyChunks } from './body-chunks.ts'
import type { RecordWriter, WriteOutcome } from './record-writer.ts'
import type { RefusalReport, RefusalReports } from './refusal-reports.ts'
import { createSequenceRanges, type SequenceRange } from './sequence-ranges.ts'

export interface IntakeRequest {
  readonly body: AsyncIterable<Uint8Array>
  readonly encoding: 'identity' | 'gzip'
  readonly context: AdmissionContext
  readonly idempotencyKey?: string
}

/** What became of a request's records: received = stored + duplicates + refused. */
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

/** The body could not be taken to its end; what `answer` counts as stored is stored. Try the whole request again. */
export class IntakeInterruptedError extends Error {
  override readonly name = 'IntakeInterruptedError'
  readonly answer: IntakeAnswer
  constructor(answer: IntakeAnswer, cause: unknown) {
    super('the request was not stored completely', { cause })
    this.answer = answer
  }
}

export interface IntakeOptions {
  readonly admission: AdmissionPool
  readonly writer: RecordWriter
  readonly reports: RefusalReports
  readonly bodyBytesMax: number
}

/** Chunks of one request between admission and durability: keeps the disk busy and the memory flat. */
const appendsInFlightMax = 4
/** Refusals that the answer itself names. */
const refusalsNamedMax = 1_000

/** Takes in one request's records. @throws {IntakeInterruptedError} with the counts so far. */
export async function takeIn(request: IntakeRequest, options: IntakeOptions): Promise<IntakeAnswer> {
  const tally = createTally(options.reports)
  const inFlight = new Set<Promise<void>>()
  let failure: { error: unknown } | undefined
  let state = splitterStart
  try {
    for await (const { chunk, last } of bodyChunks(request.body, request.encoding, options.bodyBytesMax)) {
      const { context, idempotencyKey } = request
      const task = {
        chunk,
        state,
        isLast: last,
        context,
        ...(idempotencyKey !== undefined && { idempotencyKey }),
      }
      const result = await options.admission.admit(task)
      state = result.state
      tally.received(result.received)
      for (const refusal of result.refusals) await tally.refused(refusal)
      for (const stream of result.admitted) {
        const append = store(stream, options.writer, tally)
          .catch((error: unknown) => void (failure ??= { error }))
          .finally(() => inFlight.delete(append))
        inFlight.add(append)
      }
      while (inFlight.size >= appendsInFlightMax) await Promise.race(inFlight)
      if (failure) throw failure.error
    }
    await Promise.all(inFlight)
    if (failure) throw failure.error
    return await tally.finish()
  } catch (error) {
    await Promise.all(inFlight)
    throw new IntakeInterruptedError(await tally.finish(), error)
  }
}

/** Small records grow when they are filled in and enveloped: a chunk of them can exceed what one append should hold. */
const writeBytesMax = 2 * 1024 * 1024

async function store(stream: PackedEntries, writer: RecordWriter, tally: Tally): Promise<void> {
  const entries = unpack(stream)
  for (let from = 0; from < entries.length;) {
    let bytes = 0
    let to = from
    while (to < entries.length && bytes < writeBytesMax) bytes += encodedLength(entries[to++]!)
    const outcomes = await writer.write(stream.stream, entries.slice(from, to))
    for (const [place, outcome] of outcomes.entries()) {
      // Only a refusal may have to wait (for its report): no turn of the event loop for each stored event.
      const refusing = tally.outcome(stream.stream, stream.indexes[from + place]!, outcome, entries[from + place]!)
      if (refusing) await refusing
    }
    from = to
  }
}

function unpack({ packed, stream, indexes }: PackedEntries): NewEntry[] {
  const source = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
  const entries: NewEntry[] = []
  for (let offset = 0; entries.length < indexes.length;) {
    const { entry, end } = decodeEntry(source, offset, stream)
    entries.push(entry)
    offset = end
  }
  return entries
}

interface Tally {
  received(count: number): void
  refused(refusal: RecordRefusal): Promise<void>
  outcome(stream: StreamId, index: number, outcome: WriteOutcome, entry: NewEntry): Promise<void> | undefined
  finish(): Promise<IntakeAnswer>
}

function createTally(reports: RefusalReports): Tally {
  const ranges = createSequenceRanges()
  const refusals: RecordRefusal[] = []
  const counts = { received: 0, stored: 0, duplicates: 0, refused: 0 }
  let report: RefusalReport | undefined

  async function refused(refusal: RecordRefusal): Promise<void> {
    counts.refused++
    if (refusals.length < refusalsNamedMax) return void refusals.push(refusal)
    // The report holds all refusals, the named ones too, so that one place has the whole list.
    if (!report) {
      report = await reports.open()
      for (const named of refusals) await report.add(named)
    }
    await report.add(refusal)
  }

  return {
    received: (count) => void (counts.received += count),
    refused,
    outcome(stream, index, outcome, entry) {
      if (outcome.kind === 'reused') return refused(reusedRefusal(index, entry))
      if (outcome.kind === 'duplicate') counts.duplicates++
      else {
        counts.stored++
        ranges.add(stream, outcome.sequence)
      }
      return undefined
    },
    async finish() {
      await report?.close()
      const { ranges: stored, complete } = ranges.finish()
      return { ...counts, ranges: stored, rangesComplete: complete, refusals, ...(report && { reportId: report.id }) }
    },
  }
}

export const reusedCode = 'EventIdReused'

function reusedRefusal(index: number, entry: NewEntry): RecordRefusal {
  const { event } = JSON.parse(Buffer.from(entry.envelope).toString()) as { event: { eventId: string } }
  return {
    index,
    code: reusedCode,
    message: 'This eventID is taken by an event with other content.',
    eventId: event.eventId,
  }
}
