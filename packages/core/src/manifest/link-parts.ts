import type { Place } from '../digest/index.ts'
import { rootHash } from '../merkle/index.ts'
import { isSameHash } from './check-part.ts'
import { manifestFinding, type ManifestFinding } from './finding.ts'
import type { Manifest, SequenceRange } from './manifest.ts'

/** A tree of which only size and root are known. */
export interface TreeHead {
  readonly size: number
  readonly root: Uint8Array
}

/** Where a part begins, and what it says about what is before. */
export interface PartStart {
  readonly place: Place
  readonly head: TreeHead
  readonly isFirst: boolean
  readonly lost?: SequenceRange
}

export const partStart = (place: Place, { start, isFirst, lost }: Manifest): PartStart => ({
  place,
  head: { size: start.size, root: rootHash(start) },
  isFirst,
  ...(lost && { lost }),
})

/** Whether a part begins where the one before, or the older manifest, ended. */
export function checkJoint(older: TreeHead, { place, head, isFirst, lost }: PartStart): ManifestFinding[] {
  const from = lost?.from ?? head.size
  const restart = isFirst ? [manifestFinding('manifests-restarted', place, { from: older.size, to: from })] : []
  // The last manifest of a deleted trail says of later entries that it did not select them; one of the same name may have.
  if (from < older.size)
    return isFirst && !lost ? restart : [manifestFinding('sequence-overlap', place, { from, to: older.size })]
  if (from > older.size)
    return isFirst ? restart : [manifestFinding('sequence-hole', place, { from: older.size, to: from })]
  // Nothing connects the trees on both sides of a loss.
  if (head.size !== older.size || isSameHash(head.root, older.root)) return restart
  return [...restart, manifestFinding('chain-forked', place, { sequence: head.size })]
}

/** What is lost ends where the part starts. */
export const checkLost = ({ place, head, lost }: PartStart): ManifestFinding[] =>
  !lost || lost.to === head.size ? [] : [manifestFinding('sequence-hole', place, { from: lost.to, to: head.size })]
