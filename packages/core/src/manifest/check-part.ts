import { parseCheckpoint, openCheckpoint, type NoteKey } from '../checkpoint/index.ts'
import type { Place } from '../digest/index.ts'
import { appendSubtrees, rootHash, type MerkleFrontier } from '../merkle/index.ts'
import { manifestFinding, type ManifestFinding } from './finding.ts'
import type { FoldedRange } from './fold-range.ts'
import type { Manifest } from './manifest.ts'

/** The log of a stream: whose checkpoints, and the keys of which one must have signed them. */
export interface LogIdentity {
  readonly origin: string
  readonly verifiers: readonly NoteKey[]
}

export const isSameHash = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0

/** The ranges follow one another from the part's start to its end. */
export function checkRanges(
  place: Place,
  { start, end, ranges }: Pick<Manifest, 'start' | 'end' | 'ranges'>,
): ManifestFinding[] {
  const findings: ManifestFinding[] = []
  let at = start.size
  for (const { from, to } of [...ranges, { from: end.sequence, to: end.sequence }]) {
    if (from > at) findings.push(manifestFinding('sequence-hole', place, { from: at, to: from }))
    if (from < at) findings.push(manifestFinding('sequence-overlap', place, { from, to: at }))
    at = Math.max(at, to)
  }
  return findings
}

/** What was given up or lost, as the part says. */
export const checkLosses = (place: Place, { ranges, lost }: Manifest): ManifestFinding[] => [
  ...(lost ? [manifestFinding('range-lost', place, { from: lost.from, to: lost.to })] : []),
  ...ranges.flatMap(({ from, to, abandoned }) =>
    abandoned ? [manifestFinding('range-abandoned', place, { from, to, ...abandoned })] : [],
  ),
]

/**
 * The folded ranges, appended to the tree at the start, give the tree at the end. Only for ranges without a hole.
 * @throws {RangeError} other ranges were folded.
 */
export function checkRoot(place: Place, { start, end }: Manifest, folded: readonly FoldedRange[]): ManifestFinding[] {
  let tree: MerkleFrontier = start
  for (const { from, to, subtrees } of folded) {
    // What could not be folded has its findings.
    if (!subtrees) return []
    if (from !== tree.size) throw new RangeError(`(${from}, ${to}] is no range of the part`)
    tree = appendSubtrees(tree, to, subtrees)
  }
  if (isSameHash(rootHash(tree), end.root)) return []
  const [expected, actual] = [end.root, rootHash(tree)].map((root) => Buffer.from(root).toString('base64'))
  return [manifestFinding('root-mismatch', place, { sequence: end.sequence, expected: expected!, actual: actual! })]
}

/** The checkpoint is the log's, and of the part's end. Without a log, only what it says is looked at. */
export function checkCheckpoint(place: Place, { end }: Manifest, log: LogIdentity | undefined): ManifestFinding[] {
  const opened = log ? openCheckpoint(end.checkpoint, log) : parseCheckpoint(unsignedText(end.checkpoint))
  if (!opened.ok) return [manifestFinding('checkpoint-invalid', place, { reason: opened.message })]
  const { size, root } = opened.checkpoint
  if (size === end.sequence && isSameHash(root, end.root)) return []
  return [manifestFinding('checkpoint-inconsistent', place, { size, sequence: end.sequence })]
}

/** What precedes the signatures of a note. */
const unsignedText = (note: string): string => note.slice(0, Math.max(0, note.lastIndexOf('\n\n') + 1))
