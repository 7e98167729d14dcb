import type { StreamId } from '@opentrail/core/event'
import type { ControlStore } from '../control/index.ts'
import { ledgerKey, ledgerOf, type LedgerEntry } from './lane-document.ts'

const page = 1_000

/**
 * A lane's ledger behind the entry numbered `after`, in order, as long as `belongs` says so; the first entry that does not
 * belong ends it. @throws {ControlUnavailableError}
 */
export async function readLedger(
  control: Pick<ControlStore, 'list'>,
  trailId: string,
  stream: StreamId,
  after: number,
  belongs: (entry: LedgerEntry) => boolean,
): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = []
  let position = ledgerKey(trailId, stream, after)
  for (;;) {
    const found = await control.list<LedgerEntry>(ledgerOf(trailId, stream), { after: position, limit: page })
    for (const { key, value } of found) {
      if (!belongs(value)) return entries
      entries.push(value)
      position = key
    }
    if (found.length < page) return entries
  }
}

/** At most a page (1,000, or `limit`) of a lane's ledger behind the entry numbered `after`, in order. @throws {ControlUnavailableError} */
export async function readLedgerPage(
  control: Pick<ControlStore, 'list'>,
  trailId: string,
  stream: StreamId,
  after: number,
  limit: number = page,
): Promise<readonly LedgerEntry[]> {
  const position = ledgerKey(trailId, stream, after)
  const found = await control.list<LedgerEntry>(ledgerOf(trailId, stream), { after: position, limit })
  return found.map(({ value }) => value)
}
