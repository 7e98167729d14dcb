import type { NewEntry, Sequence, StoredEntry, StreamId } from '@opentrail/core/event'
import { emptyFrontier, type MerkleFrontier } from '@opentrail/core/merkle'
import { growTree } from './grow-tree.ts'
import { JournalFullError, JournalUnavailableError, type DurableListener, type Journal } from './journal.ts'

interface MemoryStream {
  first: number
  entries: StoredEntry[]
  frontier: MerkleFrontier
}

/** A journal that lasts as long as the process, for tests of what stands on it. `bytesMax`: records and envelopes kept. */
export function createMemoryJournal({ bytesMax = Infinity, reserveBytes = 0 } = {}): Journal {
  const streams = new Map<StreamId, MemoryStream>()
  const listeners = new Set<DurableListener>()
  let bytes = 0
  let closed = false
  const lastOf = ({ first, entries }: MemoryStream): Sequence => (first + entries.length - 1) as Sequence

  return {
    async append(stream, entries, { reserve = false } = {}) {
      if (closed) throw new JournalUnavailableError('the journal is closed')
      const kept: MemoryStream = streams.get(stream) ?? { first: 1, entries: [], frontier: emptyFrontier }
      if (entries.length === 0) return lastOf(kept)
      const size = entries.reduce((sum, entry) => sum + sizeOf(entry), 0)
      if (bytes + size > (reserve ? bytesMax : bytesMax - reserveBytes))
        throw new JournalFullError(`the journal holds ${bytes} of ${bytesMax} bytes`)
      const before = lastOf(kept)
      const stored = entries.map((entry, index) => copyOf(entry, stream, (before + 1 + index) as Sequence))
      streams.set(stream, kept)
      kept.entries.push(...stored)
      const growth = growTree(kept.frontier, stored)
      kept.frontier = growth.frontier
      bytes += size
      for (const listener of listeners) listener(stream, stored, growth)
      return lastOf(kept)
    },
    async read(stream, after, limit) {
      const kept = streams.get(stream)
      const from = Math.max(0, after + 1 - (kept?.first ?? 1))
      const entries = kept?.entries.slice(from, from + Math.max(1, limit)) ?? []
      return { entries, last: entries.at(-1)?.sequence ?? (after as Sequence) }
    },
    async get(stream, sequences) {
      const kept = streams.get(stream)
      return sequences.map((sequence) => kept?.entries[sequence - kept.first])
    },
    async *recentIds(stream, after) {
      const kept = streams.get(stream)
      const wanted = kept?.entries.slice(Math.max(0, after + 1 - kept.first)) ?? []
      if (wanted.length === 0) return
      yield {
        first: wanted[0]!.sequence,
        idKeys: Buffer.concat(wanted.map(({ idKey }) => idKey)),
        admittedAt: Float64Array.from(wanted, ({ admittedAt }) => Math.ceil(admittedAt)),
      }
    },
    streams: () =>
      [...streams].map(([stream, kept]) => ({
        stream,
        first: kept.first as Sequence,
        last: lastOf(kept),
        frontier: kept.frontier,
      })),
    durable(stream) {
      const kept = streams.get(stream)
      return kept ? lastOf(kept) : 0
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async retain(admittedBefore, cursors) {
      let freed = 0
      for (const [stream, kept] of streams) {
        const cursor = cursors.get(stream) ?? Infinity
        const stays = kept.entries.findIndex((entry) => entry.admittedAt >= admittedBefore || entry.sequence > cursor)
        const gone = kept.entries.splice(0, stays < 0 ? kept.entries.length : stays)
        kept.first += gone.length
        for (const entry of gone) freed += sizeOf(entry)
      }
      bytes -= freed
      return freed
    },
    stats: () => ({ bytes, bytesMax, segments: streams.size, unsealedSegments: 0 }),
    async close() {
      closed = true
    },
  }
}

const sizeOf = ({ envelope, record }: NewEntry): number => envelope.length + record.length

/** Callers may use their memory again once an append is answered. */
const copyOf = (entry: NewEntry, stream: StreamId, sequence: Sequence): StoredEntry => ({
  stream,
  sequence,
  admittedAt: entry.admittedAt,
  idKey: Buffer.from(entry.idKey),
  recordHash: Buffer.from(entry.recordHash),
  envelope: Buffer.from(entry.envelope),
  record: Buffer.from(entry.record),
})
