import { searchAttributes, type SearchAttribute } from '@opentrail/core/search'
import type { EventPredicate, SearchColumn } from './postings-store.ts'
import type { Hash64 } from './sip-hash.ts'

/** Attributes of which an event may have several values. All others are stored as one hash, 0 for none. */
const several: ReadonlySet<SearchAttribute> = new Set(['resource', 'resourceType'])
export const hasSeveral = (attribute: SearchAttribute): boolean => several.has(attribute)

const firstCapacity = 256
const noHash: Hash64 = { low: 0, high: 0 }

/** 0 stands for "none", so the one value in 2^64 that hashes to it is taken for another. */
export const storedHash = (hash: Hash64): Hash64 => (hash.low === 0 && hash.high === 0 ? { low: 1, high: 0 } : hash)

/** Hashes in typed arrays that double when full. */
class HashColumn {
  values = new Uint32Array(2 * firstCapacity)
  count = 0
  push({ low, high }: Hash64): void {
    const at = 2 * this.count++
    if (at === this.values.length) this.values = grown(new Uint32Array(2 * at), this.values)
    this.values[at] = low
    this.values[at + 1] = high
  }
}

function grown(to: Uint32Array, from: Uint32Array): Uint32Array<ArrayBuffer> {
  to.set(from)
  return to as Uint32Array<ArrayBuffer>
}

/** The search columns of events, some 130 bytes each, filled row by row. */
export class SearchColumns {
  length = 0
  readonly #hashes = searchAttributes.map(() => new HashColumn())
  readonly #ends = searchAttributes.map((name) => (hasSeveral(name) ? new Uint32Array(firstCapacity) : undefined))

  /** `hashes`: by the place in `searchAttributes`; of the values of one attribute none twice. */
  push(hashes: readonly (readonly Hash64[])[]): void {
    const row = this.length++
    for (const [index, column] of this.#hashes.entries()) {
      const own = hashes[index]!
      let ends = this.#ends[index]
      if (!ends) {
        column.push(own[0] ?? noHash)
        continue
      }
      for (const hash of own) column.push(hash)
      if (row === ends.length) this.#ends[index] = ends = grown(new Uint32Array(2 * row), ends)
      ends[row] = column.count
    }
  }

  /** Views of what is there; no copy. */
  columns(): SearchColumn[] {
    return this.#hashes.map(({ values, count }, index): SearchColumn => {
      const ends = this.#ends[index]
      return { values: values.subarray(0, 2 * count), ...(ends && { ends: ends.subarray(0, this.length) }) }
    })
  }
}

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
