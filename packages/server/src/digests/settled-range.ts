import type { Sequence, StreamId } from '@opentrail/core/event'
import type { ControlStore } from '../control/index.ts'
import { readLedger, type LaneDocument, type LedgerEntry } from '../delivery/index.ts'

export interface SettledRange {
  /** What the digest takes of the ledger. */
  readonly entries: readonly LedgerEntry[]
  /** Every entry of the stream up to here is in a ledger entry up to the last of them, or was not selected. */
  readonly to: Sequence | 0
}

/**
 * How far a manifest can go: up to the lane's cursor, but neither into what is planned and not stored yet, nor into what
 * only a later digest will list. `candidates` are the ledger's next entries, read before the lane's document was; one that
 * lies behind something that is still planned (a range given up before an older one) is left to a later digest.
 * @throws {ControlUnavailableError}
 */
export async function settledRange(
  control: Pick<ControlStore, 'list'>,
  stream: StreamId,
  lane: LaneDocument | undefined,
  { after, candidates }: { readonly after: number; readonly candidates: readonly LedgerEntry[] },
): Promise<SettledRange> {
  // Nothing was ever looked at for the trail here.
  if (!lane) return { entries: [], to: 0 }
  const last = candidates.at(-1)?.ordinal ?? after
  const isNext = ({ ordinal }: LedgerEntry): boolean => ordinal === last + 1
  const [next] = lane.ordinal > last ? await readLedger(control, lane.trailId, stream, last, isNext) : []
  const begun = [...lane.plans, ...(next ? [next] : [])].map(({ from }) => from)
  const to = Math.min(lane.cursor, ...begun) as Sequence | 0
  const beyond = candidates.findIndex(({ from }) => from >= to)
  return { entries: beyond < 0 ? candidates : candidates.slice(0, beyond), to }
}
