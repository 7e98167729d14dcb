/** The event times (seconds, both inclusive) that the postings of one admission day lie between; may be too wide. */
export interface DayBounds {
  readonly timeMin: number
  readonly timeMax: number
}

/** Days of the first query of a lookup: the current one may have only just begun. */
const firstGroupDays = 2
/** Each further query takes so many times more days: a rare value in ninety days takes four queries. */
const groupGrowth = 4

/** A step of a lookup: days to ask, and the newest event time that any day after them can still hold. */
export interface DayGroup {
  readonly days: readonly number[]
  readonly restTimeMax: number
}

/**
 * Which days can hold which event times. Every part that a query must look at costs it a third of a millisecond of CPU,
 * and there are ninety days; but newest first nearly always ends in the newest days.
 */
export class PostingDays {
  readonly #bounds = new Map<number, DayBounds>()

  /** Before the rows are inserted, so that the bounds are never too narrow. */
  widen(day: number, { timeMin, timeMax }: DayBounds): void {
    const known = this.#bounds.get(day)
    this.#bounds.set(day, {
      timeMin: Math.min(timeMin, known?.timeMin ?? timeMin),
      timeMax: Math.max(timeMax, known?.timeMax ?? timeMax),
    })
  }

  widenByRows(day: number, { time }: { readonly time: Uint32Array }): void {
    let timeMin = Infinity
    let timeMax = 0
    for (const each of time) {
      if (each < timeMin) timeMin = each
      if (each > timeMax) timeMax = each
    }
    if (time.length > 0) this.widen(day, { timeMin, timeMax })
  }

  dropBefore(day: number): void {
    for (const known of this.#bounds.keys()) if (known < day) this.#bounds.delete(known)
  }

  /** The newest event time of all days; -1 where there is none. */
  timeMax(): number {
    return Math.max(-1, ...Array.from(this.#bounds.values(), (bounds) => bounds.timeMax))
  }

  /** The days that reach into the times asked for. */
  within({ timeMin, timeMax }: DayBounds): number[] {
    const reaching = [...this.#bounds].filter(([, bounds]) => bounds.timeMax >= timeMin && bounds.timeMin <= timeMax)
    return reaching.map(([day]) => day)
  }

  /** The days that reach into the times asked for, those with the newest event times first, in growing groups. */
  groups({ timeMin, timeMax }: DayBounds): DayGroup[] {
    const days = [...this.#bounds]
      .filter(([, bounds]) => bounds.timeMax >= timeMin && bounds.timeMin <= timeMax)
      .sort(([, left], [, right]) => right.timeMax - left.timeMax)
    const groups: DayGroup[] = []
    for (let from = 0, size = firstGroupDays; from < days.length; from += size, size *= groupGrowth) {
      const rest = days[from + size]
      groups.push({ days: days.slice(from, from + size).map(([day]) => day), restTimeMax: rest?.[1].timeMax ?? -1 })
    }
    return groups
  }
}
