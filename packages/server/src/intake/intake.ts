import { encodedLength, splitterStart, type AdmissionContext } from '@opentrail/core/event'
import type { AdmissionPool } from './admission-pool.ts'
import type { PackedEntries, RecordRefusal } from './admit-chunk.ts'
import { bodyChunks } from './body-chunks.ts'
import { unpackEntries } from './packed-entries.ts'
import type { RecordWriter } from './record-writer.ts'
import type { RefusalReports } from './refusal-reports.ts'
import { createTally, notStoredCode, type IntakeOutcome, type Tally } from './tally.ts'

export interface IntakeRequest {
  readonly body: AsyncIterable<Uint8Array>
  readonly encoding: 'identity' | 'gzip'
  /** Asked for each chunk: a long upload outlasts clock and configuration of its beginning. */
  readonly context: () => AdmissionContext
  readonly idempotencyKey?: string
}

/** The body could not be taken to its end; what `outcome` counts as stored is stored. Try the whole request again. */
export class IntakeInterruptedError extends Error {
  override readonly name = 'IntakeInterruptedError'
  readonly outcome: IntakeOutcome
  constructor(outcome: IntakeOutcome, cause: unknown) {
    super('the request was not stored completely', { cause })
    this.outcome = outcome
  }
}

export interface IntakeOptions {
  readonly admission: AdmissionPool
  readonly writer: RecordWriter
  readonly reports: RefusalReports
  /** Unpacked. */
  readonly bodyBytesMax: number
  /** Told when a report could not be written; the answer then goes without. */
  readonly onFault?: (error: unknown, where: string) => void
}

/** Chunks of one request between admission and durability: keeps the disk busy and the memory flat. */
const appendsInFlightMax = 4

/**
 * Takes in one request's records. Memory does not depend on how many they are; their order is kept in each stream.
 * @throws {IntakeInterruptedError} with the counts so far, whatever the cause.
 */
export async function takeIn(request: IntakeRequest, options: IntakeOptions): Promise<IntakeOutcome> {
  const openReport = () => options.reports.open(request.context().account)
  const tally = createTally(openReport, options.onFault)
  const inFlight = new Set<Promise<void>>()
  let failure: { error: unknown } | undefined
  let state = splitterStart
  try {
    for await (const { chunk, last } of bodyChunks(request.body, request.encoding, options.bodyBytesMax)) {
      const { idempotencyKey } = request
      const task = {
        chunk,
        state,
        isLast: last,
        context: request.context(),
        ...(idempotencyKey !== undefined && { idempotencyKey }),
      }
      const result = await options.admission.admit(task)
      state = result.state
      tally.received(result.received)
      tally.refusedUntold(result.refusalsUntold)
      for (const stream of result.admitted) {
        const append = store(stream, options.writer, tally)
          .catch((error: unknown) => void (failure ??= { error }))
          .finally(() => inFlight.delete(append))
        inFlight.add(append)
      }
      await tally.refused(result.refusals)
      while (inFlight.size >= appendsInFlightMax) await Promise.race(inFlight)
      if (failure) throw failure.error
    }
    await Promise.all(inFlight)
    if (failure) throw failure.error
  } catch (error) {
    await Promise.all(inFlight)
    throw new IntakeInterruptedError(await tally.finish(), error)
  }
  return tally.finish()
}

/** Small records grow when they are filled in and enveloped: a chunk of them can exceed what one append should hold. */
const writeBytesMax = 2 * 1024 * 1024

/** Each entry of `stream` is counted, whatever happens. @throws what the writer throws. */
async function store({ stream, packed, indexes }: PackedEntries, writer: RecordWriter, tally: Tally): Promise<void> {
  const entries = unpackEntries(stream, packed, indexes.length)
  for (let from = 0; from < entries.length;) {
    let bytes = 0
    let to = from
    while (to < entries.length && bytes < writeBytesMax) bytes += encodedLength(entries[to++]!)
    try {
      const outcomes = await writer.write(stream, entries.slice(from, to))
      const reused = outcomes.flatMap((outcome, place) => {
        const refusal = tally.outcome(stream, indexes[from + place]!, outcome, entries[from + place]!)
        return refusal ? [refusal] : []
      })
      if (reused.length > 0) await tally.refused(reused)
    } catch (error) {
      await tally.refused(notStored(indexes.subarray(from)))
      throw error
    }
    from = to
  }
}

/** Of each of them it is not known that it is stored, which comes to the same for the sender. */
const notStored = (indexes: Uint32Array): RecordRefusal[] =>
  Array.from(indexes, (index) => ({
    index,
    code: notStoredCode,
    message: 'The record could not be stored at the moment. Send it again.',
  }))
