import type { StoredEntry, StreamId } from '@opentrail/core/event'

/** What an entry takes where nothing of its stream was seen yet: an ordinary event with its envelope. */
const usualBytes = 1_500
/** Weight of the latest append: sizes settle within some hundred appends. */
const weight = 0.05

/** About how large the entries of each stream are, from what is appended. */
export function createEntrySizes() {
  const averages = new Map<StreamId, number>()
  return {
    observe(stream: StreamId, entries: readonly StoredEntry[]): void {
      const first = entries[0]
      if (!first) return
      // One of each append is enough: it costs nothing, and appends are many.
      const bytes = first.record.length + first.envelope.length
      const before = averages.get(stream) ?? bytes
      averages.set(stream, before + (bytes - before) * weight)
    },
    entryBytes: (stream: StreamId): number => averages.get(stream) ?? usualBytes,
  }
}
