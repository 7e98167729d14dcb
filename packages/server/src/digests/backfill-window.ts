import type { LedgerEntry } from '../delivery/index.ts'
import type { CoveredRange, OrdinalRange } from './backfill-document.ts'
import { hourMs } from './chain-document.ts'
import type { DeliveredFile } from './digest-content.ts'

/** What (0, `to`] has beside the covered ranges, in order. */
export function holesIn(covered: readonly OrdinalRange[], to: number): OrdinalRange[] {
  const holes: OrdinalRange[] = []
  let after = 0
  for (const range of covered.toSorted((one, other) => one.after - other.after)) {
    if (range.after > after) holes.push({ after, to: Math.min(range.after, to) })
    after = Math.max(after, range.to)
  }
  if (to > after) holes.push({ after, to })
  return holes.filter((hole) => hole.after < hole.to)
}

/** Windows begin at the minute and second at which the hours of the latest chain do; without a chain, at whole hours. */
export const alignmentOf = (chains: readonly Pick<CoveredRange, 'startedAt'>[]): number =>
  (chains.at(-1)?.startedAt ?? 0) % hourMs

/** End of the hour that `time` belongs to. No two windows overlap, also where the alignment has changed in between. */
export function windowEnd(time: number, alignment: number, lastEnd = -Infinity): number {
  const start = Math.floor((time - alignment) / hourMs) * hourMs + alignment
  return Math.max(start, lastEnd) + hourMs
}

/** The numbers of these files, as few ranges as there can be. */
export function rangesOf(files: readonly Pick<LedgerEntry, 'ordinal'>[]): OrdinalRange[] {
  const ranges: { after: number; to: number }[] = []
  for (const { ordinal } of files) {
    const last = ranges.at(-1)
    if (last?.to === ordinal - 1) last.to = ordinal
    else ranges.push({ after: ordinal - 1, to: ordinal })
  }
  return ranges
}

export const isFile = (entry: LedgerEntry): entry is DeliveredFile => 'deliveredAt' in entry
