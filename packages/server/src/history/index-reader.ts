import { parseEnvelope, type Sequence, type StoredEntry } from '@opentrail/core/event'
import type { Journal } from '../journal/index.ts'
import { matches, requestedAttribute, type AttributeHash } from './attributes.ts'
import type { HistoryLimits } from './history-limits.ts'
import type { HistoryPage, HistoryReader, HistoryRequest } from './history-reader.ts'
import type { HistoryTail } from './history-tail.ts'
import type { IndexedStream, IndexState } from './index-state.ts'
import { mergeNewest, type Source } from './newest-postings.ts'
import { indexedSeconds } from './posting-block.ts'
import { PostingsUnavailableError, type Posting, type PostingsStore } from './postings-store.ts'
import type { Progress } from './progress.ts'
import type { ValueHasher } from './value-hasher.ts'

/**
 * Rounds of one page: only entries that retention has removed and colliding hashes need more than one. After the last
 * the page is answered short, with a cursor to go on.
 */
const roundsMax = 4
/** Postings of one round at most; the first asks for one page and one more. */
const postingsMax = 500

export interface IndexReaderParts {
  readonly journal: Journal
  readonly state: IndexState
  readonly store: PostingsStore
  readonly tail: HistoryTail
  readonly hasher: ValueHasher
  readonly progress: Progress
  readonly limits: HistoryLimits
}

export function createIndexReader(parts: IndexReaderParts): HistoryReader {
  const { journal, state, progress, limits } = parts
  return {
    async page(request) {
      const target = request.snapshot ?? journal.durable(request.stream)
      await progress.reach(request.stream, target, limits.lookupWaitMs)
      const stream = state.streams.get(request.stream)
      if (!stream) return { entries: [], snapshot: 0 }
      // A walk that went on behind its own snapshot would leave events out and never come back to them.
      if (request.snapshot !== undefined && stream.seen < request.snapshot)
        throw new PostingsUnavailableError(`the index of ${request.stream} has not reached the walk's snapshot again`)
      // Where the index is late the walk ends where the index ends: it may miss the newest, but shows the rest once.
      const snapshot = request.snapshot ?? (Math.min(target, stream.seen) as Sequence | 0)
      return fillPage(stream, request, snapshot, parts)
    },
  }
}

async function fillPage(
  stream: IndexedStream,
  request: HistoryRequest,
  snapshot: Sequence | 0,
  parts: IndexReaderParts,
): Promise<HistoryPage> {
  const wanted = requestedAttribute(request, parts.hasher)
  const entries: StoredEntry[] = []
  let after = request.after
  if (snapshot === 0 || request.timeMin > request.timeMax) return { entries, snapshot }
  for (let round = 0; round < roundsMax; round++) {
    const limit = Math.min(postingsMax, (request.limit + 1) * 2 ** round)
    const found = await find(stream, request, wanted, { snapshot, after, limit }, parts)
    // Usually one call that fills the page.
    for (let at = 0; at < found.postings.length; at += request.limit) {
      const postings = found.postings.slice(at, at + request.limit)
      const records = await parts.journal.get(
        stream.stream,
        postings.map(({ sequence }) => sequence),
      )
      for (const [index, posting] of postings.entries()) {
        after = posting
        const record = records[index]
        if (record && isWanted(record, posting, request)) entries.push(record)
        const more = found.full || at + index + 1 < found.postings.length
        if (entries.length === request.limit) return { entries, snapshot, ...(more && { next: posting }) }
      }
    }
    if (!found.full) return { entries, snapshot }
  }
  return { entries, snapshot, ...(after && { next: after }) }
}

/** A posting says where to look. What counts is the record: hashes may collide. */
function isWanted(record: StoredEntry, posting: Posting, request: HistoryRequest): boolean {
  const { event } = parseEnvelope(record)
  return indexedSeconds(event.eventTime) === posting.time && matches(event, request)
}

interface Place {
  readonly snapshot: Sequence | 0
  readonly after: Posting | undefined
  readonly limit: number
}

/**
 * The newest postings after `after`: the store's up to the inserted mark and the tail's above it. The tail is read in
 * the same tick as the mark, so it does not matter what is inserted while the store answers.
 */
async function find(
  stream: IndexedStream,
  { timeMin, timeMax }: HistoryRequest,
  { attribute, value }: AttributeHash,
  { snapshot, after, limit }: Place,
  { store, tail }: IndexReaderParts,
): Promise<Source> {
  const { inserted } = stream
  const query = { stream: stream.number, attribute, timeMin, timeMax, limit, ...(after && { after }) }
  const recent = tail.find({ ...query, value, sequenceAfter: inserted, sequenceMax: snapshot })
  const sequenceMax = Math.min(inserted, snapshot) as Sequence | 0
  if (sequenceMax === 0) return recent
  const hash = (BigInt(value.high) << 32n) | BigInt(value.low)
  const postings = await store.find({ ...query, value: hash, sequenceMax })
  return mergeNewest([recent, { postings, full: postings.length >= limit }])
}
