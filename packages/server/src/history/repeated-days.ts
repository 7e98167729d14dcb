import type { EventRows } from './postings-store.ts'

/**
 * Days on which an event may stand twice, which makes counting dearer. What only continues its stream repeats nothing; of
 * anything else (what was there at the start, a refill) a count must say so.
 */
export class RepeatedDays {
  readonly #unsure: Set<number>
  /** The last sequence inserted, by day and stream. */
  readonly #last = new Map<string, number>()

  constructor(stored: Iterable<number>) {
    this.#unsure = new Set(stored)
  }

  has(day: number): boolean {
    return this.#unsure.has(day)
  }

  /** Before rows of a day are inserted. */
  inserting(day: number, { length, stream, sequence }: EventRows): void {
    let key = ''
    let last = 0
    for (let row = 0; row < length; row++) {
      if (row === 0 || stream[row] !== stream[row - 1]) {
        if (row > 0) this.#last.set(key, last)
        key = `${day}/${stream[row]}`
        last = this.#last.get(key) ?? 0
      }
      if (sequence[row]! <= last) this.#unsure.add(day)
      last = Math.max(last, sequence[row]!)
    }
    if (length > 0) this.#last.set(key, last)
  }

  /** A count found each event of these days once. */
  single(days: Iterable<number>): void {
    for (const day of days) this.#unsure.delete(day)
  }

  dropBefore(day: number): void {
    for (const known of this.#unsure) if (known < day) this.#unsure.delete(known)
    for (const key of this.#last.keys()) if (Number(key.slice(0, key.indexOf('/'))) < day) this.#last.delete(key)
  }
}
