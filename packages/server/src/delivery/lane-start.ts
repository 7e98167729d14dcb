import { parseEnvelope, type Sequence, type StreamId } from '@opentrail/core/event'
import type { Journal } from '../journal/index.ts'

/**
 * Where a new lane begins: behind the last entry that is older than configuration version `since`. Found by halving,
 * because versions never fall within a stream; what retention has removed counts as older.
 * @throws {JournalUnavailableError} the journal cannot be read.
 */
export async function laneStart(
  journal: Pick<Journal, 'durable' | 'get' | 'streams'>,
  stream: StreamId,
  since: number,
): Promise<Sequence | 0> {
  const first = journal.streams().find((state) => state.stream === stream)?.first ?? 1
  // Everything up to `low` is older than the version; everything from `high` on is not.
  let low: number = first - 1
  let high: number = journal.durable(stream) + 1
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2) as Sequence
    const [entry] = await journal.get(stream, [middle])
    if (!entry || parseEnvelope(entry).configVersion < since) low = middle
    else high = middle
  }
  return low as Sequence | 0
}
