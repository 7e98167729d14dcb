import type { Sequence, StoredEntry, StreamId } from '@opentrail/core/event'
import { DiskNotFoundError } from '../disk/index.ts'
import type { EntryRun } from './entry-run.ts'
import { idsBetween } from './id-column.ts'
import type { RecentIds } from './journal.ts'
import type { Segment } from './segment.ts'

/** Runs loaded at once for one `get`: keeps the disk busy without holding more than these in memory. */
const loadsAtOnce = 8
/** Raw bytes after which a page is complete, so that a page of large records stays in memory. */
const pageBytesMax = 16 * 1024 * 1024
/** A segment is sealed or removed under a reader at most once each while it looks; one more for good measure. */
const attemptsMax = 3

/** Where the entries are. `segments` ascends and is replaced, not changed in place, by sealing and retention. */
export interface SegmentList {
  segments: readonly Segment[]
}

/** The run that holds the entry, if it is kept. @throws {CipherError} its key is gone. */
export const findRun = (list: SegmentList, stream: StreamId, sequence: Sequence): Promise<EntryRun | undefined> =>
  inSegment(list, stream, sequence, (segment) => segment.run(stream, sequence))

/** What `look` finds in the segment that holds the entry; undefined where none does. */
async function inSegment<Found>(
  list: SegmentList,
  stream: StreamId,
  sequence: Sequence,
  look: (segment: Segment) => Promise<Found | undefined>,
): Promise<Found | undefined> {
  for (let attempt = 1; ; attempt++) {
    const { segments } = list
    try {
      const segment = await segmentOf(segments, stream, sequence)
      return segment && (await look(segment))
    } catch (error) {
      // The file went away between looking it up and opening it: it has been sealed or removed, so look again.
      if (!(error instanceof DiskNotFoundError) || list.segments === segments || attempt === attemptsMax) throw error
    }
  }
}

/** The last segment before which the stream had not yet reached `sequence`, by halving. */
async function segmentOf(
  segments: readonly Segment[],
  stream: StreamId,
  sequence: Sequence,
): Promise<Segment | undefined> {
  let low = 0
  let high = segments.length
  const newest = segments.at(-1)
  // Most reading is at the end, which needs no index.
  if (newest && (await newest.before(stream)) < sequence) return newest
  while (low < high) {
    const middle = (low + high) >> 1
    if ((await segments[middle]!.before(stream)) < sequence) low = middle + 1
    else high = middle
  }
  return segments[low - 1]
}

/** Consecutive entries from `from` to `to`, at most `limit` and about `pageBytesMax`; at least one if there is one. */
export async function readEntries(
  list: SegmentList,
  stream: StreamId,
  from: Sequence,
  to: Sequence | 0,
  limit: number,
): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = []
  let bytes = 0
  let next: number = from
  while (next <= to && entries.length < limit && bytes < pageBytesMax) {
    const run = await findRun(list, stream, next as Sequence)
    // Removed by retention while reading; what was read so far is a page.
    if (!run) break
    const end = Math.min(run.first + run.count, to + 1, next + limit - entries.length)
    for (; next < end; next++) entries.push(run.at(next - run.first))
    bytes += run.bytes
  }
  return entries
}

/** The entries at `sequences`, in that order; undefined where there is none. */
export async function getEntries(
  list: SegmentList,
  stream: StreamId,
  sequences: readonly Sequence[],
): Promise<(StoredEntry | undefined)[]> {
  const found: (StoredEntry | undefined)[] = Array.from({ length: sequences.length })
  const order = [...sequences.keys()].sort((a, b) => sequences[a]! - sequences[b]!)
  let taken = 0
  const worker = async (): Promise<void> => {
    let run: EntryRun | undefined
    while (taken < order.length) {
      const index = order[taken++]!
      const sequence = sequences[index]!
      if (!run || sequence < run.first || sequence >= run.first + run.count) run = await findRun(list, stream, sequence)
      found[index] = run?.at(sequence - run.first)
    }
  }
  await Promise.all(Array.from({ length: Math.min(loadsAtOnce, order.length) }, worker))
  return found
}

/**
 * The ids from `from` to `to`, oldest first, but for segments in front that are older than `admittedFrom`.
 * `onUnreadable` hears of ids left out because they cannot be decrypted.
 */
export async function* readIds(
  list: SegmentList,
  stream: StreamId,
  range: {
    readonly from: Sequence
    readonly to: Sequence | 0
    readonly admittedFrom: number
    /** What retention has left by now. */
    readonly firstKept: () => Sequence
  },
  onUnreadable: (error: unknown) => void,
): AsyncGenerator<RecentIds> {
  let next: number = await firstRecent(list, stream, range)
  while (next <= range.to) {
    const page = await inSegment(list, stream, next as Sequence, (segment) => segment.ids(stream, next as Sequence))
    if (!page) {
      // Removed by retention while reading: what is left goes on behind it.
      if (range.firstKept() <= next) return
      next = range.firstKept()
      continue
    }
    if (page.unreadable) onUnreadable(page.unreadable)
    for (const part of page.parts) {
      const wanted = idsBetween(part, next, range.to)
      if (wanted) yield wanted
    }
    next = page.last + 1
  }
}

/**
 * So many segments of a stream in a row, or entries in them, that are too old end the way back. Fewer do not: the service's own
 * events may have waited for hours before they were stored, among younger ones, and are relayed again after a crash.
 */
const oldSegmentsMax = 8
const oldEntriesMax = 4_096

/** Walks back over the segments that hold the stream, up to some whose entries are all too old. */
async function firstRecent(
  list: SegmentList,
  stream: StreamId,
  { from, to, admittedFrom }: { readonly from: Sequence; readonly to: Sequence | 0; readonly admittedFrom: number },
): Promise<number> {
  let first = to + 1
  let oldSegments = 0
  let oldEntries = 0
  while (first > from && oldSegments < oldSegmentsMax && oldEntries < oldEntriesMax) {
    const found = await inSegment(list, stream, (first - 1) as Sequence, async (segment) => {
      const span = await segment.span(stream)
      return span && { newest: span.newest, before: await segment.before(stream) }
    })
    // Removed by retention while looking.
    if (!found) break
    const isOld = found.newest < admittedFrom
    oldSegments = isOld ? oldSegments + 1 : 0
    oldEntries = isOld ? oldEntries + first - 1 - found.before : 0
    first = found.before + 1
  }
  return Math.max(first, from)
}
