import type { Sequence } from '@opentrail/core/event'
import { uuid, type Random } from '../clock/index.ts'
import type { Journal } from '../journal/index.ts'
import type { Mutex } from '../process/index.ts'
import type { Persist } from './background.ts'
import type { BucketCount } from './batch-plan.ts'
import type { HistoryEvents } from './history-events.ts'
import type { HistoryLimits } from './history-limits.ts'
import { readEvent } from './history-tail.ts'
import type { IndexedStream, IndexState } from './index-state.ts'
import { PostingBlock } from './posting-block.ts'
import { PostingsUnavailableError, type PostingsStore } from './postings-store.ts'
import type { ValueHasher } from './value-hasher.ts'

export interface RefillParts {
  readonly journal: Journal
  readonly state: IndexState
  readonly store: PostingsStore
  readonly hasher: ValueHasher
  readonly random: Random
  readonly limits: HistoryLimits
  readonly events: HistoryEvents
  readonly persist: Persist
  readonly lane: Mutex
}

/** A bucket of which the store holds another number of events than were indexed. */
interface Difference {
  readonly bucket: BucketCount
  readonly stored: number
}

/**
 * Compares the store with what was indexed, stream by stream and day by day, and inserts again what it lacks: all of it
 * when somebody deleted the store. Newest days first; lookups go on and find what is there. After a crash the next
 * opening compares again and goes on with what is still missing.
 */
export async function refillHoles(parts: RefillParts): Promise<void> {
  const differences = await compare(parts)
  if (differences.length === 0) return
  const missing = differences.reduce((sum, { bucket, stored }) => sum + Math.max(0, bucket.events - stored), 0)
  let refilled = 0
  parts.events.refill?.({ missing, refilled, done: false })
  for (const { bucket } of differences) {
    for (let from = bucket.first; from <= bucket.last; from = (from + parts.limits.refillStep) as Sequence) {
      const to = Math.min(bucket.last, from + parts.limits.refillStep - 1) as Sequence
      refilled += await refillRange(bucket, from, to, parts)
      parts.events.refill?.({ missing, refilled, done: false })
    }
  }
  await adoptCounts(differences, parts)
  parts.events.refill?.({ missing, refilled, done: true })
}

/** In the lane, and not while a failed insert waits to be repeated: until its completion the two may differ. */
async function compare({ state, store, persist, lane }: RefillParts): Promise<Difference[]> {
  return persist('count postings', () =>
    lane(async () => {
      refuseWhileInserting(state)
      const stored = new Map<string, number>()
      for (const { day, stream, events } of await store.counts()) stored.set(`${day}/${stream}`, events)
      return state
        .buckets()
        .map((bucket) => ({ bucket, stored: stored.get(`${bucket.day}/${bucket.stream}`) ?? 0 }))
        .filter((difference) => difference.bucket.events !== difference.stored)
        .sort((a, b) => b.bucket.day - a.bucket.day)
    }),
  )
}

function refuseWhileInserting(state: IndexState): void {
  if (state.inserting) throw new PostingsUnavailableError('a batch waits to be completed')
}

/** Inserts those entries in [from, to] that are in the journal and not in the store. Resolves to their number. */
async function refillRange(bucket: BucketCount, from: Sequence, to: Sequence, parts: RefillParts): Promise<number> {
  const { state, store, random, persist, lane } = parts
  const stream = state.byNumber(bucket.stream)
  // A new token each time: an old one may be remembered of rows that were lost since. After a failure it is the same
  // one, so that an insert that did take effect is not repeated.
  const token = uuid(random)
  let block: PostingBlock | undefined
  return persist('refill postings', () =>
    lane(async () => {
      // Retention may have forgotten the day meanwhile.
      if (!stream || !state.bucket(bucket.day, bucket.stream)) return 0
      block ??= await missingEntries(stream, from, to, await store.indexed(bucket.stream, from, to), parts)
      if (block.events > 0) await store.insert(block.toBatch(), token)
      return block.events
    }),
  )
}

async function missingEntries(
  stream: IndexedStream,
  from: Sequence,
  to: Sequence,
  indexed: readonly Sequence[],
  { journal, hasher, limits, events }: RefillParts,
): Promise<PostingBlock> {
  const known = new Set(indexed)
  const block = new PostingBlock(hasher)
  await readRange(journal, stream, { after: (from - 1) as Sequence | 0, to }, limits, (entry) => {
    if (!known.has(entry.sequence)) block.add(stream.number, 0, entry, readEvent(entry, events))
  })
  return block
}

type Visit = (entry: Awaited<ReturnType<Journal['read']>>['entries'][number]) => void

/** Visits the entries in (after, to] that the journal still has, in order. */
export async function readRange(
  journal: Journal,
  { stream }: IndexedStream,
  { after, to }: { readonly after: Sequence | 0; readonly to: Sequence },
  limits: HistoryLimits,
  visit: Visit,
): Promise<void> {
  let last: Sequence | 0 = after
  while (last < to) {
    const page = await journal.read(stream, last, Math.min(limits.catchUpPage, to - last))
    if (page.entries.length === 0) return
    for (const entry of page.entries) if (entry.sequence <= to) visit(entry)
    last = page.last
  }
}

/** What still differs cannot be mended (the journal no longer has it, or it is there twice): said once, then taken as it is. */
async function adoptCounts(differences: readonly Difference[], parts: RefillParts): Promise<void> {
  const affected = new Set(differences.map(({ bucket }) => `${bucket.day}/${bucket.stream}`))
  const left = await compare(parts)
  for (const { bucket, stored } of left) {
    if (!affected.has(`${bucket.day}/${bucket.stream}`)) continue
    const stream = parts.state.byNumber(bucket.stream)
    parts.events.countDiffers?.(stream?.stream ?? '', bucket.day, bucket.events, stored)
    await parts.persist('correct count', () =>
      parts.lane(async () => {
        // An unanswered completion may stand already, and its count would be overwritten.
        refuseWhileInserting(parts.state)
        const now = parts.state.bucket(bucket.day, bucket.stream)
        // Relative to what was compared: the writer may have added events since.
        if (now) await parts.state.correct(bucket.day, bucket.stream, now.events - bucket.events + stored)
      }),
    )
  }
}
