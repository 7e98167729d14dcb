import { parseEnvelope, type RoutingFields, type StoredEntry } from '@opentrail/core/event'
import type { HistoryEvents } from './history-events.ts'
import type { HistoryLimits } from './history-limits.ts'
import type { IndexedStream } from './index-state.ts'
import { NewestPostings, type Source } from './newest-postings.ts'
import { PostingBlock } from './posting-block.ts'
import type { TailQuery } from './posting-column.ts'
import type { EventQuery, EventRows } from './postings-store.ts'
import type { ValueHasher } from './value-hasher.ts'

/** The postings that are not in the store yet, in memory and searchable: one open block and those waiting for their insert. */
export interface HistoryTail {
  /**
   * Takes what the stream has not seen yet and moves `seen` on; copies what it keeps. False when it filled up before the
   * end. The caller makes sure that nothing that exists is skipped.
   */
  accept(stream: IndexedStream, entries: readonly StoredEntry[]): boolean
  hasRoom(): boolean
  find(query: TailQuery): Source
  /** Calls `visit` for each event that the query asks for, roughly newest first. */
  forEachMatch(query: EventQuery, visit: (rows: EventRows, row: number) => void): void
  /** The next block to insert; it stays searchable until it is removed. */
  oldestSealed(): PostingBlock | undefined
  /** Closes the open block, if it holds anything. */
  seal(): void
  /** Puts a block of the last process in front. */
  restore(block: PostingBlock): void
  remove(block: PostingBlock): void
}

export interface TailListener {
  /** A block was begun: it wants to be sealed some time later. */
  opened(): void
  sealed(): void
}

export function createHistoryTail(
  hasher: ValueHasher,
  limits: HistoryLimits,
  events: HistoryEvents,
  listener: TailListener,
): HistoryTail {
  const sealed: PostingBlock[] = []
  let open: PostingBlock | undefined
  let eventCount = 0
  let rowCount = 0

  const hasRoom = () => eventCount < limits.tailEventsMax && rowCount < limits.tailRowsMax
  const isFull = ({ events: held, rows, parts }: PostingBlock) =>
    held >= limits.batchEventsMax || rows >= limits.batchRowsMax || parts >= limits.batchPartsMax
  const seal = () => {
    if (!open) return
    sealed.push(open)
    open = undefined
    listener.sealed()
  }
  const begin = () => {
    listener.opened()
    return new PostingBlock(hasher)
  }
  const add = (stream: IndexedStream, entry: StoredEntry) => {
    const block = (open ??= begin())
    const rowsBefore = block.rows
    const eventsBefore = block.events
    block.add(stream.number, stream.seen, entry, readEvent(entry, events))
    stream.seen = entry.sequence
    rowCount += block.rows - rowsBefore
    eventCount += block.events - eventsBefore
    if (isFull(block)) seal()
  }

  return {
    hasRoom,
    seal,
    accept(stream, entries) {
      for (const entry of entries) {
        if (entry.sequence <= stream.seen) continue
        if (!hasRoom()) return false
        add(stream, entry)
      }
      return true
    },
    find(query) {
      const newest = new NewestPostings(query.limit)
      if (open) open.find(query, newest)
      for (let at = sealed.length - 1; at >= 0; at--) sealed[at]!.find(query, newest)
      const postings = newest.list()
      return { postings, full: postings.length === query.limit }
    },
    forEachMatch(query, visit) {
      if (open) open.forEachMatch(query, visit)
      for (let at = sealed.length - 1; at >= 0; at--) sealed[at]!.forEachMatch(query, visit)
    },
    oldestSealed: () => sealed[0],
    restore(block) {
      sealed.unshift(block)
      rowCount += block.rows
      eventCount += block.events
    },
    remove(block) {
      sealed.splice(sealed.indexOf(block), 1)
      rowCount -= block.rows
      eventCount -= block.events
    },
  }
}

const strings = ['eventId', 'eventName', 'eventSource', 'category'] as const

/** The fields that routing needs. An envelope that cannot be read must not stop the index: it is reported and left out. */
export function readEvent(entry: StoredEntry, events: HistoryEvents): RoutingFields | undefined {
  try {
    const { event } = parseEnvelope(entry)
    if (!Array.isArray(event.resources) || strings.some((name) => typeof event[name] !== 'string'))
      throw new TypeError('fields that every event has are missing')
    return event
  } catch (error) {
    events.unreadable?.(entry.stream, entry.sequence, error)
    return undefined
  }
}
