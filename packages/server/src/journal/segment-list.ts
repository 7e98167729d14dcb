import type { Sequence, StoredEntry, StreamId } from '@opentrail/core/event'
import { DiskNotFoundError } from '../disk/index.ts'
import type { EntryRun } from './entry-run.ts'
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
export async function findRun(list: SegmentList, stream: StreamId, sequence: Sequence): Promise<EntryRun | undefined> {
  for (let attempt = 1; ; attempt++) {
    const { segments } = list
    try {
      const segment = await segmentOf(segments, stream, sequence)
      return await segment?.run(stream, sequence)
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
