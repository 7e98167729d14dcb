import { readPositions } from '../delivery/index.ts'
import type { FindingData } from '../digest/index.ts'
import { alignedSpans, createSubtreeStack, hashBytes, leafHash } from '../merkle/index.ts'
import type { ManifestFindingKind } from './finding.ts'
import type { ManifestRange, SequenceRange } from './manifest.ts'
import { rangeSegments } from './range-segments.ts'

export interface RangeFault {
  readonly kind: Extract<ManifestFindingKind, 'record-count' | 'hidden-count' | 'sequence-overlap' | 'range-unproven'>
  readonly data: FindingData
}

/** Plain data: ranges can be folded in other threads. */
export interface FoldedRange extends SequenceRange {
  /** The hashes of the largest aligned subtrees of (from, to], from left to right. Absent: see `faults`. */
  readonly subtrees?: readonly Uint8Array[]
  readonly faults: readonly RangeFault[]
}

/**
 * A range's part of the tree, from the records of its files and the hidden hashes: some two hashes for each record.
 * Whether it is the right one shows in the root.
 * @param records of each file in the order of `range.files`, the record hashes in the file's order, 32 bytes each, one
 * after the other; undefined where the file cannot be had or is not as it was delivered.
 */
export function foldRange(range: ManifestRange, records: readonly (Uint8Array | undefined)[]): FoldedRange {
  const { from, to } = range
  const missing = range.files.findIndex((_, file) => records[file] === undefined)
  if (missing >= 0) return { from, to, faults: [{ kind: 'range-unproven', data: fileData(range, missing) }] }
  const faults = checkCounts(range, records)
  if (faults.length > 0) return { from, to, faults }
  const folded = fold(range, records)
  return 'kind' in folded ? { from, to, faults: [folded] } : { from, to, subtrees: folded.subtrees, faults }
}

const fileData = ({ from, to, files }: ManifestRange, file: number): FindingData => ({
  from,
  to,
  s3Bucket: files[file]?.s3Bucket ?? '',
  s3Object: files[file]?.s3Object ?? '',
})

function checkCounts(range: ManifestRange, records: readonly (Uint8Array | undefined)[]): RangeFault[] {
  return range.files.flatMap(({ count, positions }, file) => {
    const read = readPositions(positions, { entries: range.to - range.from })
    const placed = read.ok ? read.positions.count : 0
    const found = (records[file]?.length ?? 0) / hashBytes
    if (found === count && placed === count) return []
    return { kind: 'record-count' as const, data: { ...fileData(range, file), count, placed, found } }
  })
}

/** Counts are right: each run of positions has its records. */
function fold(
  range: ManifestRange,
  records: readonly (Uint8Array | undefined)[],
): { readonly subtrees: Uint8Array[] } | RangeFault {
  const { from, to, files, hidden } = range
  const stack = createSubtreeStack(from)
  const taken = files.map(() => 0)
  let hiddenAt = 0
  let at = from
  for (const segment of rangeSegments(range, files)) {
    const { begin, end, file } = segment
    if (begin < at) return { kind: 'sequence-overlap', data: { ...fileData(range, file ?? 0), sequence: begin + 1 } }
    at = end
    if (file === undefined)
      for (const span of alignedSpans(segment)) {
        // Too few are found below: what lies behind the end counts, too.
        stack.push(span.end - span.begin, hashAt(hidden, hiddenAt++))
      }
    else {
      const hashes = records[file]!
      for (let leaf = begin; leaf < end; leaf++) stack.push(1, leafHash(hashAt(hashes, taken[file]!++)))
    }
  }
  if (hiddenAt * hashBytes === hidden.length) return { subtrees: stack.hashes() }
  return { kind: 'hidden-count', data: { from, to, expected: hiddenAt, actual: hidden.length / hashBytes } }
}

const hashAt = (hashes: Uint8Array, index: number): Uint8Array =>
  hashes.subarray(index * hashBytes, (index + 1) * hashBytes)
