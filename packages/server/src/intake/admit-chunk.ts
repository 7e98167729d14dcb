import { hash, randomUUID } from 'node:crypto'
import {
  admit,
  encodedLength,
  encodeEntry,
  splitRecords,
  type AdmissionContext,
  type GivenId,
  type NewEntry,
  type SplitterState,
  type StreamId,
} from '@opentrail/core/event'

/** A piece of an intake body and what is needed to admit the records that end in it. Plain data: it crosses threads. */
export interface AdmissionTask {
  readonly chunk: Uint8Array
  readonly state: SplitterState
  readonly isLast: boolean
  readonly context: AdmissionContext
  readonly idempotencyKey?: string
}

export interface RecordRefusal {
  /** Place of the record in the request, from 0. */
  readonly index: number
  readonly code: string
  readonly message: string
  readonly eventId?: string
}

/** Admitted entries of one stream, packed one behind the other by the entry codec. */
export interface PackedEntries {
  readonly stream: StreamId
  readonly packed: Uint8Array
  /** Place in the request of each entry. */
  readonly indexes: Uint32Array
}

export interface AdmissionResult {
  readonly state: SplitterState
  /** Records seen in this chunk, admitted or refused. */
  readonly received: number
  readonly admitted: readonly PackedEntries[]
  readonly refusals: readonly RecordRefusal[]
  /** Refused beyond those: counted only. */
  readonly refusalsUntold: number
}

/** Of one chunk: two bytes can make a refusal, and half a million of them would be a hundred times the chunk's size. */
export const refusalsToldMax = 10_000

/** Splits, checks, redacts and packs; the whole cost of a record's way in but for the journal. `randomId`: a new UUID. */
export function admitChunk(task: AdmissionTask, randomId: () => string = randomUUID): AdmissionResult {
  const split = splitRecords(task.state, task.chunk, task.isLast)
  const streams = new Map<StreamId, { entries: NewEntry[]; indexes: number[] }>()
  const refusals: RecordRefusal[] = split.refusals.slice(0, refusalsToldMax)
  let refusalsUntold = split.refusals.length - refusals.length
  for (const [position, record] of split.records.entries()) {
    const index = split.indexes[position]!
    const admission = admit(record, task.context, () => giveId(task, index, record, randomId))
    if (!admission.ok) {
      if (refusals.length < refusalsToldMax) refusals.push({ index, ...admission.refusal })
      else refusalsUntold++
      continue
    }
    let stream = streams.get(admission.stream)
    if (!stream) streams.set(admission.stream, (stream = { entries: [], indexes: [] }))
    stream.entries.push(admission.entry)
    stream.indexes.push(index)
  }
  const admitted = [...streams].map(([stream, { entries, indexes }]) => ({
    stream,
    packed: pack(entries),
    indexes: Uint32Array.from(indexes),
  }))
  return { state: split.state, received: split.state.index - task.state.index, admitted, refusals, refusalsUntold }
}

/**
 * With an Idempotency-Key the id of a record without one is made from the key, the principal, the record's place and its
 * bytes: the same request again gives the same ids, another request under the same key gives others.
 */
function giveId(
  { idempotencyKey, context }: AdmissionTask,
  place: number,
  record: Uint8Array,
  randomId: () => string,
): GivenId {
  if (idempotencyKey === undefined) return { id: randomId(), fromKey: false }
  const seed = JSON.stringify([context.principal, idempotencyKey, place, hash('sha256', record, 'hex')])
  const hex = hash('sha256', seed, 'hex')
  // Version 8 ("custom") of RFC 9562, variant 10.
  const variant = ((parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16)
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  return { id, fromKey: true }
}

function pack(entries: readonly NewEntry[]): Uint8Array {
  const bytes = Buffer.from(new ArrayBuffer(entries.reduce((sum, entry) => sum + encodedLength(entry), 0)))
  let offset = 0
  for (const entry of entries) offset = encodeEntry(bytes, offset, entry, 0)
  return bytes
}
