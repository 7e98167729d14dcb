import type { Sequence, StreamId } from '@opentrail/core/event'
import type { Job } from './clock/index.ts'
import type { Delivery } from './delivery/index.ts'
import { manifestsHeldMsMax, type Digests } from './digests/index.ts'
import type { HistoryIndex } from './history/index.ts'
import type { Journal } from './journal/index.ts'
import type { StreamTrees } from './stream-trees/index.ts'

export interface RetentionParts {
  readonly journal: Journal
  readonly history: HistoryIndex
  readonly trees: StreamTrees
  readonly delivery: Delivery
  readonly digests: Digests
  readonly retentionDays: number
  readonly freed: (bytes: number) => void
}

const dayMs = 86_400_000
const hourMs = 3_600_000

/** What forgets events once they are old enough, and nobody needs them any more. */
export const retentionJobs = (parts: RetentionParts): readonly Job[] => [
  historyRetention(parts),
  journalRetention(parts),
]

function historyRetention({ history }: RetentionParts): Job {
  let historyDay = 0
  return {
    name: 'history retention',
    everyMs: hourMs,
    async run(now) {
      // History forgets whole days: asking the engine once a day is enough, and keeps a test's leap over months quick.
      const day = Math.floor(now / dayMs)
      if (day !== historyDay) await history.retain(now)
      historyDay = day
    },
  }
}

/** A job of its own: an engine that is down keeps no segment on the disk. */
const journalRetention = ({
  journal,
  history,
  trees,
  delivery,
  digests,
  retentionDays,
  freed,
}: RetentionParts): Job => ({
  name: 'journal retention',
  everyMs: hourMs,
  async run(now) {
    // What the trees have followed is not to hold the entries back.
    await trees.store()
    const before = now - retentionDays * dayMs
    const indexed = [history.cursors(), trees.cursors()]
    const delivered = slowestCursors(journal, indexed, [delivery.cursors()])
    const proven = slowestCursors(journal, indexed, [delivery.cursors(), digests.cursors()])
    const bytesFreed =
      (await journal.retain(before - manifestsHeldMsMax, delivered)) + (await journal.retain(before, proven))
    if (bytesFreed > 0) freed(bytesFreed)
  },
})

type Cursors = ReadonlyMap<StreamId, Sequence | 0>

/** Where the slowest consumer of each stream is; one that an `all` has not seen yet is kept whole, the others wait for `some`. */
function slowestCursors(
  journal: Journal,
  all: readonly Cursors[],
  some: readonly Cursors[],
): Map<StreamId, Sequence | 0> {
  const slowest = (stream: StreamId) =>
    Math.min(
      ...all.map((cursors) => cursors.get(stream) ?? 0),
      ...some.map((cursors) => cursors.get(stream) ?? Infinity),
    )
  return new Map(journal.streams().map(({ stream }) => [stream, slowest(stream) as Sequence | 0]))
}
