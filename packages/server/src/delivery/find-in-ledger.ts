import type { Sequence } from '@opentrail/core/event'
import type { ControlStore } from '../control/index.ts'
import type { LaneDocument, LedgerEntry } from './lane-document.ts'
import { readLedgerPage } from './read-ledger.ts'

/**
 * How far a range may stand from where its sequence would be: what was given up because of a backlog is written down before what is older and
 * still waits in the spool.
 */
const strayEntriesMax = 500

/**
 * The ledger's entries whose range has this sequence: one for each file that was made of it, or one that says that it was given up; none
 * where nothing of the range was selected, or where the entries are no longer kept. Reads some twenty entries and a page, however long the ledger.
 * @throws {ControlUnavailableError}
 */
export async function findInLedger(
  control: Pick<ControlStore, 'list'>,
  { trailId, stream, ordinal: newest }: Pick<LaneDocument, 'trailId' | 'stream' | 'ordinal'>,
  sequence: Sequence,
): Promise<readonly LedgerEntry[]> {
  const entryFrom = async (ordinal: number): Promise<LedgerEntry | undefined> =>
    (await readLedgerPage(control, trailId, stream, ordinal - 1, 1))[0]
  let low = 1
  let high = newest
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const entry = await entryFrom(middle)
    // Old entries are removed from the front: then the first that there is stands in for the middle.
    if (entry && entry.to < sequence) low = Math.max(middle, entry.ordinal) + 1
    else high = middle
  }
  const around = await readLedgerPage(control, trailId, stream, Math.max(0, low - strayEntriesMax), 2 * strayEntriesMax)
  return around.filter(({ from, to }) => from < sequence && sequence <= to)
}
