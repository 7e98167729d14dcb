import { searchAttributes, type SearchAttribute } from '@opentrail/core/search'
import type { EventPredicate, SearchColumn } from './postings-store.ts'
import type { Hash64 } from './sip-hash.ts'

/** Attributes of which an event may have several values. All others are stored as one hash, 0 for none. */
const several: ReadonlySet<SearchAttribute> = new Set(['resource', 'resourceType'])
export const hasSeveral = (attribute: SearchAttribute): boolean => several.has(attribute)

const firstCapacity = 256

/** 0 stands for "none", so the one value in 2^64 that hashes to it is taken for another. */
export const storedHash = (hash: Hash64): Hash64 => (hash.low === 0 && hash.high === 0 ? { low: 1, high: 0 } : hash)

/** One hash of each row, or a list of them, in typed arrays that double when full. */
class HashColumn {
  values = new Uint32Array(2 * firstCapacity)
  /** Hashes of a list column so far, and where the list of each row ends. */
  #count = 0
  ends: Uint32Array<ArrayBuffer> | undefined

  constructor(isList: boolean) {
    if (isList) this.ends = new Uint32Array(firstCapacity)
  }

  put(row: number, { low, high }: Hash64): void {
    const at = 2 * (this.ends ? this.#count++ : row)
    if (at >= this.values.length) this.values = grown(new Uint32Array(2 * at), this.values)
    this.values[at] = low
    this.values[at + 1] = high
  }

  endRow(row: number): void {
    if (!this.ends) return
    if (row === this.ends.length) this.ends = grown(new Uint32Array(2 * row), this.ends)
    this.ends[row] = this.#count
  }

  /** Views of what is there; no copy. */
  view(rows: number): SearchColumn {
    if (this.ends) return { values: this.values.subarray(0, 2 * this.#count), ends: this.ends.subarray(0, rows) }
    // A column grows when it is written to: where the last rows have no hash it may be shorter than they are.
    if (this.values.length < 2 * rows) this.values = grown(new Uint32Array(4 * rows), this.values)
    return { values: this.values.subarray(0, 2 * rows) }
  }
}

function grown(to: Uint32Array<ArrayBuffer>, from: Uint32Array): Uint32Array<ArrayBuffer> {
  to.set(from)
  return to
}

/** The search columns of events, some 130 bytes each, filled row by row. */
export class SearchColumns {
  length = 0
  readonly #columns = searchAttributes.map((name) => new HashColumn(hasSeveral(name)))

  /** A hash of the row that is being filled; of the values of one attribute none twice. `attribute`: its place. */
  put(attribute: number, hash: Hash64): void {
    this.#columns[attribute]!.put(this.length, hash)
  }
  endRow(): void {
    const row = this.length++
    for (const place of listPlaces) this.#columns[place]!.endRow(row)
  }

  columns(): SearchColumn[] {
    return this.#columns.map((column) => column.view(this.length))
  }
}
const listPlaces = [...searchAttributes.keys()].filter((place) => hasSeveral(searchAttributes[place]!))

/** From where to where the hashes of a row stand, counted in hashes. */
export function hashesOf({ values, ends }: SearchColumn, row: number): [from: number, to: number] {
  if (ends) return [row === 0 ? 0 : ends[row - 1]!, ends[row]!]
  const isNone = values[2 * row] === 0 && values[2 * row + 1] === 0
  return [row, isNone ? row : row + 1]
}

/** Whether what the columns say of a row is what the predicate asks for. */
export function holds(predicate: EventPredicate | undefined, columns: readonly SearchColumn[], row: number): boolean {
  if (!predicate) return true
  switch (predicate.kind) {
    case 'and':
      return predicate.of.every((part) => holds(part, columns, row))
    case 'or':
      return predicate.of.some((part) => holds(part, columns, row))
    case 'not':
      return !holds(predicate.of, columns, row)
    default: {
      const column = columns[predicate.attribute]!
      const [from, to] = hashesOf(column, row)
      for (let at = 2 * from; at < 2 * to; at += 2)
        for (const { low, high } of predicate.values)
          if (column.values[at] === low && column.values[at + 1] === high) return true
      return false
    }
  }
}
