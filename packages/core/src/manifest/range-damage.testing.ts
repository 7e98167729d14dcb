import type { Place } from '../digest/index.ts'
import { hashBytes } from '../merkle/index.ts'
import { readPositions } from '../delivery/index.ts'
import { manifestFile } from './clean-stream.testing.ts'
import {
  endOf,
  expect,
  frontierAt,
  manifestAt,
  partsAt,
  rewrite,
  withHidden,
  type ManifestDamage,
  type ManifestTarget,
} from './damage-tools.testing.ts'
import type { ManifestFile, ManifestRange } from './index.ts'

interface Found {
  readonly target: ManifestTarget
  readonly part: Place
  readonly index: number
  readonly range: ManifestRange
}

/** Damages the newest range that is fit for it. */
const toRange = (
  name: string,
  isFit: (range: ManifestRange, index: number) => boolean,
  act: (found: Found) => ReturnType<ManifestDamage['apply']>,
): ManifestDamage => ({
  name,
  apply(target) {
    for (const part of target.digests.toReversed().flatMap((digest) => partsAt(target.objects, digest))) {
      const { ranges } = manifestAt(target.objects, part)
      const index = ranges.findIndex(isFit)
      if (index >= 0) return act({ target, part, index, range: ranges[index]! })
    }
    return undefined
  },
})

/** Puts others in the place of the range. */
const replace = ({ target, part, index }: Found, ...ranges: readonly ManifestRange[]): void =>
  rewrite(target, part, (manifest) => ({ ...manifest, ranges: manifest.ranges.toSpliced(index, 1, ...ranges) }))

const entries = ({ from, to }: ManifestRange): number => to - from
const hasHidden =
  (count: number) =>
  ({ hidden }: ManifestRange): boolean =>
    hidden.length >= count * hashBytes
const hasFiles = ({ files }: ManifestRange): boolean => files.length > 0
const isGap = (range: ManifestRange, index: number): boolean => index > 0 && !hasFiles(range) && entries(range) > 1

export function offsetsOf({ positions }: ManifestFile, range: ManifestRange): number[] {
  const read = readPositions(positions, { entries: entries(range) })
  return read.ok
    ? [...read.positions.runs()].flatMap(({ first, count }) => Array.from({ length: count }, (_, at) => first + at))
    : []
}

/** The file with other positions. */
export const movedTo = (file: ManifestFile, offsets: readonly number[]): ManifestFile => ({
  ...file,
  count: offsets.length,
  positions: manifestFile({ ...file, hashAlgorithm: 'SHA-256', newestEventTime: '', oldestEventTime: '' }, offsets)
    .positions,
})

export const rangeDamages: readonly ManifestDamage[] = [
  toRange(
    'two files change their positions',
    ({ files: [one, other] }) => one !== undefined && one.count === other?.count,
    (found) => {
      const [one, other, ...rest] = found.range.files
      const files = [{ ...one!, positions: other!.positions }, { ...other!, positions: one!.positions }, ...rest]
      replace(found, { ...found.range, files })
      return expect('root-mismatch', found.part)
    },
  ),
  toRange(
    'two files claim the same positions',
    ({ files: [one, other] }) => one !== undefined && one.count === other?.count,
    (found) => {
      const [one, other, ...rest] = found.range.files
      replace(found, { ...found.range, files: [one!, { ...other!, positions: one!.positions }, ...rest] })
      return expect('sequence-overlap', found.part)
    },
  ),
  toRange(
    'all records of a file are moved by one entry',
    (range) => range.files.length === 1 && !offsetsOf(range.files[0]!, range).includes(entries(range) - 1),
    async (found) => {
      const { range, target } = found
      const [file] = range.files
      const moved = movedTo(
        file!,
        offsetsOf(file!, range).map((offset) => offset + 1),
      )
      replace(found, await withHidden(target.insider.stream, { ...range, files: [moved] }))
      return expect('root-mismatch', found.part)
    },
  ),
  toRange('a file is said to have a record more', hasFiles, (found) => {
    const [file, ...rest] = found.range.files
    replace(found, { ...found.range, files: [{ ...file!, count: file!.count + 1 }, ...rest] })
    return expect('record-count', found.part)
  }),
  toRange('a hidden hash is changed', hasHidden(1), (found) => {
    const hidden = Uint8Array.from(found.range.hidden)
    hidden[7]! ^= 1
    replace(found, { ...found.range, hidden })
    return expect('root-mismatch', found.part)
  }),
  toRange('two hidden hashes are swapped', hasHidden(2), (found) => {
    const { hidden } = found.range
    const swapped = Buffer.concat([
      hidden.subarray(hashBytes, 2 * hashBytes),
      hidden.subarray(0, hashBytes),
      hidden.subarray(2 * hashBytes),
    ])
    replace(found, { ...found.range, hidden: swapped })
    return expect('root-mismatch', found.part)
  }),
  toRange('a hidden hash is left out', hasHidden(1), (found) => {
    replace(found, { ...found.range, hidden: found.range.hidden.slice(hashBytes) })
    return expect('hidden-count', found.part)
  }),
  toRange('a hidden hash is added', hasHidden(1), (found) => {
    const { hidden } = found.range
    replace(found, { ...found.range, hidden: Buffer.concat([hidden, hidden.subarray(0, hashBytes)]) })
    return expect('hidden-count', found.part)
  }),
  toRange('a range without files is left out', isGap, (found) => {
    replace(found)
    return expect('sequence-hole', found.part)
  }),
  toRange('a range with files is left out', hasFiles, (found) => {
    replace(found)
    return [
      ...expect('sequence-hole', found.part),
      ...found.range.files.flatMap(() => expect('digest-file-not-in-manifest', found.part)),
    ]
  }),
  toRange('a range stands twice', isGap, (found) => {
    replace(found, found.range, found.range)
    return expect('sequence-overlap', found.part)
  }),
  toRange('a range begins an entry early', isGap, async (found) => {
    const { range, target } = found
    replace(found, await withHidden(target.insider.stream, { ...range, from: range.from - 1 }))
    return expect('sequence-overlap', found.part)
  }),
  toRange('a range ends an entry early', isGap, async (found) => {
    const { range, target } = found
    replace(found, await withHidden(target.insider.stream, { ...range, to: range.to - 1 }))
    return expect('sequence-hole', found.part)
  }),
  toRange('a range with files is said to have been given up', hasFiles, async (found) => {
    const { range, target } = found
    const abandoned = { reason: 'expired', count: 1 }
    replace(found, await withHidden(target.insider.stream, { ...range, files: [], abandoned }))
    return [
      ...expect('range-abandoned', found.part),
      ...range.files.flatMap(() => expect('digest-file-not-in-manifest', found.part)),
    ]
  }),
  {
    name: 'a manifest without files ends an entry early',
    async apply(target) {
      const { stream } = target.insider
      for (const [index, digest] of target.digests.entries()) {
        const [part] = partsAt(target.objects, digest)
        const [next] = partsAt(target.objects, target.digests[index + 1] ?? digest)
        const { ranges } = manifestAt(target.objects, part!)
        const [range] = ranges
        if (!range || next === part || ranges.length !== 1 || hasFiles(range) || entries(range) < 2) continue
        const to = range.to - 1
        const shorter = await withHidden(stream, { ...range, to })
        const end = endOf(stream, await frontierAt(stream, to))
        rewrite(target, part!, (manifest) => ({ ...manifest, ranges: [shorter], end }))
        return expect('sequence-hole', next!)
      }
      return undefined
    },
  },
]
