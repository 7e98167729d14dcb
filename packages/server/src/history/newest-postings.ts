import type { Sequence } from '@opentrail/core/event'
import type { Posting } from './postings-store.ts'

/** Negative when `a` comes before `b`: newest first, by time and then by sequence, both falling. */
export const compareNewestFirst = (a: Posting, b: Posting): number => b.time - a.time || b.sequence - a.sequence

/** Keeps the `limit` newest of the postings it is shown, in order. */
export class NewestPostings {
  readonly #limit: number
  readonly #kept: Posting[] = []
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Cheap for what is too old to be kept, which is nearly everything when the newest are shown first. */
  consider(time: number, sequence: number): void {
    const kept = this.#kept
    const last = kept[kept.length - 1]
    if (kept.length >= this.#limit && last) {
      if (time < last.time || (time === last.time && sequence <= last.sequence)) return
      kept.pop()
    }
    const posting: Posting = { time, sequence: sequence as Sequence }
    let at = kept.length
    while (at > 0 && compareNewestFirst(posting, kept[at - 1]!) < 0) at--
    kept.splice(at, 0, posting)
  }

  list(): Posting[] {
    return this.#kept
  }
}

export interface Source {
  /** Newest first; may repeat a posting. */
  readonly postings: readonly Posting[]
  /** As many as were asked for came back, so older ones may follow. */
  readonly full: boolean
}

/**
 * Merges what several sources know, each posting once. Behind the last posting of a full source nothing is certain
 * (it may hold some that belong before those of another), so the list ends there.
 */
export function mergeNewest(sources: readonly Source[]): Source {
  let certain: Posting | undefined
  for (const { postings, full } of sources) {
    const last = postings[postings.length - 1]
    if (full && last && (!certain || compareNewestFirst(last, certain) < 0)) certain = last
  }
  const merged: Posting[] = []
  for (const posting of sources.flatMap((source) => source.postings).sort(compareNewestFirst)) {
    if (certain && compareNewestFirst(posting, certain) > 0) break
    const previous = merged[merged.length - 1]
    if (!previous || compareNewestFirst(previous, posting) !== 0) merged.push(posting)
  }
  return { postings: merged, full: certain !== undefined }
}
