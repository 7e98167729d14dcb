import type { RoutingFields, Sequence, StoredEntry } from '@opentrail/core/event'
import { categoryNumber, forEachAttribute } from './attributes.ts'
import type { BatchPlan, BucketCount, PlannedRange } from './batch-plan.ts'
import { forEachMatch } from './event-matches.ts'
import type { NewestPostings } from './newest-postings.ts'
import { PostingColumn, type TailQuery } from './posting-column.ts'
import {
  everyEventAttribute,
  type EventQuery,
  type EventRows,
  type PostingBatch,
  type PostingRows,
} from './postings-store.ts'
import { SearchColumns } from './search-columns.ts'
import { forEachSearchHash } from './search-hashes.ts'
import type { ValueHasher } from './value-hasher.ts'

export const dayMs = 86_400_000
const indexedSecondsMax = 0xffff_ffff

/** Event time as the index has it: whole seconds in 32 bits. What lies outside is never inside a lookup's 90 days. */
export const indexedSeconds = (eventTime: number): number =>
  Math.min(indexedSecondsMax, Math.max(0, Math.floor(eventTime / 1_000)))

/** The postings of some consecutive entries of some streams: what one insert takes, and until then can be searched. */
export class PostingBlock {
  events = 0
  rows = 0
  readonly #hasher: ValueHasher
  readonly #columns = new Map<number, PostingColumn>()
  /** Row by row what `#events` has, which is what LookupEvents without an attribute reads. */
  readonly #search = new SearchColumns()
  readonly #events = new PostingColumn()
  readonly #ranges = new Map<number, { after: Sequence | 0; to: Sequence }>()
  readonly #counts = new Map<string, BucketCount>()

  constructor(hasher: ValueHasher) {
    this.#hasher = hasher
    this.#columns.set(everyEventAttribute, this.#events)
  }

  /** How many documents its plan and its completion write. */
  get parts(): number {
    return this.#ranges.size + this.#counts.size
  }

  /**
   * Takes the entry that follows `after` in the stream; one that is not indexed moves the range only. `event` undefined:
   * the entry cannot be read or is not wanted.
   */
  add(stream: number, after: Sequence | 0, entry: StoredEntry, event: RoutingFields | undefined): void {
    const range = this.#ranges.get(stream)
    if (range) range.to = entry.sequence
    else this.#ranges.set(stream, { after, to: entry.sequence })
    if (!event) return

    const day = Math.floor(entry.admittedAt / dayMs)
    const time = indexedSeconds(event.eventTime)
    this.#events.push(day, stream, { low: categoryNumber(event), high: 0 }, time, entry.sequence)
    forEachSearchHash(entry, event, this.#hasher, (attribute, hash) => this.#search.put(attribute, hash))
    this.#search.endRow()
    this.rows++
    forEachAttribute(event, this.#hasher, (attribute, value) => {
      let column = this.#columns.get(attribute)
      if (!column) this.#columns.set(attribute, (column = new PostingColumn()))
      column.push(day, stream, value, time, entry.sequence)
      this.rows++
    })
    this.events++
    this.#count(day, stream, entry.sequence)
  }

  /** Calls `visit` for each event that the query asks for, with what the block has of all. */
  forEachMatch(query: EventQuery, visit: (rows: EventRows, row: number) => void): void {
    const rows = this.#toEvents()
    forEachMatch(rows, query, (row) => visit(rows, row))
  }

  find(query: TailQuery, newest: NewestPostings): void {
    this.#columns.get(query.attribute)?.find(query, newest)
  }

  plan(id: string): BatchPlan {
    const ranges = Array.from(this.#ranges, ([stream, { after, to }]): PlannedRange => ({ stream, after, to }))
    return { id, ranges, counts: [...this.#counts.values()] }
  }

  /** All rows in one piece: postings grouped by attribute, and the events. */
  toBatch(): PostingBatch {
    return { postings: this.#toPostings(), events: this.#toEvents() }
  }

  #toPostings(): PostingRows {
    const length = this.rows - this.#events.length
    const value = new Uint32Array(length * 2)
    const rows = {
      length,
      day: new Uint16Array(length),
      stream: new Uint32Array(length),
      attribute: new Uint8Array(length),
      value: new BigUint64Array(value.buffer),
      time: new Uint32Array(length),
      sequence: new Float64Array(length),
    }
    let at = 0
    for (const [attribute, column] of this.#columns) {
      if (attribute === everyEventAttribute) continue
      const end = column.length
      rows.day.set(column.day.subarray(0, end), at)
      rows.stream.set(column.stream.subarray(0, end), at)
      rows.attribute.fill(attribute, at, at + end)
      value.set(column.value.subarray(0, 2 * end), 2 * at)
      rows.time.set(column.time.subarray(0, end), at)
      rows.sequence.set(column.sequence.subarray(0, end), at)
      at += end
    }
    return rows
  }

  /** Views of what is there by now. */
  #toEvents(): EventRows {
    const { length, day, stream, value, time, sequence } = this.#events
    return {
      length,
      day: day.subarray(0, length),
      stream: stream.subarray(0, length),
      category: lowHalves(value, length),
      time: time.subarray(0, length),
      sequence: sequence.subarray(0, length),
      columns: this.#search.columns(),
    }
  }

  #count(day: number, stream: number, sequence: Sequence): void {
    const key = `${day}/${stream}`
    const count = this.#counts.get(key)
    this.#counts.set(key, {
      day,
      stream,
      events: (count?.events ?? 0) + 1,
      first: count?.first ?? sequence,
      last: sequence,
    })
  }
}

/** In a plain loop: searches ask for it many times a second. */
function lowHalves(values: Uint32Array, length: number): Uint8Array {
  const low = new Uint8Array(length)
  for (let row = 0; row < length; row++) low[row] = values[2 * row]!
  return low
}
