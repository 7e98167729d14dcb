import { alignedSpans, hashBytes, rootHash, type MerkleFrontier, type NodeReader, type Span } from '../merkle/index.ts'
import {
  hiddenHashesMax,
  manifestPartsMax,
  rangeFilesMax,
  type Manifest,
  type ManifestRange,
  type SequenceRange,
} from './manifest.ts'
import { hiddenSpans, rangeSegments } from './range-segments.ts'

/** A range whose files are known: what was planned together, or given up. */
export type PlannedRange = Omit<ManifestRange, 'hidden'>

export interface ManifestPlan extends SequenceRange {
  /** In rising order, within (from, to], not overlapping. What lies between becomes ranges without files. Read one by one. */
  readonly ranges: Iterable<PlannedRange> | AsyncIterable<PlannedRange>
  /**
   * Of the tree up to `to`. Asked for the largest subtrees there are, in rising order, at most `nodesAtOnce` at a time and
   * all of them before the first is awaited: a reader of leaves can read them together.
   */
  readonly nodes: NodeReader
  readonly bounds?: Partial<PartBounds>
}

/** When a part is full. */
export interface PartBounds {
  /** Hidden hashes and positions, before Base64. A single range may have more, up to `hiddenHashesMax` hashes. */
  readonly bytesMax: number
  readonly filesMax: number
}

/** What of a part comes from ranges and tree; whoever writes it adds the digest, the checkpoint of `end` and the versions. */
export type ManifestPart = Pick<Manifest, 'part' | 'isLast' | 'start' | 'ranges'> & {
  readonly end: { readonly sequence: number; readonly root: Uint8Array }
}

const MiB = 2 ** 20
/** Six MiB of Base64: a verifier holds one part with the hashes of its records. */
export const defaultPartBounds: PartBounds = { bytesMax: 4 * MiB, filesMax: 2_000 }
/** Nodes that are asked for at once: 16 KiB of hashes, enough for a reader to read many leaves in one go. */
export const nodesAtOnce = 512

/**
 * The parts of a manifest, at least one. The same ranges, tree and bounds give the same parts. Holds one part, and the
 * positions of one range more. Gaps have at most 106 hidden hashes each, however long they are.
 * @throws {RangeError} ranges that are not in order or within bounds: one with more than `hiddenHashesMax` hidden hashes,
 * which no range of at most 50,000 records has, or more than `manifestPartsMax` parts. Else what `nodes` and `ranges` throw.
 */
export async function* makeManifestParts(plan: ManifestPlan): AsyncGenerator<ManifestPart, void, undefined> {
  const bounds = { ...defaultPartBounds, ...plan.bounds }
  let part = 1
  let start = await frontierOf(plan.from, plan.nodes)
  let ranges: ManifestRange[] = []
  let [bytes, files] = [0, 0]

  for await (const planned of withGaps(plan)) {
    const cost = bytesOf(planned)
    if (ranges.length > 0 && (bytes + cost > bounds.bytesMax || files + planned.files.length > bounds.filesMax)) {
      const end = await frontierOf(planned.from, plan.nodes)
      yield { part, isLast: false, start, end: { sequence: end.size, root: rootHash(end) }, ranges }
      if (++part > manifestPartsMax) throw new RangeError(`a manifest has at most ${manifestPartsMax} parts`)
      start = end
      ranges = []
      bytes = 0
      files = 0
    }
    ranges.push({ ...planned, hidden: await readHidden(planned, plan.nodes) })
    bytes += cost
    files += planned.files.length
  }
  const end = await frontierOf(plan.to, plan.nodes)
  yield { part, isLast: true, start, end: { sequence: end.size, root: rootHash(end) }, ranges }
}

/** The planned ranges, and ranges without files where none was planned. */
async function* withGaps({ from, to, ranges }: ManifestPlan): AsyncGenerator<PlannedRange, void, undefined> {
  let at = from
  for await (const range of ranges) {
    if (range.from < at || range.to <= range.from || range.to > to || range.files.length > rangeFilesMax)
      throw new RangeError(`(${range.from}, ${range.to}] is no range between ${at} and ${to}`)
    if (range.from > at) yield { from: at, to: range.from, files: [] }
    yield range
    at = range.to
  }
  if (at < to) yield { from: at, to, files: [] }
}

/** What a range adds to a part. @throws {RangeError} files overlap, or there are more hidden hashes than a part may have. */
function bytesOf({ from, to, files }: PlannedRange): number {
  let hashes = 0
  let at = from
  for (const segment of rangeSegments({ from, to }, files)) {
    if (segment.begin < at) throw new RangeError(`two files of (${from}, ${to}] hold ${segment.begin + 1}`)
    at = segment.end
    if (segment.file === undefined) for (const _ of alignedSpans(segment)) hashes += 1
  }
  if (hashes > hiddenHashesMax) throw new RangeError(`(${from}, ${to}] has more than ${hiddenHashesMax} hidden hashes`)
  return files.reduce((sum, { positions }) => sum + positions.length, hashes * hashBytes)
}

async function readHidden(range: PlannedRange, nodes: NodeReader): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let batch: Span[] = []
  const read = async (): Promise<void> => {
    pieces.push(Buffer.concat(await Promise.all(batch.map((span) => readNode(span, nodes)))))
    batch = []
  }
  for (const span of hiddenSpans(range, range.files)) {
    batch.push(span)
    if (batch.length === nodesAtOnce) await read()
  }
  await read()
  return Buffer.concat(pieces)
}

async function frontierOf(size: number, nodes: NodeReader): Promise<MerkleFrontier> {
  const spans = [...alignedSpans({ begin: 0, end: size })]
  return { size, nodes: await Promise.all(spans.map((span) => readNode(span, nodes))) }
}

async function readNode({ begin, end }: Span, nodes: NodeReader): Promise<Uint8Array> {
  const width = end - begin
  const hash = await nodes(Math.round(Math.log2(width)), begin / width)
  if (hash.length !== hashBytes)
    throw new Error(`the subtree of leaves ${begin} to ${end - 1} has no hash of ${hashBytes} bytes`)
  return hash
}
