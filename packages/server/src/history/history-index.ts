import type { Sequence, StoredEntry, StreamId } from '@opentrail/core/event'
import { historyDays } from '@opentrail/core/history'
import { systemTimers, type Random, type Timers } from '../clock/index.ts'
import type { ControlStore } from '../control/index.ts'
import type { Journal } from '../journal/index.ts'
import { createMutex, type Mutex } from '../process/index.ts'
import { createBell, createPersist } from './background.ts'
import type { BatchPlan } from './batch-plan.ts'
import { createBatchWriter } from './batch-writer.ts'
import { catchUp } from './catch-up.ts'
import type { HistoryEvents } from './history-events.ts'
import { defaultHistoryLimits, type HistoryLimits } from './history-limits.ts'
import type { HistoryReader } from './history-reader.ts'
import { createHistoryTail, readEvent, type HistoryTail } from './history-tail.ts'
import type { HistorySearch } from './history-search.ts'
import { createIndexReader } from './index-reader.ts'
import { createIndexSearch } from './index-search.ts'
import { openIndexState, type IndexState } from './index-state.ts'
import { dayMs, PostingBlock } from './posting-block.ts'
import { PostingsUnavailableError, type PostingsStore } from './postings-store.ts'
import { createProgress } from './progress.ts'
import { readRange, refillHoles } from './refill.ts'
import { createValueHasher, type ValueHasher } from './value-hasher.ts'

/** One day more than can be looked up: a walk may take a day from its first page to its last. */
export const keptDays = historyDays + 1

export interface HistoryIndexOptions {
  readonly journal: Journal
  readonly store: PostingsStore
  readonly control: ControlStore
  readonly random: Random
  readonly limits?: Partial<HistoryLimits>
  readonly events?: HistoryEvents
  /** Real time, unless a simulation decides when pauses end. */
  readonly timers?: Timers
}

/**
 * The index of 90 days of events. It follows the journal from its own cursors: durable entries are searchable in memory
 * at once (the tail) and move to the postings store in batches, each exactly once. Everything in it can be made again
 * from the journal; while the store is down it grows to its bound and then waits, and intake never notices.
 */
export interface HistoryIndex {
  readonly reader: HistoryReader
  readonly search: HistorySearch
  /** Resolves once lookups can be answered; rejects when the index is closed before. */
  ready(): Promise<void>
  /** Resolves once the store was compared with what was indexed, and its holes were refilled. */
  refilled(): Promise<void>
  /** How many durable entries of the stream a lookup would not find yet. */
  lag(stream: StreamId): number
  /** Forgets admission days that no lookup at `nowMs` (domain time) can reach. @throws {PostingsUnavailableError} */
  retain(nowMs: number): Promise<void>
  /** Up to where each stream is in the store; the journal must keep what comes after. Empty until `ready`. */
  cursors(): ReadonlyMap<StreamId, Sequence | 0>
  /** Stops; what is in the tail is read from the journal again next time. Closes neither store nor journal. */
  close(): Promise<void>
}

interface Opened {
  readonly state: IndexState
  readonly reader: HistoryReader
  readonly search: HistorySearch
}

export function createHistoryIndex(options: HistoryIndexOptions): HistoryIndex {
  const { journal, store, timers = systemTimers } = options
  const limits = { ...defaultHistoryLimits, ...options.limits }
  const closing = new AbortController()
  const lane = createMutex()
  const refilling = Promise.withResolvers<void>()
  let opened: Opened | undefined
  let stop: (() => Promise<unknown>) | undefined

  const opening = open(options, limits, closing.signal, lane).then(({ start, ...parts }) => {
    opened = parts
    stop = start(refilling)
  })
  for (const promise of [opening, refilling.promise]) promise.catch(() => undefined)

  const ready = async (): Promise<Opened> => {
    if (!opened) await openedWithin(opening, limits.lookupWaitMs, timers)
    return opened!
  }
  return {
    reader: { page: async (request) => (await ready()).reader.page(request) },
    search: {
      page: async (request) => (await ready()).search.page(request),
      counts: async (request) => (await ready()).search.counts(request),
      values: async (request) => (await ready()).search.values(request),
      known: async (stream, eventIds) => (await ready()).search.known(stream, eventIds),
    },
    ready: () => opening,
    refilled: () => refilling.promise,
    lag: (stream) => Math.max(0, journal.durable(stream) - (opened?.state.streams.get(stream)?.seen ?? 0)),
    async retain(nowMs) {
      await opening
      const day = Math.floor(nowMs / dayMs) - keptDays
      await lane(async () => {
        await store.dropBefore(day)
        await opened!.state.forgetBefore(day)
      })
    },
    cursors: () => new Map(Array.from(opened?.state.streams ?? [], ([stream, { inserted }]) => [stream, inserted])),
    async close() {
      closing.abort(new Error('the history index has been closed'))
      await opening.catch(() => undefined)
      await stop?.()
      refilling.reject(closing.signal.reason)
    },
  }
}

async function openedWithin(opening: Promise<void>, timeoutMs: number, timers: Timers): Promise<void> {
  const late = Promise.withResolvers<never>()
  const cancel = timers.after(timeoutMs, () => late.reject(new PostingsUnavailableError('the history is being opened')))
  try {
    await Promise.race([opening, late.promise])
  } finally {
    cancel()
  }
}

/** Reads the state and puts the batch that the last process left unfinished back into the tail. */
async function open(options: HistoryIndexOptions, limits: HistoryLimits, signal: AbortSignal, lane: Mutex) {
  const { journal, store, control, random, events = {}, timers = systemTimers } = options
  const persist = createPersist(signal, limits, events, timers)
  const sealed = createBell()
  const behind = createBell()
  const state = await persist('open history', () => openIndexState(control, random))
  const hasher = createValueHasher(state.hashKey)
  let cancelFlush: (() => void) | undefined
  const tail = createHistoryTail(hasher, limits, events, {
    opened() {
      cancelFlush?.()
      cancelFlush = timers.after(limits.flushIntervalMs, () => tail.seal())
    },
    sealed: () => sealed.ring(),
  })
  const unfinished = state.unfinished
  const restored =
    unfinished &&
    (await persist('restore batch', () => restoreBlock(unfinished, { state, journal, tail, hasher, limits, events })))
  const progress = createProgress((stream) => state.streams.get(stream)?.seen ?? 0, timers)
  const parts = { journal, state, store, tail, hasher, random, limits, events, persist, lane, progress, signal }

  const start = (refilling: PromiseWithResolvers<void>) => {
    const writer = createBatchWriter({ ...parts, sealed, removed: () => behind.ring() })
    const unsubscribe = journal.subscribe((stream, entries) => {
      try {
        if (!follow(state, tail, stream, entries)) behind.ring()
        progress.advanced(stream)
      } catch (error) {
        // The journal must not suffer from its readers; what was not taken is read from it.
        events.failed?.('follow journal', error, 1)
        behind.ring()
      }
    })
    const writing = async () => {
      if (restored) await writer.write(restored, unfinished)
      // Only now do store and recorded counts have to agree.
      const refill = refillHoles(parts).then(refilling.resolve, refilling.reject)
      await Promise.allSettled([writer.run(), refill])
    }
    // They end by being closed only: whatever fails inside is repeated there.
    const ended = Promise.allSettled([
      writing(),
      catchUp({ ...parts, behind, advanced: (stream) => progress.advanced(stream) }),
    ])
    return async () => {
      unsubscribe()
      cancelFlush?.()
      for (const bell of [sealed, behind]) bell.ring()
      await ended
    }
  }
  return { state, reader: createIndexReader(parts), search: createIndexSearch(parts), start }
}

/** Takes entries as they become durable. False when they must be read from the journal instead. */
function follow(state: IndexState, tail: HistoryTail, stream: StreamId, entries: readonly StoredEntry[]): boolean {
  const known = state.streams.get(stream)
  const first = entries[0]
  if (!first) return true
  if (!known || first.sequence > known.seen + 1) return false
  return tail.accept(known, entries)
}

interface RestoreParts {
  readonly state: IndexState
  readonly journal: Journal
  readonly tail: HistoryTail
  readonly hasher: ValueHasher
  readonly limits: HistoryLimits
  readonly events: HistoryEvents
}

/** Builds a recorded batch again: the same entries, and so the same rows. */
async function restoreBlock(plan: BatchPlan, parts: RestoreParts): Promise<PostingBlock> {
  const { state, journal, tail, hasher, limits, events } = parts
  const block = new PostingBlock(hasher)
  for (const range of plan.ranges) {
    const stream = state.byNumber(range.stream)!
    await readRange(journal, stream, range, limits, (entry) =>
      block.add(stream.number, range.after, entry, readEvent(entry, events)),
    )
  }
  for (const { stream, to } of plan.ranges) state.byNumber(stream)!.seen = to
  tail.restore(block)
  return block
}
