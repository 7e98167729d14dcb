import { readPositions, type PositionRun } from '../delivery/index.ts'
import { alignedSpans, type Span } from '../merkle/index.ts'
import type { ManifestFile, SequenceRange } from './manifest.ts'

/** Neighbouring entries of a range: leaves, and the file that holds them, by its index; undefined: no file does. */
export interface Segment extends Span {
  readonly file?: number
}

interface FileRuns {
  readonly file: number
  readonly runs: Iterator<PositionRun>
  next: PositionRun
}

/**
 * A range from left to right, without holes. Where two files claim the same entries, a segment begins before the one
 * before it ends. Positions that cannot be read count as none.
 */
export function* rangeSegments(
  { from, to }: SequenceRange,
  files: readonly Pick<ManifestFile, 'positions'>[],
): Generator<Segment> {
  const open = files.flatMap(({ positions }, file) => openRuns(positions, to - from, file))
  let at = from
  while (open.length > 0) {
    // Few files: looking through all of them is cheaper than keeping them sorted.
    const first = open.reduce((one, other) => (other.next.first < one.next.first ? other : one))
    const begin = from + first.next.first
    const end = begin + first.next.count
    if (begin > at) yield { begin: at, end: begin }
    yield { begin, end, file: first.file }
    at = Math.max(at, end)
    const following = first.runs.next()
    if (following.done) open.splice(open.indexOf(first), 1)
    else first.next = following.value
  }
  if (at < to) yield { begin: at, end: to }
}

function openRuns(positions: Uint8Array, entries: number, file: number): FileRuns[] {
  const read = readPositions(positions, { entries })
  if (!read.ok) return []
  const runs = read.positions.runs()[Symbol.iterator]()
  const first = runs.next()
  return first.done ? [] : [{ file, runs, next: first.value }]
}

/** The subtrees whose hashes a range's `hidden` holds: the largest, at their places in the tree, of entries in no file. */
export function* hiddenSpans(range: SequenceRange, files: readonly Pick<ManifestFile, 'positions'>[]): Generator<Span> {
  for (const segment of rangeSegments(range, files)) if (segment.file === undefined) yield* alignedSpans(segment)
}
